import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { z } from 'zod';
import { parsePolicy } from '../api/policy.ts';
import { operatorCaps, operatorCapsCommands } from '../ceph/operator-caps.ts';
import { type Command, parseWords, UsageError } from './command.ts';
import { readDocuments } from './render/documents.ts';
import { readInput, type SecretWords } from './render/input.ts';

/** Prints the commands that make the operator's own Ceph user. */
export const capsCommand: Command = {
  summary: "Print the commands that make the operator's own Ceph user",
  help: `Usage: caps [--policy FILE|-] [--entity client.NAME] [--output text|json]

Prints the commands by which a Ceph administrator makes the operator's user, with no more than a policy needs. Run them
again after every change of the policy: they leave the key as it is.

  --policy FILE    the connection Secret as YAML or JSON, or what its key "policy" is to hold; - is the input. Other
                   objects in it are passed over. Left out: the strict default
  --entity NAME    the user; default: the userID of that Secret, else client.openstack-operator
  --output json    the caps alone
`,
  async run(args) {
    process.stdout.write(`${await renderCaps(args)}\n`);
    return 0;
  },
};

export async function renderCaps(args: readonly string[]): Promise<string> {
  const { values } = parseWords({
    args: [...args],
    options: {
      policy: { type: 'string' },
      entity: { type: 'string' },
      output: { type: 'string', default: 'text' },
    },
  });
  if (values.entity !== undefined && !clientName.test(values.entity)) {
    throw new UsageError(`--entity is "${values.entity}"; it must be a client, such as client.openstack-operator.`);
  }
  if (!['text', 'json'].includes(values.output)) {
    throw new UsageError(`--output is "${values.output}"; it must be text or json.`);
  }
  const source = values.policy === '-' ? '/dev/stdin' : values.policy;
  const words = readWords(source === undefined ? '' : await readFile(source, 'utf8'));
  const entity = values.entity ?? words.entity ?? 'client.openstack-operator';
  if (!clientName.test(entity)) throw new Error('userID in the Secret is no name of a client.');
  const caps = operatorCaps(words.policy);
  return values.output === 'json' ? JSON.stringify(caps) : operatorCapsCommands(entity, caps);
}

const secret = z.looseObject({ kind: z.literal('Secret') });
const clientName = /^client\.[A-Za-z0-9_.-]+$/;

/** Of the connection Secret in the text; without a Secret there, the text is the policy. */
function readWords(text: string): SecretWords {
  const { documents, faults: unread } = readDocuments([{ name: '--policy', text }]);
  const { input, faults } = readInput(documents.filter(({ value }) => secret.safeParse(value).success));
  const { secrets } = input;
  if (unread.length + faults.length > 0) throw new Error([...unread, ...faults].join(' '));
  const [[, only] = [], ...others] = secrets;
  if (only === undefined)
    return { policy: parsePolicy(text.trim() === '' ? undefined : load(text)), entity: undefined };
  if (others.length === 0) return only;
  const [connection, ...further] = [...secrets].filter(([, { entity }]) => entity !== undefined);
  if (connection !== undefined && further.length === 0) return connection[1];
  throw new UsageError(
    `--policy holds the Secrets ${[...secrets.keys()].sort().join(', ')}: give the connection Secret alone.`,
  );
}
