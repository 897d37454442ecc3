import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The JSON merge patch that makes `found` into `wanted`; undefined where it is. Server-side apply takes away only what is
 * owned by who applies: a field that somebody else added to an object stays, and so does their item in a list of type set.
 */
export function patchTo(wanted: object, found: object): Fields | undefined {
  const patch: Record<string, unknown> = {};
  const [wants, finds] = [new Map(Object.entries(wanted)), new Map(Object.entries(found))];
  for (const key of new Set([...wants.keys(), ...finds.keys()])) {
    const [want, has] = [wants.get(key), finds.get(key)];
    if (isFields(want) && isFields(has)) {
      const inner = patchTo(want, has);
      if (inner !== undefined) patch[key] = inner;
    } else if (!isDeepStrictEqual(want, has)) {
      patch[key] = want ?? null;
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
