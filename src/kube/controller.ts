import { abandonable } from '../abandonable.ts';
import type { Resource } from '../api/resource.ts';
import { errorMessage, Invalid, Waiting } from '../errors.ts';
import type { Logger } from '../log.ts';
import {
  driftFound,
  driftRepaired,
  reconcileErrors,
  reconcilePanics,
  reconcileTimeouts,
  steps,
  terminalErrors,
} from '../metrics.ts';
import type { Store } from './cache.ts';
import type { Client } from './client.ts';
import { createContest, leaveOutContested, quarrel, repairKey, type Uncontested } from './contest.ts';
import { createDrifts } from './drift.ts';
import type { Recorder } from './events.ts';
import type { KubeObject } from './kinds.ts';
import { isConflict, isFault, isNotFound } from './kube-error.ts';
import {
  abandonAnnotation,
  beginPass,
  hasFinalizer,
  heldVerdict,
  isAbandoned,
  type Next,
  type Pass,
  planLines,
  sooner,
  timestamp,
  underWay,
  type Verdict,
  wasSettled,
} from './pass.ts';
import { createProgress } from './progress.ts';
import type { Hold, Step } from './reconciler.ts';
import type { Registered } from './registration.ts';
import { type Judgement, joinSentences, readyCondition, renderStatus, wasReady } from './status.ts';
import { createStatusWriter, type Written } from './status-writer.ts';

/** Sets and removes our finalizer, leaving those of others alone. Conflict when somebody was faster. */
export interface Finalizers {
  hold(object: KubeObject): Promise<void>;
  release(object: KubeObject): Promise<void>;
}

export interface ControllerTools {
  readonly client: Client;
  /** Where the kind's objects are read from, and our own writes are noted. */
  readonly store: Store;
  readonly finalizers: Finalizers;
  readonly recorder: Recorder;
  readonly log: Logger;
  /** How often a key has failed in a row. */
  failures(key: string): number;
}

/** Work that takes longer than this is shown while it goes on. */
const showAfterMs = 1_000;
/** Somebody else wrote at the same time: said so only when it keeps happening. */
const quietConflicts = 3;
/** How long code that ignores its signal is waited for. */
const graceMs = 10_000;

