import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../../api/resource.ts';
import { atMostOne, type Command, parseWords, UsageError } from '../command.ts';
import { type Cluster, clusterHelp, clusterOptions, openCluster, whereOf } from './cluster.ts';
import { findObject } from './find.ts';
import { below, childrenOf, condition, nameOf, type Objects, plain, stateOf } from './objects.ts';
import { countStates, renderTree } from './tree.ts';

const lookAgainMs = 2000;

/** Prints the tree from bindings to pools, users and hosts. */
export const statusCommand: Command = {
  summary: 'Print bindings, and the pools, users and hosts below them, each with its state',
  help: `status [NAME] [--wait [--timeout SECONDS]] [-n NAMESPACE | -A]

Prints the tree: each binding with its pools, users and hosts, and pools and users of their own. With more than a dozen hosts
those that are Ready are only counted; "hosts" lists all.

  NAME                   only this binding
  --wait                 print what changes until all is Ready, then the tree. Ends with 1 when a person is wanted (Stalled, or
                         changes that are only planned), or there is nothing to wait for
  --timeout SECONDS      how long to wait; default 600
${clusterHelp}`,
  async run(args) {
    const { values, positionals } = parseWords({
      args: [...args],
      allowPositionals: true,
      options: {
        ...clusterOptions,
        wait: { type: 'boolean', default: false },
        timeout: { type: 'string', default: '600' },
      },
    });
    const name = atMostOne(positionals);
    if (!/^\d{1,6}$/.test(values.timeout))
      throw new UsageError(`--timeout is "${values.timeout}"; it must be seconds.`);
    await using cluster = openCluster(values);
    const ended = values.wait ? await waitFor(cluster, name, Number(values.timeout)) : true;
    const objects = only(await cluster.objects(), name, whereOf(cluster));
    const text = renderTree(objects);
    process.stdout.write(text === '' ? `There is nothing of ours in ${whereOf(cluster)}.\n` : text);
    return ended ? 0 : 1;
  },
};

/** The binding of that name with what is below it; without a name everything. */
function only(objects: Objects, name: string | undefined, where: string): Objects {
  if (name === undefined) return objects;
  const found = findObject(objects, `CephOpenStackBinding/${name}`, where);
  return { ...below(found, objects), bindings: objects.bindings.filter((binding) => binding === found) };
}

/** Prints progress until all that was asked for is Ready (true), or a person is wanted or the time is up (false). */
async function waitFor(cluster: Cluster, name: string | undefined, seconds: number): Promise<boolean> {
  const until = performance.now() + seconds * 1000;
  const said = new Map<string, string>();
  for (;;) {
    const objects = only(await cluster.objects(), name, whereOf(cluster));
    const roots: readonly Resource[] =
      name === undefined ? [...objects.bindings, ...objects.pools, ...objects.clients] : objects.bindings;
    for (const root of roots) {
      const progress = progressOf(root, objects);
      if (said.get(root.metadata.uid) === progress) continue;
      said.set(root.metadata.uid, progress);
      process.stdout.write(`${progress}\n`);
    }
    if (roots.length === 0) return false;
    if (roots.every((root) => stateOf(root) === 'Ready')) return true;
    // What is planned waits for a person, as what is stalled does.
    if (roots.some((root) => stateOf(root) === 'Stalled')) return false;
    if (roots.every((root) => stateOf(root) === 'Ready' || stateOf(root) === 'Planned')) return false;
    if (performance.now() > until) {
      process.stderr.write(`Not Ready within ${seconds} s.\n`);
      return false;
    }
    await sleep(lookAgainMs);
  }
}

function progressOf(root: Resource, objects: Objects): string {
  const children = childrenOf(root, objects);
  const counts = children.length === 0 ? '' : ` (below it: ${countStates(children)})`;
  return `${nameOf(root)} ${stateOf(root)}${counts}: ${plain(condition(root, 'Ready')?.message ?? 'not looked at yet.')}`;
}
