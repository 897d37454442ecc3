import type { Reason } from './api/conditions.ts';

/**
 * Not yet: something outside has to happen first (a pool to be made, a host to answer).
 * Shown as `Reconciling`; looked at again after `retryAfterMs`, without backoff.
 */
export class Waiting extends Error {
  override readonly name = 'Waiting';
  readonly reason: Reason;
  readonly retryAfterMs: number;

  constructor(reason: Reason, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? 10_000;
  }
}

/**
 * Only a person can mend it: a refused adoption, a policy that forbids it, a value that cannot work.
 * Shown as `Stalled`; looked at again at the kind's normal pace.
 */
export class Invalid extends Error {
  override readonly name = 'Invalid';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
  }
}

/** The sentence of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
