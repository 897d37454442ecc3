import { atMostOne, type Command, parseWords } from '../command.ts';
import { clusterHelp, clusterOptions, openCluster, whereOf } from './cluster.ts';
import { findObject } from './find.ts';
import { below, stateOf } from './objects.ts';
import { renderHosts } from './tree.ts';

/** Prints a line for each host. */
export const hostsCommand: Command = {
  summary: 'Print a line for each host: what it is, which revision it has, and what it lacks',
  help: `hosts [BINDING] [--not-ready] [-n NAMESPACE | -A]

  BINDING                only the hosts of this one
  --not-ready            only those that are not Ready
${clusterHelp}`,
  async run(args) {
    const { values, positionals } = parseWords({
      args: [...args],
      allowPositionals: true,
      options: { ...clusterOptions, 'not-ready': { type: 'boolean', default: false } },
    });
    const name = atMostOne(positionals);
    await using cluster = openCluster(values);
    const objects = await cluster.objects();
    const binding =
      name === undefined ? undefined : findObject(objects, `CephOpenStackBinding/${name}`, whereOf(cluster));
    const { hosts } = binding === undefined ? objects : below(binding, objects);
    process.stdout.write(renderHosts(hosts.filter((host) => !values['not-ready'] || stateOf(host) !== 'Ready')));
    return 0;
  },
};
