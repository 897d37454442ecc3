import { type Owner, type PoolRecord, poolMark, poolMarkKey, sameOwner } from '../ceph/marks.ts';
import type { Pool } from '../ceph/osd-map.ts';
import { type AnotherOwner, anotherOwner } from './another-owner.ts';

/** Whose a pool is. */
export type Ownership =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours' }
  /** Nobody's, or marked by a resource of this installation that is no more. */
  | { readonly kind: 'unowned' }
  | AnotherOwner;

/**
 * Told by the mark in the pool's metadata, and by the record in the monitors' store where there is no mark: a pass
 * that died between making a pool and marking it, or a mark that was taken off by hand.
 * `living` are the owners of all RbdPools of this installation.
 */
export function poolOwnership(
  own: Owner,
  pool: Pool | undefined,
  record: PoolRecord | undefined,
  living: readonly Owner[],
): Ownership {
  const mark = pool?.applications.rbd?.[poolMarkKey];
  if (mark !== undefined) return ownershipByMark(mark, own, record, living);
  if (record === undefined || !concerns(record, pool)) return { kind: pool === undefined ? 'absent' : 'unowned' };
  if (sameOwner(record, own)) return { kind: pool === undefined ? 'absent' : 'ours' };
  const alive = living.some((other) => sameOwner(other, record));
  if (record.installation === own.installation && !alive) return { kind: pool === undefined ? 'absent' : 'unowned' };
  return anotherOwner(record, own, alive);
}

function ownershipByMark(
  mark: string,
  own: Owner,
  record: PoolRecord | undefined,
  living: readonly Owner[],
): Ownership {
  if (mark === poolMark(own)) return { kind: 'ours' };
  const owner = living.find((other) => poolMark(other) === mark);
  if (owner !== undefined) return anotherOwner(owner, own, true);
  if (mark.startsWith(`${own.installation}.`)) return { kind: 'unowned' };
  if (record !== undefined && poolMark(record) === mark) return anotherOwner(record, own, false);
  const installation = mark.slice(0, mark.lastIndexOf('.'));
  const namesake = { ...own, installation };
  if (poolMark(namesake) === mark) return anotherOwner(namesake, own, false);
  return { kind: 'anothers', name: `a resource of installation "${installation}"`, alive: false };
}

/** Whether a record speaks of this very pool, or of one that is about to be made, and not of one that is gone. */
function concerns(record: PoolRecord, pool: Pool | undefined): boolean {
  if ('poolID' in record) return record.poolID === pool?.id;
  return pool === undefined || pool.id > record.creatingAfter;
}