/** The loop: one pass over the object of a key. Throws only when its status could not be written. */
export function createController(registered: Registered, tools: ControllerTools) {
  const { registration } = registered;
  const { store, finalizers, recorder } = tools;
  const controller = registered.kind.kind.toLowerCase();
  const contest = createContest();
  const drifts = createDrifts();
  const statuses = createStatusWriter(registration.kind, tools.client, store);
  const passTimeoutMs = registration.passTimeoutMs ?? 120_000;
  const look = (): Next => ({ afterMs: registration.lookEveryMs * (0.9 + Math.random() * 0.2) });
  const held = (hold: Hold, plan?: readonly string[]): Verdict => heldVerdict(hold, look(), plan);

  async function reconcile(key: string, stop: AbortSignal): Promise<Next> {
    const raw = store.get(key) as Resource | undefined;
    if (raw === undefined) {
      contest.forget(key);
      drifts.close(key);
      statuses.forget(key);
      return 'change';
    }
    const pass = beginPass(raw, tools.log);
    const deadline = AbortSignal.timeout(passTimeoutMs);
    const signal = AbortSignal.any([stop, deadline]);
    let verdict: Verdict;
    try {
      verdict = await abandonable(converge(pass, signal), signal, graceMs);
    } catch (error) {
      if (stop.aborted) return 'change';
      verdict = failed(error, pass, deadline.aborted, tools.failures(key));
    }
    if (!pass.deleting && wasSettled(raw)) {
      contest.note(key, raw.metadata.generation, pass.repairs, performance.now());
    }
    if (pass.did.length > 0) {
      const isRepair = drifts.isOpen(key, raw.metadata.generation);
      if (isRepair && drifts.repair(key)) driftRepaired.inc({ kind: raw.kind });
      const note = `Done: ${joinSentences([...new Set(pass.did)])}`;
      recorder.record(raw, { type: 'Normal', reason: isRepair ? 'DriftRepaired' : 'Applied', action: 'Apply', note });
    }
    if (verdict.judgement?.ready === true) drifts.close(key);
    const said = verdict.judgement === undefined ? 'nothing' : await report(pass, verdict.judgement);
    return typeof said === 'object' ? sooner(verdict.next, said) : verdict.next;
  }

  async function converge(pass: Pass, signal: AbortSignal): Promise<Verdict> {
    const { raw, deleting } = pass;
    if (isAbandoned(raw)) return abandon(pass, signal);
    // What others still hold it for is not ours to wait for.
    if (deleting && !hasFinalizer(raw)) return { next: 'change' };
    if (raw.status?.observedGeneration !== raw.metadata.generation) await report(pass, underWay(pass, []));
    const resource = parse(raw);
    const { reconciler } = registration;
    const { describe } = reconciler;
    const connection = await reconciler.connect(resource, signal);
    const progress = createProgress();
    for (;;) {
      const observed = await reconciler.observe(resource, connection, signal);
      pass.seen = reconciler.status(resource, observed);
      const plan = reconciler.plan(resource, observed);
      const planned = plan.stages.filter((stage) => stage.length > 0);
      const { stages, contested } = uncontested(pass, planned);
      const left = planLines(planned, describe);
      pass.log.debug({ round: progress.rounds + 1, plan: left, hold: plan.hold?.message }, 'Looked.');
      const isDrift =
        progress.rounds === 0 && !deleting && wasReady(raw) && planned.flat().some((step) => step.incidental !== true);
      if (isDrift) {
        driftFound.inc({ kind: raw.kind });
        drifts.find(`${raw.metadata.namespace}/${raw.metadata.name}`, raw.metadata.generation);
      }
      const isToldOnly = resource.spec.mode === 'Plan' && registration.appliesInPlanMode !== true;
      if (isToldOnly && left.length > 0) return told(left, plan.hold);
      if (stages.length === 0)
        return settled(pass, contested.length > 0 ? quarrel(planLines([contested], describe)) : plan.hold);
      progress.begin(stages, left);
      await finalizers.hold(current(pass));
      for (const stage of stages) {
        signal.throwIfAborted();
        await applyStage(pass, stage, (done) => reconciler.apply(stage, resource, connection, done, signal));
      }
      signal.throwIfAborted();
    }
  }

  /** The plan without what somebody keeps reverting, who is not fought with restarts for ever. */
  function uncontested({ raw, deleting }: Pass, stages: readonly (readonly Step[])[]): Uncontested<Step> {
    if (deleting || !wasSettled(raw)) return { stages, contested: [] };
    const { reconciler, orderedStages = false } = registration;
    const { generation, namespace, name } = raw.metadata;
    const isContested = (step: Step): boolean => {
      const repair = repairKey(step, reconciler);
      return repair !== undefined && contest.isContested(`${namespace}/${name}`, generation, repair, performance.now());
    };
    const standsAlone = (step: Step) => reconciler.repair?.(step).standsAlone === true;
    return leaveOutContested(stages, isContested, standsAlone, orderedStages);
  }

  async function applyStage(
    pass: Pass,
    stage: readonly Step[],
    apply: (done: (step: Step) => void) => Promise<void>,
  ): Promise<void> {
    const { describe } = registration.reconciler;
    const open = new Set(stage);
    let showing: Promise<unknown> | undefined;
    const timer = setTimeout(() => {
      showing = report(pass, underWay(pass, stage.map(describe))).catch((error) => pass.log.warn(errorMessage(error)));
    }, showAfterMs);
    try {
      await apply((step) => {
        const sentence = describe(step);
        open.delete(step);
        if (step.incidental !== true) pass.did.push(sentence);
        const repair = repairKey(step, registration.reconciler);
        if (repair !== undefined) pass.repairs.push(repair);
        steps.inc({ kind: pass.raw.kind, result: 'done' });
        pass.log.info({ verb: step.verb }, sentence);
      });
    } catch (error) {
      // Of a transaction it is the first that was not reached; what would have come after it did not fail.
      const failed = registration.orderedStages === true ? Math.min(open.size, 1) : open.size;
      steps.inc({ kind: pass.raw.kind, result: 'failed' }, failed);
      throw error;
    } finally {
      clearTimeout(timer);
      await showing;
    }
  }

  async function settled(pass: Pass, hold: Hold | undefined): Promise<Verdict> {
    if (hold !== undefined) return held(hold);
    if (pass.deleting) {
      // What was planned for an older generation says nothing of the newer one.
      if (current(pass).metadata.generation !== pass.raw.metadata.generation) return { next: { afterMs: 0 } };
      await finalizers.release(current(pass));
      pass.log.info('Let go.');
      return { next: 'change' };
    }
    if (pass.raw.spec.mode !== 'Plan') await finalizers.hold(current(pass));
    return { judgement: { ready: true, reason: 'Converged', message: 'All is as it should be.' }, next: look() };
  }

  function told(plan: readonly string[], hold: Hold | undefined): Verdict {
    if (hold !== undefined) return held(hold, plan);
    const message = `${plan.length === 1 ? 'One change is' : `${plan.length} changes are`} planned, see status.plan; set mode to Enforce to have them made.`;
    return { judgement: { ready: false, reason: 'ChangesPlanned', message, plan }, next: look() };
  }

  async function abandon(pass: Pass, signal: AbortSignal): Promise<Verdict> {
    const { raw } = pass;
    const message = `Nothing is done for this object any more; remove the annotation ${abandonAnnotation} to have it managed again.`;
    const news = hasFinalizer(raw) || readyCondition(raw)?.reason !== 'Abandoned';
    await registration.abandon?.(raw, signal);
    if (hasFinalizer(raw)) await finalizers.release(current(pass));
    if (news) {
      pass.log.info('Abandoned.');
      recorder.record(raw, { type: 'Normal', reason: 'Abandoned', action: 'Abandon', note: message });
    }
    if (pass.deleting) return { next: 'change' };
    return { judgement: { ready: false, reason: 'Abandoned', message, abnormal: 'Stalled' }, next: 'change' };
  }

  /** The one error policy. */
  function failed(error: unknown, pass: Pass, late: boolean, failures: number): Verdict {
    if (error instanceof Waiting) {
      const { reason, message, retryAfterMs } = error;
      return held({ reason, message, retryAfterMs, stalled: false });
    }
    if (error instanceof Invalid) {
      terminalErrors.inc({ controller });
      return held({ reason: error.reason, message: error.message, stalled: true });
    }
    // The end of the object, seen before the watch has told of it.
    if (isNotFound(error) && pass.deleting) return { next: 'change' };
    if (isConflict(error) && failures < quietConflicts) return { next: 'backoff' };
    reconcileErrors.inc({ controller });
    if (late) reconcileTimeouts.inc({ controller });
    const message = late ? `The pass did not end within ${passTimeoutMs / 1000} seconds.` : errorMessage(error);
    if (isFault(error)) {
      reconcilePanics.inc({ controller });
      pass.log.error({ err: error }, message);
    } else pass.log.warn({ failures }, message);
    return { judgement: { ready: false, reason: 'Failed', message, abnormal: 'Reconciling' }, next: 'backoff' };
  }

  async function report(pass: Pass, judgement: Judgement): Promise<Written> {
    const raw = current(pass);
    const status = renderStatus(pass.raw.metadata.generation, raw, judgement, pass.seen, timestamp());
    const said = await statuses.write(raw, status);
    const before = readyCondition(raw);
    if (said !== 'written' || (before?.reason === judgement.reason && before.message === judgement.message))
      return said;
    const level = judgement.abnormal === 'Stalled' ? 'warn' : 'info';
    pass.log[level]({ ready: judgement.ready, reason: judgement.reason }, judgement.message);
    if ((judgement.abnormal === 'Stalled' && judgement.reason !== 'Abandoned') || judgement.reason === 'Failed') {
      const { reason, message: note } = judgement;
      recorder.record(raw, { type: 'Warning', reason, action: pass.deleting ? 'Delete' : 'Reconcile', note });
    }
    return said;
  }

  /** The object as last seen, which our own writes have moved on since the pass began. */
  function current(pass: Pass): Resource {
    const { namespace, name, uid } = pass.raw.metadata;
    const now = store.get(`${namespace}/${name}`) as Resource | undefined;
    return now?.metadata.uid === uid ? now : pass.raw;
  }

  function parse(raw: Resource): Resource {
    try {
      return registration.parse(raw);
    } catch (cause) {
      throw new Invalid('InvalidSpec', errorMessage(cause), { cause });
    }
  }

  return { reconcile };
}
