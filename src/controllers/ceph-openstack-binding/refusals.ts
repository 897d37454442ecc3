import type { ObjectMeta } from '../../api/resource.ts';
import { digest } from '../canonical.ts';
import type { ChildManifest } from './children.ts';
import type { ChildKind } from './steps.ts';

/** What refused it may be a policy that is mended by now: it is tried again after that. */
const believedMs = 5 * 60_000;

/** What the API server said of children that may not be as they are wanted, by `attemptOf`. In memory alone. */
export function createRefusals(nowMs = () => performance.now()) {
  const refusals = new Map<string, { readonly message: string; readonly atMs: number }>();
  return {
    note: (attempt: string, message: string): void => void refusals.set(attempt, { message, atMs: nowMs() }),
    believed(): ReadonlyMap<string, string> {
      for (const [attempt, { atMs }] of refusals) if (nowMs() - atMs > believedMs) refusals.delete(attempt);
      return new Map([...refusals].map(([attempt, { message }]) => [attempt, message]));
    },
  };
}

/** Names the wish to have `found` as `wanted`, undefined where it is not there; a change of either makes it another one. */
export function attemptOf(
  kind: ChildKind,
  wanted: ChildManifest,
  found: { readonly metadata: Pick<ObjectMeta, 'uid'> & { readonly generation?: number } } | undefined,
): string {
  return digest({ kind, wanted, uid: found?.metadata.uid, generation: found?.metadata.generation }, 16);
}
