import { poolNameOf, type RbdPool } from '../api/rbd-pool.ts';

/** How many RBD images a pool of that name in Ceph holds, as the RbdPools that declare it last told. */
export function imagesIn(pools: Iterable<RbdPool>, poolName: string): number {
  return [...pools]
    .filter((candidate) => poolNameOf(candidate) === poolName)
    .reduce((most, candidate) => Math.max(most, candidate.status?.usage?.images ?? 0), 0);
}
