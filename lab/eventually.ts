import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats `check` until it does not throw, and gives its result. After `timeoutMs` (default 30 000) it throws the last error,
 * headed by `what` was waited for. The pause between two tries grows from 50 ms to 500 ms.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly what?: string } = {},
): Promise<T> {
  const { timeoutMs = 30_000, what } = options;
  const until = performance.now() + timeoutMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() + pauseMs > until) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`Not within ${timeoutMs / 1000} s${what === undefined ? '' : `: ${what}`}: ${message}`, {
          cause: error,
        });
      }
    }
    await sleep(pauseMs);
  }
}
