import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import { leading } from '../metrics.ts';
import type { Client } from './client.ts';
import { microTime } from './events.ts';
import { type LeaseObject, leaseKind, type ObjectKey } from './kinds.ts';
import { isAlreadyExists, isConflict } from './kube-error.ts';

export interface ElectionOptions {
  readonly lease: ObjectKey;
  /** Unique per process. */
  readonly identity: string;
  /** Others wait so long after they saw the last renewal. Default 15 s. */
  readonly leaseMs?: number;
  /** A leader that could not renew for so long gives up. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between attempts. Default 2 s. */
  readonly retryMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

export interface Election {
  /** Resolves when this process leads. */
  readonly elected: Promise<void>;
  /** Resolves when it does not lead any more although it was not asked to stop: stop all work at once. */
  readonly lost: Promise<void>;
  /** Gives the lease back, so that another takes over at once. */
  release(): Promise<void>;
}

/** client-go's algorithm: expiry is reckoned from when we saw the record change, never from the times written in it. */
export function stand(client: Client, options: ElectionOptions, log: Logger, signal: AbortSignal): Election {
  const { lease, identity } = options;
  const leaseMs = options.leaseMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryMs = options.retryMs ?? 2_000;
  const now = options.now ?? (() => performance.now());
  const { promise: elected, resolve: markElected } = Promise.withResolvers<void>();
  const { promise: lost, resolve: markLost } = Promise.withResolvers<void>();
  let seen: LeaseObject | undefined;
  let seenAt = 0;
  let leads = false;

  function look(current: LeaseObject): void {
    if (JSON.stringify(seen?.spec) !== JSON.stringify(current.spec)) {
      if (seen?.spec?.holderIdentity !== current.spec?.holderIdentity) {
        log.info({ holder: current.spec?.holderIdentity ?? '' }, 'The lease has a holder.');
      }
      seenAt = now();
    }
    seen = current;
  }

  /** Takes or renews the lease; `false` when another holds it. */
  async function attempt(deadline: AbortSignal): Promise<boolean> {
    const time = microTime(new Date());
    const ours = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(leaseMs / 1000), renewTime: time };
    const current = await client.get(leaseKind, lease, deadline);
    if (current === undefined) {
      const spec = { ...ours, acquireTime: time, leaseTransitions: 0 };
      look(await client.create(leaseKind, { metadata: lease, spec }, deadline));
      return true;
    }
    look(current);
    const holder = current.spec?.holderIdentity ?? '';
    const heldMs = (current.spec?.leaseDurationSeconds ?? 0) * 1000;
    if (holder !== identity && holder !== '' && seenAt + heldMs > now()) return false;
    const transitions = current.spec?.leaseTransitions ?? 0;
    const taken = holder === identity ? {} : { acquireTime: time, leaseTransitions: transitions + 1 };
    // With the version that was read, two who try at once cannot both succeed.
    const patch = { metadata: { resourceVersion: current.metadata.resourceVersion }, spec: { ...ours, ...taken } };
    look(await client.mergePatch(leaseKind, lease, patch, deadline));
    return true;
  }

  async function tryOnce(timeoutMs: number): Promise<boolean> {
    try {
      return await attempt(AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs))]));
    } catch (error) {
      if (!signal.aborted && !isConflict(error) && !isAlreadyExists(error)) log.warn(errorMessage(error));
      return false;
    }
  }

  async function run(): Promise<void> {
    leading.set({ name: lease.name }, 0);
    while (!signal.aborted && !(await tryOnce(renewDeadlineMs))) await pause(retryMs * (1 + Math.random() * 1.2));
    if (signal.aborted) return;
    leads = true;
    leading.set({ name: lease.name }, 1);
    markElected();
    let renewedAt = now();
    while (!signal.aborted) {
      await pause(retryMs);
      if (signal.aborted) return;
      const startedAt = now();
      const leftMs = renewedAt + renewDeadlineMs - startedAt;
      // An attempt must not outlast the deadline, nor use it up alone.
      if (leftMs > 0 && (await tryOnce(Math.min(leftMs, renewDeadlineMs / 2)))) renewedAt = startedAt;
      else if (seen?.spec?.holderIdentity !== identity || now() - renewedAt >= renewDeadlineMs) break;
    }
    if (signal.aborted) return;
    leads = false;
    leading.set({ name: lease.name }, 0);
    markLost();
  }

  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal }).catch(() => undefined);
  const running = run();

  return {
    elected,
    lost,
    async release() {
      await running;
      if (!leads) return;
      leads = false;
      leading.set({ name: lease.name }, 0);
      const deadline = AbortSignal.timeout(3_000);
      try {
        // Read again: an attempt that was cut short may still have been written.
        const current = await client.get(leaseKind, lease, deadline);
        if (current?.spec?.holderIdentity !== identity) return;
        const time = microTime(new Date());
        const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
        const patch = { metadata: { resourceVersion: current.metadata.resourceVersion }, spec };
        await client.mergePatch(leaseKind, lease, patch, deadline);
      } catch (error) {
        log.warn(errorMessage(error));
      }
    },
  };
}
