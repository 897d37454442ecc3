import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Condition } from '../../api/resource.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { partsOf } from '../pool-parts.ts';
import { isLost } from './lost-pool.ts';
import type { Observed, ObservedPool } from './observed.ts';

/** The status fields of a pool. A pool that is not ours shows none: it is not ours to speak of. A lost one shows its last. */
export function poolStatus(
  resource: RbdPool,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (observed.kind === 'seen' && isLost(partsOf(resource).pool, observed)) {
    const { poolID, placementGroups, usage, dataPool } = resource.status ?? {};
    return { fields: { poolID, placementGroups, usage, dataPool }, conditions: [] };
  }
  if (observed.kind === 'let-go' || observed.pool === undefined || observed.ownership.kind !== 'ours') {
    return { fields: {}, conditions: [] };
  }
  const { pool, data } = observed;
  const images = shownImages(observed);
  const ofData = data?.ownership.kind === 'ours' ? data.pool : undefined;
  return {
    fields: {
      ...poolFields(pool),
      usage: { ...usageFields(observed), ...(images === undefined ? {} : { images }) },
      ...(data === undefined || ofData === undefined
        ? {}
        : { dataPool: { ...poolFields(ofData), usage: usageFields(data) } }),
    },
    conditions: autoscalerCondition(observed, [pool, ...(ofData === undefined ? [] : [ofData])]),
  };
}

/** How many images are told of a pool, those of all its RBD namespaces: 0 only if there is none. */
export function shownImages({ look, contents }: Pick<ObservedPool, 'look' | 'contents'>): number | undefined {
  // One that is being deleted is looked through instead, and others may still wait to hear that it is empty.
  const counts =
    look === undefined ? contents?.namespaces.map(({ images }) => images.length) : Object.values(look.images);
  return counts && coarseCount(counts.reduce((sum, count) => sum + count, 0));
}

function poolFields({ id, pgNumTarget, pgNum }: Pool) {
  return { poolID: id, placementGroups: { wanted: pgNumTarget, now: pgNum } };
}

function usageFields({ usage }: ObservedPool) {
  return usage === undefined ? {} : { stored: coarse(usage.stored), available: coarse(usage.available) };
}

/** A pool may stay at one placement group for ever, and be slow, while all that was asked for is as it should be. */
function autoscalerCondition({ autoscaler }: ObservedPool, pools: readonly Pool[]): readonly Condition[] {
  const left = pools.filter(({ autoscale }) => autoscale === 'on');
  if (left.length === 0) return [];
  const type = 'AutoscalerRunning';
  if (autoscaler.runs) {
    return [{ type, status: 'True', reason: 'Converged', message: 'Ceph chooses the number of placement groups.' }];
  }
  const which = left.map(({ name, pgNum }) => `the pool "${name}", which has ${pgNum}`).join(', and of ');
  const message = `Nobody chooses the number of placement groups of ${which}: ${autoscaler.why}; mend that, or set placementGroups.autoscale: Disabled and a count.`;
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
