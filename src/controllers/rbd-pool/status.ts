import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Condition } from '../../api/resource.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Observed, ObservedPool } from './observed.ts';

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
        ...(images === undefined ? {} : { images: coarseCount(images) }),
      },
    },
    conditions: autoscalerCondition(observed, pool),
  };
}

/** A pool may stay at one placement group for ever, and be slow, while all that was asked for is as it should be. */
function autoscalerCondition({ autoscaler }: ObservedPool, pool: Pool): readonly Condition[] {
  if (pool.autoscale !== 'on') return [];
  const type = 'AutoscalerRunning';
  if (autoscaler.runs) {
    return [{ type, status: 'True', reason: 'Converged', message: 'Ceph chooses the number of placement groups.' }];
  }
  const message = `Nobody chooses the number of placement groups of the pool "${pool.name}", which has ${pool.pgNum}: ${autoscaler.why}; mend that, or set placementGroups.autoscale: Disabled and a count.`;
  return [{ type, status: 'False', reason: 'AutoscalerAbsent', message }];
}

const mebibyte = 2 ** 20;

/** The greatest of 0, 1, 2, 5, 10, 20 … that is not above it: volumes come and go all day. */
export function coarseCount(count: number): number {
  if (count < 1) return 0;
  const decade = 10 ** (String(Math.floor(count)).length - 1);
  return [5, 2, 1].map((step) => step * decade).find((step) => step <= count) ?? decade;
}

/** Two significant digits of mebibytes: a status that moved with every byte would be written at every look. */
export function coarse(bytes: number): number {
  const mebibytes = bytes / mebibyte;
  return mebibytes < 1 ? 0 : Number(mebibytes.toPrecision(2)) * mebibyte;
}
