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
  /** Which of `repairs` have been made three times already. */
  contested(key: string, generation: number, repairs: readonly string[], nowMs: number): readonly string[];
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
      for (const repair of repairs) times.set(repair, [...recent(times.get(repair), nowMs), nowMs]);
    },
    contested(key, generation, repairs, nowMs) {
      const times = timesOf(key, generation);
      return repairs.filter((repair) => recent(times.get(repair), nowMs).length >= rounds);
    },
    forget: (key) => void objects.delete(key),
  };
}
