import type { Resource } from '../../api/resource.ts';
import { atMostOne, type Command, parseWords } from '../command.ts';
import { clusterHelp, clusterOptions, openCluster, whereOf } from './cluster.ts';
import { findObject } from './find.ts';
import { allOf, childrenOf, condition, nameOf, type Objects, plain, stateOf } from './objects.ts';

/** Prints what mode Plan would do. */
export const planCommand: Command = {
  summary: 'Print what would be done, for what is in mode Plan',
  help: `plan [[KIND/]NAME] [-n NAMESPACE | -A]

Prints status.plan of all that is in mode Plan, and of what it made. As a check before a change is merged it ends with 0
when nothing would be done, with 3 when something would, and with 4 when that is not known yet or cannot be told.

${clusterHelp}`,
  async run(args) {
    const { values, positionals } = parseWords({ args: [...args], allowPositionals: true, options: clusterOptions });
    const word = atMostOne(positionals);
    await using cluster = openCluster(values);
    const objects = await cluster.objects();
    const { text, verdict } = renderPlans(
      objects,
      word === undefined ? undefined : findObject(objects, word, whereOf(cluster)),
    );
    process.stdout.write(text === '' ? `Nothing in ${whereOf(cluster)} is in mode Plan.\n` : text);
    return exitCodes[verdict];
  },
};

const exitCodes = { nothing: 0, steps: 3, unknown: 4 } as const;

/** The plans of `root` and of what it made; without one, of everything in mode Plan; and what they come to. */
export function renderPlans(
  objects: Objects,
  root: Resource | undefined,
): { readonly text: string; readonly verdict: keyof typeof exitCodes } {
  const all: readonly Resource[] =
    root === undefined
      ? allOf(objects).filter(({ spec }) => spec.mode === 'Plan')
      : [root, ...childrenOf(root, objects)];
  const blocks = all.flatMap((object) => {
    const lines = object.status?.plan ?? [];
    // What the root itself says is printed even when it has no plan: it may say why.
    if (lines.length === 0 && object !== root && object.kind !== 'CephOpenStackBinding') return [];
    const message = plain(condition(object, 'Ready')?.message ?? 'Not looked at yet.');
    const mode = object.spec.mode === 'Plan' ? '' : ' (mode: Enforce, so nothing waits to be agreed to)';
    return [
      `${nameOf(object)} ${stateOf(object)}${mode}: ${message}\n${lines.map((line) => `  ${plain(line)}\n`).join('')}`,
    ];
  });
  const isKnown = all.every((object) => stateOf(object) === 'Ready' || stateOf(object) === 'Planned');
  const hasSteps = all.some((object) => (object.status?.plan ?? []).length > 0);
  return { text: blocks.join('\n'), verdict: !isKnown ? 'unknown' : hasSteps ? 'steps' : 'nothing' };
}
