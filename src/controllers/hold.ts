import type { Hold } from '../kube/reconciler.ts';

/** A hold that only a person can mend; `retryAfterMs` when they do it where nobody tells us, as in OpenStack. */
export function stalled(reason: Hold['reason'], message: string, retryAfterMs?: number): Hold {
  return { reason, message, stalled: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** A hold that may pass by itself; `retryAfterMs` when it is worth to look soon. */
export function passing(reason: Hold['reason'], message: string, retryAfterMs?: number): Hold {
  return { reason, message, stalled: false, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
