import type { Resource } from '../api/resource.ts';
import type { Store } from './cache.ts';
import type { Client } from './client.ts';
import { createContest } from './contest.ts';
import { type Kind, keyOf } from './kinds.ts';
import { isConflict, isNotFound, isReplaced } from './kube-error.ts';
import { isSameStatus, saysTheSame, surplusPatch } from './status.ts';

export interface StatusWriter {
  /** Makes the status just this, as far as it is ours. */
  write(object: Resource, status: Status): Promise<Written>;
  forget(key: string): void;
}

type Status = Readonly<Record<string, unknown>>;

/**
 * `nothing`: it is so already, or the object is gone. `afterMs`: somebody else keeps writing over what it says, and is
 * answered only then.
 */
export type Written = 'written' | 'nothing' | { readonly afterMs: number };

/** What we said of an object within the last minute, and what the API server answered to the last of it. */
interface Last {
  readonly uid: string;
  readonly said: readonly { readonly status: Status; readonly atMs: number }[];
  readonly answer: Resource['status'];
}

/** How often who keeps writing over a status is answered: two that answer each other at once would never rest. */
const quarrelPaceMs = 60_000;

export function createStatusWriter(
  kind: Kind<Resource>,
  client: Client,
  store: Store,
  now: () => number = () => performance.now(),
): StatusWriter {
  const written = new Map<string, Last>();
  const contest = createContest();

  /** How long what somebody wrote over our last word still stands. What was not said for a minute is news, said at once. */
  function leftForMs(object: Resource, status: Status): number {
    const { uid, generation } = object.metadata;
    const key = keyOf(object);
    const last = written.get(key);
    if (last?.uid !== uid || isSameStatus(object.status, { ...last.answer })) return 0;
    const nowMs = now();
    const before = last.said.findLast((word) => saysTheSame(word.status, status));
    const leftMs = before === undefined ? 0 : before.atMs + quarrelPaceMs - nowMs;
    if (leftMs > 0 && contest.isContested(key, generation, 'status', nowMs)) return leftMs;
    contest.note(key, generation, ['status'], nowMs);
    return 0;
  }

  function noteWord(object: Resource, status: Status, answer: Resource['status']): void {
    const { uid } = object.metadata;
    const last = written.get(keyOf(object));
    const atMs = now();
    const before = last?.uid === uid ? last.said.filter((word) => atMs - word.atMs < quarrelPaceMs) : [];
    written.set(keyOf(object), { uid, answer, said: [...before, { status, atMs }] });
  }

  async function apply(object: Resource, status: Status): Promise<Resource> {
    const { namespace, name, uid } = object.metadata;
    const applied = await client.applyStatus<Resource>(kind, { metadata: { namespace, name, uid }, status });
    const surplus = surplusPatch(applied.status, status);
    if (surplus === undefined) return applied;
    const { resourceVersion } = applied.metadata;
    try {
      return await client.patchStatus(kind, { namespace, name }, { metadata: { resourceVersion }, status: surplus });
    } catch (error) {
      // Changed in the meantime: the next pass sees what is left.
      if (isConflict(error)) return applied;
      throw error;
    }
  }

  return {
    async write(object, status) {
      if (isSameStatus(object.status, status)) return 'nothing';
      const afterMs = leftForMs(object, status);
      if (afterMs > 0) return { afterMs };
      try {
        const done = await apply(object, status);
        store.note(done);
        noteWord(object, status, done.status);
        return 'written';
      } catch (error) {
        // Gone in the meantime, or another under the same name: nobody is left to tell.
        if (isNotFound(error) || isReplaced(error)) return 'nothing';
        throw error;
      }
    },
    forget(key) {
      written.delete(key);
      contest.forget(key);
    },
  };
}
