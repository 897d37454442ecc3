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

/** Lets at most `count` pieces of work go on at once; the others wait in order, until they are aborted. */
export function createSlots(count: number): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  const waiting = new Set<() => void>();
  let free = count;

  async function enter(signal: AbortSignal): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    // The slot goes from hand to hand.
    waiting.delete(next);
    next();
  }

  return async (work, signal) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
