import {
  beforeScrape,
  queueAdds,
  queueDepth,
  queueLongestSeconds,
  queueRetries,
  queueUnfinishedSeconds,
  queueWaitSeconds,
  queueWorkSeconds,
} from '../metrics.ts';

export interface QueueOptions {
  /** For metrics. */
  readonly name: string;
  /** The wait after a key's first failure; doubles with each further one. Default 250 ms. */
  readonly backoffMs?: number;
  /** Default two minutes. */
  readonly longestBackoffMs?: number;
  /** Failures of all keys together beyond the burst are spread out. Default 10 a second, burst 100. */
  readonly retriesPerSecond?: number;
  readonly retryBurst?: number;
}

/**
 * Keys to work on, with the guarantees of client-go's work queue: a key that waits is there once however often it was
 * added; a key is never with two workers; a key added while it is worked on comes once more afterwards.
 */
export interface Queue {
  add(key: string): void;
  /** Adds the key after a while. Of several the earliest counts; starting to work on the key cancels it. */
  addAfter(key: string, delayMs: number): void;
  /** Adds the key after a while that grows with each call, until `forget`. */
  addRateLimited(key: string): void;
  /** The key fares well: its next failure is its first again. */
  forget(key: string): void;
  failures(key: string): number;
  /** The next key, or `undefined` after `close`. Whoever takes one must say `done`. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  /** Gives out no more keys. */
  close(): void;
}

export function createQueue(options: QueueOptions): Queue {
  const labels = { name: options.name, controller: options.name };
  const ready: string[] = [];
  const dirty = new Map<string, number>();
  const processing = new Map<string, number>();
  const failures = new Map<string, number>();
  const delayed = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  const waiters: ((key: string | undefined) => void)[] = [];
  const nextRetryDelayMs = createRetryBucket(options.retriesPerSecond ?? 10, options.retryBurst ?? 100);
  let closed = false;

  function start(key: string): string {
    const now = performance.now();
    queueWaitSeconds.observe(labels, (now - (dirty.get(key) ?? now)) / 1000);
    dirty.delete(key);
    processing.set(key, now);
    // The look that was planned for later happens now.
    clearTimeout(delayed.get(key)?.timer);
    delayed.delete(key);
    return key;
  }

  function enqueue(key: string): void {
    const waiter = waiters.shift();
    if (waiter === undefined) ready.push(key);
    else waiter(start(key));
  }

  function add(key: string): void {
    if (closed || dirty.has(key)) return;
    queueAdds.inc(labels);
    dirty.set(key, performance.now());
    if (!processing.has(key)) enqueue(key);
  }

  function addAfter(key: string, delayMs: number): void {
    if (closed) return;
    const at = Date.now() + delayMs;
    const pending = delayed.get(key);
    if (pending !== undefined && pending.at <= at) return;
    clearTimeout(pending?.timer);
    const timer = setTimeout(() => {
      delayed.delete(key);
      add(key);
    }, delayMs);
    delayed.set(key, { timer, at });
  }

  const measure = () => {
    const now = performance.now();
    const ages = [...processing.values()].map((startedAt) => (now - startedAt) / 1000);
    queueDepth.set({ ...labels, priority: '0' }, ready.length);
    queueUnfinishedSeconds.set(
      labels,
      ages.reduce((sum, age) => sum + age, 0),
    );
    queueLongestSeconds.set(labels, Math.max(0, ...ages));
  };
  beforeScrape.add(measure);

  return {
    add,
    addAfter,
    addRateLimited(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      queueRetries.inc(labels);
      const ownMs = Math.min((options.backoffMs ?? 250) * 2 ** count, options.longestBackoffMs ?? 120_000);
      addAfter(key, Math.max(ownMs, nextRetryDelayMs()));
    },
    forget(key) {
      failures.delete(key);
    },
    failures: (key) => failures.get(key) ?? 0,
    take() {
      if (closed) return Promise.resolve(undefined);
      const key = ready.shift();
      if (key !== undefined) return Promise.resolve(start(key));
      return new Promise((resolve) => waiters.push(resolve));
    },
    done(key) {
      const startedAt = processing.get(key);
      if (startedAt === undefined) return;
      queueWorkSeconds.observe(labels, (performance.now() - startedAt) / 1000);
      processing.delete(key);
      if (!closed && dirty.has(key)) enqueue(key);
    },
    close() {
      closed = true;
      beforeScrape.delete(measure);
      for (const { timer } of delayed.values()) clearTimeout(timer);
      delayed.clear();
      ready.length = 0;
      for (const waiter of waiters.splice(0)) waiter(undefined);
    },
  };
}

/** The wait that keeps all retries together below a rate, after a burst that goes free. */
function createRetryBucket(perSecond: number, burst: number): () => number {
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = Date.now();
    const spacingMs = 1000 / perSecond;
    nextAt = Math.max(nextAt + spacingMs, now - (burst - 1) * spacingMs);
    return Math.max(0, nextAt - now);
  };
}
