import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Condition } from '../../api/resource.ts';
import type { Observed } from './observed.ts';

/** The status fields of a pool. A pool that is not ours shows none: it is not ours to speak of. */
export function poolStatus(
  _resource: RbdPool,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (observed.kind === 'let-go' || observed.pool === undefined || observed.ownership.kind !== 'ours') {
    return { fields: {}, conditions: [] };
  }
  const { pool, usage, look } = observed;
  const images = look === undefined ? undefined : Object.values(look.images).reduce((sum, count) => sum + count, 0);
  return {
    fields: {
      poolID: pool.id,
      placementGroups: { wanted: pool.pgNumTarget, now: pool.pgNum },
      usage: {
        ...(usage === undefined ? {} : { stored: coarse(usage.stored), available: coarse(usage.available) }),
        ...(images === undefined ? {} : { images }),
      },
    },
    conditions: [],
  };
}

const mebibyte = 2 ** 20;

/** Two significant digits of mebibytes: a status that moved with every byte would be written at every look. */
export function coarse(bytes: number): number {
  const mebibytes = bytes / mebibyte;
  return mebibytes < 1 ? 0 : Number(mebibytes.toPrecision(2)) * mebibyte;
}
