import type { RbdPool } from '../api/rbd-pool.ts';
import { keyOf } from '../kube/kinds.ts';

/**
 * Images in pools, counted for those who are about to take away what serves them: what a status tells may be a minute
 * old. Whoever looks into pools anyway counts; nobody waits here.
 */
export interface PoolCounts {
  /** By the name of the object, of those that were counted lately; the others are to be, and then `waiter` is told. */
  read(pools: readonly RbdPool[], waiter: string): ReadonlyMap<string, number>;
  /** What a look into the pool has just shown, in the words of its status: others say the one or the other. */
  note(pool: RbdPool, images: number): void;
  /** `wake` is called with the key of a pool that is to be counted. */
  onWanted(wake: (pool: string) => void): void;
  /** `tell` is called with each waiter of a pool that has been. */
  onCounted(tell: (waiter: string) => void): void;
}

/** From then on it is counted anew, and from then on it tells nothing: what goes on in between need not stop. */
const [freshMs, usableMs] = [10_000, 20_000];
/** Who still waits asks again long before; a pool that nobody asks for may be gone, and is never counted. */
const waitedForMs = 600_000;

export function createPoolCounts(now: () => number = () => performance.now()): PoolCounts {
  /** By the object's uid, as long as they are usable. */
  const counts = new Map<string, { readonly images: number; readonly at: number }>();
  /** By the object's uid. */
  const waiters = new Map<string, { readonly names: ReadonlySet<string>; readonly at: number }>();
  const wakers: ((pool: string) => void)[] = [];
  const tellers: ((waiter: string) => void)[] = [];

  function want(pool: RbdPool, waiter: string): void {
    const { uid } = pool.metadata;
    waiters.set(uid, { names: new Set([...(waiters.get(uid)?.names ?? []), waiter]), at: now() });
    for (const wake of wakers) wake(keyOf(pool));
  }

  return {
    read(pools, waiter) {
      for (const [uid, { at }] of counts) if (now() - at > usableMs) counts.delete(uid);
      for (const [uid, { at }] of waiters) if (now() - at > waitedForMs) waiters.delete(uid);
      return new Map(
        pools.flatMap((pool): readonly [string, number][] => {
          const { uid, name } = pool.metadata;
          const known = counts.get(uid);
          if (known === undefined || now() - known.at > freshMs) want(pool, waiter);
          return known === undefined ? [] : [[name, known.images]];
        }),
      );
    },
    note({ metadata: { uid } }, images) {
      const told = waiters.get(uid);
      if (told === undefined) return;
      waiters.delete(uid);
      counts.set(uid, { images, at: now() });
      for (const waiter of told.names) for (const tell of tellers) tell(waiter);
    },
    onWanted: (wake) => void wakers.push(wake),
    onCounted: (tell) => void tellers.push(tell),
  };
}
