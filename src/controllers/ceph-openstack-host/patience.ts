const firstMs = 30_000;
const longestMs = 300_000;
/** A machine that starts again after some minutes is found soon after. */
const growth = 1.5;

/** How long hosts that do not answer are left alone: longer each time, so that a dark rack slows no other. */
export interface Patience {
  /** It did not answer again: when to try next. */
  silent(key: string): number;
  answered(key: string): void;
}

/** `isKnown` tells whose silence is worth remembering. */
export function createPatience(isKnown: (key: string) => boolean): Patience {
  const waits = new Map<string, number>();
  return {
    silent(key) {
      const waitMs = Math.min((waits.get(key) ?? firstMs / growth) * growth, longestMs);
      if (!waits.has(key)) for (const other of waits.keys()) if (!isKnown(other)) waits.delete(other);
      waits.set(key, waitMs);
      return waitMs;
    },
    answered: (key) => void waits.delete(key),
  };
}
