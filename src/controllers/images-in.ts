import { poolNameOf, type RbdPool } from '../api/rbd-pool.ts';

/** How many RBD images there are, as far as it is known. */
export interface ImageCount {
  readonly images: number;
  /** RbdPools whose images nobody knows, as none were told yet or the OSDs are silent; sorted. */
  readonly uncounted: readonly string[];
}

/** What pools of that name in Ceph hold, as the RbdPools that declare them last told: of each cluster the most. */
export function imagesIn(pools: Iterable<RbdPool>, poolName: string): ImageCount {
  const declared = [...pools].filter((candidate) => poolNameOf(candidate) === poolName);
  const counts = [...Map.groupBy(declared, ({ spec }) => spec.cluster.secretName).values()].map((rivals) => {
    const told = rivals.flatMap(({ status }) => status?.usage?.images ?? []);
    return told.length > 0
      ? { images: Math.max(...told), uncounted: [] }
      : { images: 0, uncounted: rivals.map(({ metadata }) => metadata.name) };
  });
  return {
    images: Math.max(0, ...counts.map(({ images }) => images)),
    uncounted: counts.flatMap(({ uncounted }) => uncounted).sort(),
  };
}

export function sumOf(counts: readonly ImageCount[]): ImageCount {
  return {
    images: counts.reduce((sum, { images }) => sum + images, 0),
    uncounted: [...new Set(counts.flatMap(({ uncounted }) => uncounted))].sort(),
  };
}
