import { isDeepStrictEqual } from 'node:util';
import { conditionTypes, type Reason } from '../api/conditions.ts';
import type { Condition, Resource } from '../api/resource.ts';
import { patchTo } from './patch-to.ts';

/** What a pass says of a resource as a whole. */
export interface Judgement {
  readonly ready: boolean;
  readonly reason: Reason;
  readonly message: string;
  /** Shown as a condition of its own while things are not as they should be: still moving, or waiting for a person. */
  readonly abnormal?: 'Reconciling' | 'Stalled';
  /** What would be done, in plan mode. */
  readonly plan?: readonly string[];
}

/** A kind's own part of the status, from an observation. */
export interface KindStatus {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly conditions: readonly Condition[];
}

const planLimit = 64;
const messageLimit = 2000;

/**
 * The whole status to apply. Without `seen` (nothing could be observed) the kind's own fields and conditions stay as
 * they were; a condition's time moves only when its status does. `generation` is the one that was judged, which
 * `resource` may have left behind; `now` is RFC 3339.
 */
export function renderStatus(
  generation: number,
  resource: Resource,
  judgement: Judgement,
  seen: KindStatus | undefined,
  now: string,
): Record<string, unknown> {
  const { observedGeneration: _, conditions: before = [], plan: __, ...fieldsBefore } = resource.status ?? {};
  const message = truncate(judgement.message);
  const loops: Condition[] = [
    { type: 'Ready', status: judgement.ready ? 'True' : 'False', reason: judgement.reason, message },
  ];
  if (judgement.abnormal !== undefined) {
    loops.push({ type: judgement.abnormal, status: 'True', reason: judgement.reason, message });
  }
  const kinds = (seen?.conditions ?? before.filter((condition) => isOurs(condition) && !isLoops(condition))).map(
    (condition) => ({ ...condition, message: truncate(condition.message) }),
  );
  const conditions = [...loops, ...kinds].map((condition) => {
    const previous = before.find((other) => other.type === condition.type);
    return {
      observedGeneration: generation,
      ...condition,
      lastTransitionTime:
        previous?.status === condition.status && previous.lastTransitionTime !== undefined
          ? previous.lastTransitionTime
          : now,
    };
  });
  return withoutUndefined({
    ...(seen?.fields ?? fieldsBefore),
    observedGeneration: generation,
    conditions,
    plan: judgement.plan === undefined || judgement.plan.length === 0 ? undefined : limitPlan(judgement.plan),
  });
}

/** Whether applying `status` would change nothing. Conditions that others keep beside ours do not count. */
export function isSameStatus(current: Resource['status'], status: Readonly<Record<string, unknown>>): boolean {
  const ours = (all: Readonly<Record<string, unknown>>) =>
    withoutUndefined({ ...all, conditions: byType(conditionsIn(all).filter(isOurs)) });
  return isDeepStrictEqual(ours({ ...current }), ours(status));
}

/** Whether two statuses of ours differ in no more than the times of their conditions, which follow what stood there. */
export function saysTheSame(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const timeless = (status: Readonly<Record<string, unknown>>) => ({
    ...status,
    conditions: conditionsIn(status).map(({ lastTransitionTime: _, ...condition }) => condition),
  });
  return isDeepStrictEqual(withoutUndefined(timeless(a)), withoutUndefined(timeless(b)));
}

/** @see patchTo. Takes away what `found` holds beyond `status`; conditions of types that are not ours stay. */
export function surplusPatch(
  found: Resource['status'],
  status: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const before = conditionsIn({ ...found });
  const theirs = before.filter((condition) => !isOurs(condition));
  return patchTo(
    { ...status, conditions: byType([...conditionsIn(status), ...theirs]) },
    { ...found, conditions: byType(before) },
  );
}

function conditionsIn(status: Readonly<Record<string, unknown>>): readonly Condition[] {
  return (status.conditions ?? []) as readonly Condition[];
}

/** Ready, as it was last judged for the generation at hand. */
export function wasReady(resource: Resource): boolean {
  const ready = readyCondition(resource);
  return ready?.status === 'True' && ready.observedGeneration === resource.metadata.generation;
}

export function readyCondition(resource: Resource): Condition | undefined {
  return resource.status?.conditions?.find((condition) => condition.type === 'Ready');
}

/** At most 64 lines; the last then says how many more there are. */
export function limitPlan(lines: readonly string[]): readonly string[] {
  const shown = lines.map(truncate);
  if (shown.length <= planLimit) return shown;
  return [...shown.slice(0, planLimit - 1), `And ${shown.length - planLimit + 1} more.`];
}

/** How many lines a limited plan stands for. */
export function plannedCount(plan: readonly string[]): number {
  const more = /^And (\d+) more\.$/.exec(plan.at(-1) ?? '')?.[1];
  return more === undefined ? plan.length : plan.length - 1 + Number(more);
}

/** Sentences in one line, as many as fit. */
export function joinSentences(sentences: readonly string[], limit = 1000): string {
  let text = '';
  for (const [index, sentence] of sentences.entries()) {
    const rest = sentences.length - index;
    const more = rest > 1 ? ` And ${rest - 1} more.` : '';
    const longer = text === '' ? sentence : `${text} ${sentence}`;
    if (longer.length + more.length > limit) {
      return text === '' ? `${sentence.slice(0, limit - more.length - 1)}…${more}` : `${text} And ${rest} more.`;
    }
    text = longer;
  }
  return text;
}

function isOurs(condition: Condition): boolean {
  return conditionTypes.includes(condition.type);
}

function isLoops(condition: Condition): boolean {
  return condition.type === 'Ready' || condition.type === 'Reconciling' || condition.type === 'Stalled';
}

function byType(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

function truncate(text: string): string {
  return text.length <= messageLimit ? text : `${text.slice(0, messageLimit - 1)}…`;
}

/** As JSON would carry it. */
function withoutUndefined(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value));
}
