import type { ObjectMeta } from '../api/resource.ts';

interface Declared {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly cluster: { readonly secretName: string } };
}

/**
 * The resource that declared the same thing first, by creation time and then by name; undefined if that is this one.
 * Those of other namespaces and connections cannot be told from here: the mark in Ceph decides between them.
 */
export function olderRival<R extends Declared>(
  resource: R,
  all: readonly R[],
  thingOf: (resource: R) => string,
): R | undefined {
  return all
    .filter(
      (other) =>
        other.metadata.uid !== resource.metadata.uid &&
        other.metadata.namespace === resource.metadata.namespace &&
        other.metadata.deletionTimestamp === undefined &&
        other.spec.cluster.secretName === resource.spec.cluster.secretName &&
        thingOf(other) === thingOf(resource) &&
        byAge(other, resource) < 0,
    )
    .sort(byAge)[0];
}

function byAge(a: Declared, b: Declared): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}
