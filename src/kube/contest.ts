import type { Resource } from '../api/resource.ts';
import type { Hold, Reconciler, Step } from './reconciler.ts';
import { joinSentences } from './status.ts';

/** How often a repair may be needed again before it is not made any more. */
const rounds = 3;
/** Repairs further apart than this do not count as one quarrel: a tool that runs once a day is repaired once a day. */
const windowMs = 6 * 3_600_000;

/**
 * Repairs of drift by object: somebody who keeps putting a thing back is named instead of being fought for ever.
 * Kept in memory alone; a restart of the operator, or a change of the object, begins anew.
 */
export interface Contest {
  /** Notes that these repairs were made on the object `key` of that generation. */
  note(key: string, generation: number, repairs: readonly string[], nowMs: number): void;
  /** Whether it has been made three times already. */
  isContested(key: string, generation: number, repair: string, nowMs: number): boolean;
  forget(key: string): void;
}

export function createContest(): Contest {
  const objects = new Map<string, { generation: number; readonly times: Map<string, number[]> }>();
  const timesOf = (key: string, generation: number): Map<string, number[]> => {
    const found = objects.get(key);
    if (found?.generation === generation) return found.times;
    const times = new Map<string, number[]>();
    objects.set(key, { generation, times });
    return times;
  };
  const recent = (times: readonly number[] | undefined, nowMs: number) =>
    (times ?? []).filter((time) => nowMs - time < windowMs);
  return {
    note(key, generation, repairs, nowMs) {
      const times = timesOf(key, generation);
      for (const repair of new Set(repairs)) times.set(repair, [...recent(times.get(repair), nowMs), nowMs]);
    },
    isContested: (key, generation, repair, nowMs) =>
      recent(timesOf(key, generation).get(repair), nowMs).length >= rounds,
    forget: (key) => void objects.delete(key),
  };
}

/** What a step is known by as a repair: by what it wants as well. Undefined when it does not count. */
export function repairKey<S extends Step>(step: S, { describe, repair }: Repairing<S>): string | undefined {
  const { uncounted, wants } = repair?.(step) ?? {};
  if (uncounted === true || step.incidental === true) return undefined;
  return wants === undefined ? describe(step) : `${describe(step)} ${wants}`;
}

type Repairing<S extends Step> = Pick<Reconciler<Resource, never, never, S>, 'describe' | 'repair'>;

export interface Uncontested<S extends Step> {
  readonly stages: readonly (readonly S[])[];
  readonly contested: readonly S[];
}

/**
 * Leaves contested steps out of a plan. Those beside one go on; those of later stages only if none that is left out
 * may be what they build on. Where a stage is one ordered transaction, all is left out.
 */
export function leaveOutContested<S extends Step>(
  stages: readonly (readonly S[])[],
  isContested: (step: S) => boolean,
  standsAlone: (step: S) => boolean,
  ordered: boolean,
): Uncontested<S> {
  const contested = stages.flat().filter(isContested);
  if (contested.length === 0) return { stages, contested };
  if (ordered) return { stages: [], contested };
  const wall = stages.findIndex((stage) => stage.some((step) => isContested(step) && !standsAlone(step)));
  const kept = (wall < 0 ? stages : stages.slice(0, wall + 1))
    .map((stage) => stage.filter((step) => !isContested(step)))
    .filter((stage) => stage.length > 0);
  return { stages: kept, contested };
}

/** The verdict on an object of which some is left undone. */
export function quarrel(sentences: readonly string[]): Hold {
  const message = `Somebody keeps changing what was put back three times, so it is left for some hours: ${joinSentences(sentences)} Find who does it, and stop it there or declare it here.`;
  return { reason: 'Contested', message, stalled: true };
}
