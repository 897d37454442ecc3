import type { Resource } from '../api/resource.ts';
import type { Store } from './cache.ts';
import type { Client } from './client.ts';
import { createContest } from './contest.ts';
import { type Kind, keyOf } from './kinds.ts';
import { isConflict, isNotFound, isReplaced } from './kube-error.ts';
import { isSameStatus, surplusPatch } from './status.ts';

export interface StatusWriter {
  /**
   * Makes the status just this, as far as it is ours. False when nothing was written: it is so already, the object is
   * gone, or somebody else keeps writing over it and is not answered at once.
   */
  write(object: Resource, status: Readonly<Record<string, unknown>>): Promise<boolean>;
  forget(key: string): void;
}

/** How often who keeps writing over a status is answered: two that answer each other at once would never rest. */
const quarrelPaceMs = 60_000;

export function createStatusWriter(
  kind: Kind<Resource>,
  client: Client,
  store: Store,
  now: () => number = () => performance.now(),
): StatusWriter {
  const written = new Map<string, { readonly uid: string; readonly status: Resource['status']; readonly at: number }>();
  const contest = createContest();

  function isLeftForNow(object: Resource): boolean {
    const { uid, generation } = object.metadata;
    const key = keyOf(object);
    const last = written.get(key);
    if (last?.uid !== uid || isSameStatus(object.status, { ...last.status })) return false;
    const nowMs = now();
    if (contest.isContested(key, generation, 'status', nowMs) && nowMs - last.at < quarrelPaceMs) return true;
    contest.note(key, generation, ['status'], nowMs);
    return false;
  }

  async function apply(object: Resource, status: Readonly<Record<string, unknown>>): Promise<Resource> {
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
      if (isSameStatus(object.status, status) || isLeftForNow(object)) return false;
      try {
        const done = await apply(object, status);
        store.note(done);
        written.set(keyOf(object), { uid: object.metadata.uid, status: done.status, at: now() });
        return true;
      } catch (error) {
        // Gone in the meantime, or another under the same name: nobody is left to tell.
        if (isNotFound(error) || isReplaced(error)) return false;
        throw error;
      }
    },
    forget(key) {
      written.delete(key);
      contest.forget(key);
    },
  };
}
