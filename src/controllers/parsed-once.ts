/**
 * Parses each object once: the cache gives the same one until it changes, and at rest parsing costs more than all
 * else that a look does. What cannot be parsed is tried again, and refused again.
 */
export function parsedOnce<R>(parse: (raw: unknown) => R): (raw: unknown) => R {
  const parsed = new WeakMap<object, { readonly resource: R }>();
  return (raw) => {
    if (typeof raw !== 'object' || raw === null) return parse(raw);
    const known = parsed.get(raw) ?? { resource: parse(raw) };
    parsed.set(raw, known);
    return known.resource;
  };
}
