import { dataPoolNameOf, poolNameOf, type RbdPool } from '../api/rbd-pool.ts';
import type { Owner } from '../ceph/marks.ts';

/** The pools in Ceph that an RbdPool stands for, each as an RbdPool of its own, with the fields that concern it alone. */
export interface PoolParts {
  /** Where images are, and their data too where there is no other. */
  readonly pool: RbdPool;
  /** The erasure-coded one: the only one that says `erasureCoded`. */
  readonly data?: RbdPool;
}

/** What bears on space and speed concerns the pool that the data are in. */
export function partsOf(resource: RbdPool): PoolParts {
  const dataPoolName = dataPoolNameOf(resource);
  if (dataPoolName === undefined) return { pool: resource };
  const {
    erasureCoded: _,
    placementGroups: _groups,
    quota: _quota,
    compression: _compression,
    ...ofPool
  } = resource.spec;
  const { replicated: _replicated, namespaces: _namespaces, ...ofData } = resource.spec;
  return {
    pool: { ...resource, spec: ofPool },
    data: { ...resource, spec: { ...ofData, poolName: dataPoolName } },
  };
}

/** Whose the pools of an RbdPool are, by their names in Ceph. */
export function ownersOf(resource: RbdPool, installation: string): ReadonlyMap<string, Owner> {
  const { namespace, name } = resource.metadata;
  const owner: Owner = { installation, namespace, name };
  const { pool, data } = partsOf(resource);
  return new Map<string, Owner>([
    [poolNameOf(pool), owner],
    ...(data === undefined ? [] : [[poolNameOf(data), { ...owner, part: 'data' }] as const]),
  ]);
}
