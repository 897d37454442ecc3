import { atMostOne, type Command, parseWords, UsageError } from '../command.ts';
import { clusterHelp, clusterOptions, openCluster, whereOf } from './cluster.ts';
import { explain } from './explain.ts';
import { findObject } from './find.ts';

/** Explains the conditions of one object, and of what it made. */
export const whyCommand: Command = {
  summary: 'Say why something is as it is, what that means, and what to do',
  help: `why [KIND/]NAME [-n NAMESPACE]

Prints the conditions of a binding, pool, user or host that are not as they should be, and of what it made, with the words of
docs/operations.md on what to do. KIND is needed where several bear the name; a host goes by its name in the binding, too.

${clusterHelp}`,
  async run(args) {
    const { values, positionals } = parseWords({ args: [...args], allowPositionals: true, options: clusterOptions });
    const word = atMostOne(positionals);
    if (word === undefined) throw new UsageError('Say what: [KIND/]NAME.');
    await using cluster = openCluster(values);
    const objects = await cluster.objects();
    process.stdout.write(explain(findObject(objects, word, whereOf(cluster)), objects));
    return 0;
  },
};
