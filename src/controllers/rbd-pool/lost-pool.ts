import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import { sameOwner } from '../../ceph/marks.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';

/** An empty pool in the place of one that had images would hide that they are gone. */
export function refuseLost(resource: RbdPool, observed: ObservedPool): Hold | undefined {
  if (!isLost(resource, observed)) return undefined;
  const name = poolNameOf(resource);
  const { images } = resource.status?.usage ?? {};
  const had = images === undefined || images === 0 ? 'something in it' : `${images} images or more in it`;
  const message = `The pool "${name}" is gone from Ceph, and had ${had} when it was last seen: bring it back; or, if that may be lost, delete this RbdPool and declare it anew, which makes an empty one.`;
  return stalled('PoolLost', message);
}

/**
 * Whether a pool of this cluster was ours and held something when its RbdPool last told, and is gone; another may have its
 * name by now. An RbdPool that never saw its pool knows nothing of what was in it.
 */
export function isLost({ spec, status }: RbdPool, { pool, record, owner, ownership }: ObservedPool): boolean {
  // What an erasure-coded pool held is told by the one beside it.
  if (ownership.kind === 'ours' || spec.erasureCoded !== undefined) return false;
  const wasOurs = record !== undefined && 'poolID' in record && sameOwner(record, owner) && record.poolID !== pool?.id;
  const { images = 0, stored = 0 } = status?.usage ?? {};
  return wasOurs && images + stored > 0;
}
