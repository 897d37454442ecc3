import type { Reason } from '../api/conditions.ts';
import type { Condition, Resource } from '../api/resource.ts';

/** One idempotent outside action, as data. `verb` is kebab-case: `create-pool`, `edit-config`. */
export interface Step {
  readonly verb: string;
  /** Bookkeeping beside other steps: logged, and not told in events. */
  readonly incidental?: boolean;
}

/** How a step counts that puts back what drifted, when somebody keeps undoing it. */
export interface Repair {
  /** It only follows from other steps, as a restart does, and is no repair of its own. */
  readonly uncounted?: boolean;
  /**
   * In short, what it makes so where its sentence does not say it and the object's generation does not tell it: a
   * repair that wants something else than the last is no repetition. No secrets.
   */
  readonly wants?: string;
  /** Nothing in later stages builds on it: when it is left undone, they are not. */
  readonly standsAlone?: boolean;
}

/** Why no more may be done now. Steps beside it are still safe and are applied. */
export interface Hold {
  readonly reason: Reason;
  /** One sentence: what, where, how to mend. No times, lists sorted. */
  readonly message: string;
  /** `true`: only a person can mend it (Stalled). `false`: it may pass by itself (Reconciling). */
  readonly stalled: boolean;
  readonly retryAfterMs?: number;
  /** What others would do in mode Plan, as sentences, where the kind's own steps are not all there is to tell. */
  readonly plan?: readonly string[];
}

export interface Plan<S extends Step> {
  /** Stages in order; the steps of one stage do not depend on each other and go out together. */
  readonly stages: readonly (readonly S[])[];
  readonly hold?: Hold;
}

/**
 * What a kind brings to the loop. The loop (`controller.ts`) owns order, finalizer, deadlines, plan mode,
 * status writing, events and retries:
 *
 *   connect → observe → plan → apply (stage by stage) → observe → plan … until the plan is empty → status
 *
 * A resource with a deletionTimestamp is planned towards its absence; an empty plan without hold lets it go. The
 * finalizer goes on right before the first `apply`, or when the first empty plan shows that all is there already; so
 * a resource that never touched the world can be deleted without a pass.
 */
export interface Reconciler<R extends Resource, C, O, S extends Step> {
  /**
   * Resolves what the pass needs to reach the world (Secrets, sockets). Throws Waiting or Invalid. It is called for a
   * resource that is being deleted too: where nothing has to be contacted then, it must not fail.
   */
  connect(resource: R, signal: AbortSignal): Promise<C>;
  /** Reads all that `plan` and `status` need. Never writes. */
  observe(resource: R, connection: C, signal: AbortSignal): Promise<O>;
  /** Pure. */
  plan(resource: R, observed: O): Plan<S>;
  /** Does one stage. Calls `done` for each step as it is finished; throws when one failed. */
  apply(stage: readonly S[], resource: R, connection: C, done: (step: S) => void, signal: AbortSignal): Promise<void>;
  /** The step as a sentence without secrets, for status.plan, events and logs: `Create pool "volumes".` */
  describe(step: S): string;
  /** How a step counts as a repair. Left out: by its sentence, and what comes after it waits with it. Pure. */
  repair?(step: S): Repair;
  /** The kind's own status fields, and conditions beside Ready, Reconciling and Stalled (which are the loop's). Pure. */
  status(resource: R, observed: O): { fields: Record<string, unknown>; conditions: readonly Condition[] };
}
