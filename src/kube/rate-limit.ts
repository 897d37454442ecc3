import { setTimeout as sleep } from 'node:timers/promises';

export interface RateLimit {
  /** Resolves when the next call may go out; rejects when aborted. */
  take(signal?: AbortSignal): Promise<void>;
}

/** A token bucket: `burst` calls at once, then `perSecond`. Waiters are served in order. */
export function createRateLimit(options: { perSecond: number; burst: number }): RateLimit {
  let tokens = options.burst;
  let filledAt = performance.now();
  return {
    async take(signal) {
      const now = performance.now();
      tokens = Math.min(options.burst, tokens + ((now - filledAt) / 1000) * options.perSecond);
      filledAt = now;
      // May go below zero: each waiter holds its own place in line.
      tokens -= 1;
      if (tokens < 0)
        await sleep((-tokens / options.perSecond) * 1000, undefined, signal === undefined ? {} : { signal });
    },
  };
}
