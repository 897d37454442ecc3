import type { Kind, KubeObject, ObjectKey } from './kinds.ts';

/**
 * What the watches have seen, without asking the API server. It may lag behind by a moment; a change always wakes
 * those who registered for it. Kinds held: our four, ControllerRevisions of ours, and Secrets by metadata alone
 * (a Secret whose resourceVersion did not change needs no second reading).
 */
export interface Cache {
  get<T extends KubeObject>(kind: Kind<T>, at: ObjectKey): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): readonly T[];
}
