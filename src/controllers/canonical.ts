import { createHash } from 'node:crypto';

/** JSON with sorted keys and without what is undefined: equal values are equal text, whoever built them. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The first hex digits of a value's SHA-256. */
export function digest(value: unknown, digits = 10): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, digits);
}

/** Whether all of `wanted` stands in `found`; lists must be equal in length. What others added beside it does not count. */
export function holdsAll(wanted: unknown, found: unknown): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      wanted.length === found.length &&
      wanted.every((item, index) => holdsAll(item, found[index]))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === found;
  if (typeof found !== 'object' || found === null) return false;
  const fields = new Map(Object.entries(found));
  return Object.entries(wanted).every(([key, value]) => holdsAll(value, fields.get(key)));
}
