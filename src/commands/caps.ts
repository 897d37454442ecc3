import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { parsePolicy } from '../api/policy.ts';
import { operatorCaps, operatorCapsCommands } from '../ceph/operator-caps.ts';
import { type Command, parseWords, UsageError } from './command.ts';

/** Prints the commands that make the operator's own Ceph user. */
export const capsCommand: Command = {
  summary: "Print the commands that make the operator's own Ceph user",
  help: `Usage: caps [--policy FILE|-] [--entity client.NAME] [--output text|json]

Prints the commands by which a Ceph administrator makes the operator's user, with no more than a policy needs. Run them
again after every change of the policy: they leave the key as it is.

  --policy FILE    what the key "policy" of the connection Secret is to hold; - is the input; none is the strict default
  --entity NAME    the user; default client.openstack-operator
  --output json    the caps alone
`,
  async run(args) {
    process.stdout.write(`${await renderCapsCommand(args)}\n`);
    return 0;
  },
};

async function renderCapsCommand(args: readonly string[]): Promise<string> {
  const { values } = parseWords({
    args: [...args],
    options: {
      policy: { type: 'string' },
      entity: { type: 'string', default: 'client.openstack-operator' },
      output: { type: 'string', default: 'text' },
    },
  });
  if (!/^client\.[A-Za-z0-9_.-]+$/.test(values.entity)) {
    throw new UsageError(`--entity is "${values.entity}"; it must be a client, such as client.openstack-operator.`);
  }
  if (!['text', 'json'].includes(values.output)) {
    throw new UsageError(`--output is "${values.output}"; it must be text or json.`);
  }
  const source = values.policy === '-' ? '/dev/stdin' : values.policy;
  const text = source === undefined ? '' : await readFile(source, 'utf8');
  const caps = operatorCaps(parsePolicy(text.trim() === '' ? undefined : load(text)));
  return values.output === 'json' ? JSON.stringify(caps) : operatorCapsCommands(values.entity, caps);
}
