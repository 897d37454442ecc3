import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import {
  activeWorkers,
  beginCounts,
  maxConcurrentReconciles,
  reconcilePanics,
  reconcileSeconds,
  reconciles,
} from '../metrics.ts';
import type { Change, Store } from './cache.ts';
import type { Kind, KubeObject } from './kinds.ts';
import { keyOf } from './kinds.ts';
import { finalizer, type Next } from './pass.ts';
import type { Queue } from './queue.ts';
import type { Registered } from './registration.ts';

export interface Workers {
  /** Resolves when every worker has put down its key; `queue.close()` makes them. */
  readonly ended: Promise<void>;
}

/** Lets the changes and the news that a kind cares for wake its keys. Called before the watches begin, so that none is missed. */
export function wireQueue(registered: Registered, storeOf: (kind: Kind) => Store, queue: Queue): void {
  storeOf(registered.kind).subscribe((change) => {
    if (isWorthALook(change)) for (const key of keysOf(change, (object) => [keyOf(object)])) queue.add(key);
  });
  for (const watch of registered.registration.watches ?? []) {
    storeOf(watch.kind).subscribe((change) => {
      for (const key of keysOf(change, watch.map)) queue.add(key);
    });
  }
  registered.registration.onNews?.((key) => queue.add(key));
}

/** Whether a change of a kind's own object asks for a pass; our own status and finalizer do not. */
export function isWorthALook({ before, after }: Change): boolean {
  if (before === undefined || after === undefined || before.metadata.uid !== after.metadata.uid) return true;
  const [was, is] = [before.metadata, after.metadata];
  return (
    was.generation !== is.generation ||
    was.deletionTimestamp !== is.deletionTimestamp ||
    JSON.stringify([was.labels, was.annotations, was.ownerReferences]) !==
      JSON.stringify([is.labels, is.annotations, is.ownerReferences]) ||
    (was.finalizers?.includes(finalizer) === true && is.finalizers?.includes(finalizer) !== true)
  );
}

/** A child that changed hands wakes both owners. */
function keysOf({ before, after }: Change, map: (object: KubeObject) => readonly string[]): ReadonlySet<string> {
  return new Set([...(before === undefined ? [] : map(before)), ...(after === undefined ? [] : map(after))]);
}

/** Works on the queue's keys, several at a time, until the queue is closed. One key's fault never ends a worker. */
export function startWorkers(
  registered: Registered,
  queue: Queue,
  reconcile: (key: string, stop: AbortSignal) => Promise<Next>,
  log: Logger,
  stop: AbortSignal,
): Workers {
  const controller = registered.kind.kind.toLowerCase();
  const count = registered.registration.workers ?? 64;
  maxConcurrentReconciles.set({ controller }, count);
  beginCounts(registered.kind.kind);

  async function work(key: string): Promise<void> {
    const startedAt = performance.now();
    let next: Next;
    let failed = false;
    try {
      next = await reconcile(key, stop);
      failed = next === 'backoff';
    } catch (error) {
      // Mostly a status that could not be written; in any case the next pass starts from what it sees.
      if (error instanceof TypeError) reconcilePanics.inc({ controller });
      if (!stop.aborted) log.error({ err: error, kind: registered.kind.kind, object: key }, 'The pass failed.');
      failed = true;
      next = 'backoff';
    }
    reconcileSeconds.observe({ controller }, (performance.now() - startedAt) / 1000);
    reconciles.inc({ controller, result: failed ? 'error' : typeof next === 'object' ? 'requeue_after' : 'success' });
    if (next === 'backoff') queue.addRateLimited(key);
    else {
      queue.forget(key);
      if (typeof next === 'object') queue.addAfter(key, next.afterMs);
    }
  }

  async function worker(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      activeWorkers.inc({ controller });
      try {
        await ownTurn();
        await work(key);
      } finally {
        activeWorkers.dec({ controller });
        queue.done(key);
      }
    }
  }

  return { ended: Promise.all(Array.from({ length: count }, worker)).then(() => undefined) };
}

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Lets each pass begin in a turn of the event loop of its own: hundreds that begin at once would keep the renewal of the
 * lease waiting behind them until it is lost.
 */
function ownTurn(): Promise<unknown> {
  lastTurn = lastTurn.then(() => setImmediate());
  return lastTurn;
}
