import type { Resource } from '../api/resource.ts';
import { type Logger, logLevels } from '../log.ts';
import type { Hold, Step } from './reconciler.ts';
import { type Judgement, joinSentences, type KindStatus, readyCondition, wasReady } from './status.ts';

export const finalizer = 'cephopenstack.io/finalizer';
export const abandonAnnotation = 'cephopenstack.io/abandon';
/** How much of one object is logged, whatever the operator's own level: one of `logLevels`. */
export const logLevelAnnotation = 'cephopenstack.io/log-level';

/** When to look at a key again: after a while, after its backoff, or only when something changes. */
export type Next = { readonly afterMs: number } | 'backoff' | 'change';

/** A look no later than `afterMs`; one that failed keeps its own pace. */
export function sooner(next: Next, { afterMs }: { readonly afterMs: number }): Next {
  if (next === 'backoff') return next;
  return { afterMs: next === 'change' ? afterMs : Math.min(next.afterMs, afterMs) };
}

/** What a pass came to. */
export interface Verdict {
  /** Left out: the status stays as it is. */
  readonly judgement?: Judgement;
  readonly next: Next;
}

/** One pass over one resource, as far as it has come. */
export interface Pass {
  /** As the cache held it at the start. */
  readonly raw: Resource;
  readonly log: Logger;
  readonly deleting: boolean;
  /** The steps done, as sentences. */
  readonly did: string[];
  /** What of it counts as a repair, should it have to be made again. */
  readonly repairs: string[];
  /** The kind's part of the status, from the latest observation. */
  seen?: KindStatus;
}

export function beginPass(raw: Resource, log: Logger): Pass {
  const { namespace, name, generation, annotations } = raw.metadata;
  const level = logLevels.find((one) => one === annotations?.[logLevelAnnotation]);
  return {
    raw,
    log: log.child({ kind: raw.kind, namespace, name, generation }, level === undefined ? {} : { level }),
    deleting: raw.metadata.deletionTimestamp !== undefined,
    did: [],
    repairs: [],
  };
}

export function hasFinalizer(raw: Resource): boolean {
  return raw.metadata.finalizers?.includes(finalizer) === true;
}

export function isAbandoned(raw: Resource): boolean {
  return raw.metadata.annotations?.[abandonAnnotation] === 'true';
}

/** In order, but for what somebody keeps reverting. */
export function wasSettled(raw: Resource): boolean {
  return wasReady(raw) || readyCondition(raw)?.reason === 'Contested';
}

/** Not done yet, and moving. */
export function underWay(pass: Pass, sentences: readonly string[]): Judgement {
  const { generation } = pass.raw.metadata;
  const message =
    sentences.length > 0
      ? `Under way: ${joinSentences(sentences)}`
      : pass.deleting
        ? 'Looking at what has to be undone.'
        : `Looking at what generation ${generation} needs.`;
  return { ready: false, reason: pass.deleting ? 'Deleting' : 'Progressing', message, abnormal: 'Reconciling' };
}

/** That no more may be done now; `look` is when to look anyway. */
export function heldVerdict(hold: Hold, look: Next, plan = hold.plan): Verdict {
  return {
    judgement: {
      ready: false,
      reason: hold.reason,
      message: hold.message,
      // What is planned waits for a person's word and is no fault: neither of the two.
      ...(hold.reason === 'ChangesPlanned' ? {} : { abnormal: hold.stalled ? 'Stalled' : 'Reconciling' }),
      ...(plan === undefined ? {} : { plan }),
    },
    next:
      hold.retryAfterMs !== undefined ? { afterMs: hold.retryAfterMs } : hold.stalled ? look : { afterMs: holdRetryMs },
  };
}

const holdRetryMs = 10_000;

/** The steps of all stages as sentences, one that comes several times told once; bookkeeping only where it is all there is. */
export function planLines<S extends Step>(stages: readonly (readonly S[])[], describe: (step: S) => string): string[] {
  const steps = stages.flat();
  const told = steps.filter((step) => step.incidental !== true);
  return [...new Set((told.length > 0 ? told : steps).map(describe))];
}

/** RFC 3339 to the second, as Kubernetes writes times. */
export function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+/, '');
}
