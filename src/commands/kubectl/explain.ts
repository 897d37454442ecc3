import type { Condition, Resource } from '../../api/resource.ts';
import { adviceFor } from './advice.ts';
import { childrenOf, condition, nameOf, type Objects, plain, stateOf } from './objects.ts';

/** How many objects that want the same are named. */
const named = 10;

/** Why an object is as it is: its conditions, each with what to do, and below it what the things that it made say. Ends with a newline. */
export function explain(object: Resource, objects: Objects): string {
  const state = stateOf(object);
  const lines = [`${nameOf(object)}: ${state}`];
  const conditions = (object.status?.conditions ?? []).filter(isTelling);
  if (conditions.length === 0 && state === 'Unseen') {
    lines.push('  The operator has not looked at it yet. Does it run, and does it watch this namespace?');
  } else if (state === 'Unseen') {
    lines.push('  The operator has not looked at it since its spec changed; what follows is of before.');
  }
  for (const one of conditions) lines.push(...conditionLines(one));
  const causes = groupByCause(childrenOf(object, objects).filter((child) => stateOf(child) !== 'Ready'));
  for (const [ready, children] of causes) {
    const names = children.slice(0, named).map((child) => `${child.kind} ${child.metadata.name}`);
    const more = children.length > named ? `, and ${children.length - named} more` : '';
    lines.push('', `${names.join(', ')}${more}: ${stateOf(children[0] ?? object)}`, ...conditionLines(ready));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Reconciling and Stalled say what Ready says; of the others those that are not as they should be. */
function isTelling({ type, status }: Condition): boolean {
  return type === 'Ready' || (type !== 'Reconciling' && type !== 'Stalled' && status !== 'True');
}

function conditionLines({ type, status, reason, message }: Condition): readonly string[] {
  const advice = adviceFor(reason);
  return [
    `  ${plain(`${type} is ${status}: ${reason}`)}`,
    `    ${plain(message)}`,
    ...(advice === undefined || reason === 'Converged'
      ? []
      : [`    What it means: ${advice.meaning}`, `    What to do: ${advice.remedy}`]),
  ];
}

/** Objects that say the same of Ready together, the most frequent first. */
function groupByCause(children: readonly Resource[]): readonly (readonly [Condition, readonly Resource[]])[] {
  const groups = new Map<string, [Condition, Resource[]]>();
  for (const child of children) {
    const ready = condition(child, 'Ready');
    if (ready === undefined) continue;
    const cause = JSON.stringify([stateOf(child), ready.reason, ready.message]);
    const group = groups.get(cause) ?? [ready, []];
    groups.set(cause, group);
    group[1].push(child);
  }
  return [...groups.values()].toSorted(([, a], [, b]) => b.length - a.length);
}
