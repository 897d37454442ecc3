import { load } from 'js-yaml';
import { z } from 'zod';
import { isReservedEntity, type Policy, parsePolicy } from '../api/policy.ts';
import { operatorCaps, operatorCapsCommands } from '../ceph/operator-caps.ts';
import { errorMessage } from '../errors.ts';
import { type Command, InputFaults, parseWords, UsageError } from './command.ts';
import { readSources } from './read-sources.ts';
import { readDocuments, type Source } from './render/documents.ts';
import { readInput, type SecretWords } from './render/input.ts';

/** Prints the commands that make the operator's own Ceph user. */
export const capsCommand: Command = {
  summary: "Print the commands that make the operator's own Ceph user",
  help: `caps [--policy FILE|-] [--entity client.NAME] [--output text|json]

Prints the commands by which a Ceph administrator makes the operator's user, with no more than a policy needs. Run them
again after every change of the policy: they leave the key as it is.

  --policy FILE    the connection Secret as YAML or JSON, or what its key "policy" is to hold; - is the input. Other
                   objects in it are passed over. Left out: the strict default, but for
                   pools, where that is every pool
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
  const { sources, faults } = await readSources(values.policy === undefined ? [] : [values.policy]);
  if (faults.length > 0) throw new InputFaults(faults);
  const words = readWords(sources);
  const entity = values.entity ?? words.entity ?? 'client.openstack-operator';
  if (!clientName.test(entity)) throw new Error('userID in the Secret is no name of a client.');
  if (isReservedEntity(entity, '')) {
    throw new UsageError(
      `The user "${entity}" is the cluster's own, and these caps would take its rights away: name another, such as client.openstack-operator.`,
    );
  }
  const caps = operatorCaps(words.policy);
  return values.output === 'json' ? JSON.stringify(caps) : operatorCapsCommands(entity, caps);
}

const secret = z.looseObject({ kind: z.literal('Secret') });
const clientName = /^client\.[A-Za-z0-9_.-]+$/;

/** Of the connection Secret in the texts; without a Secret there, the text is the policy. */
function readWords(sources: readonly Source[]): Pick<SecretWords, 'policy' | 'entity'> {
  const { documents, faults: unread } = readDocuments(sources);
  const { input, faults } = readInput(documents.filter(({ value }) => secret.safeParse(value).success));
  if (unread.length + faults.length > 0) throw new InputFaults([...unread, ...faults]);
  const secrets = [...input.secrets];
  const [{ name, text } = { name: '', text: '' }, ...more] = sources;
  if (secrets.length === 0) {
    if (more.length > 0) throw new UsageError('--policy is a folder without Secrets: give the file with the policy.');
    return { policy: policyIn(name, text), entity: undefined };
  }
  const others = secrets.filter(([, { isSsh, entity }]) => !isSsh || entity !== undefined);
  const connections = others.length === 1 ? others : others.filter(([, { entity }]) => entity !== undefined);
  const [[, connection] = [], ...further] = connections;
  if (connection !== undefined && further.length === 0) return connection;
  const named = secrets.map(([key, { isSsh }]) => `${key}${isSsh ? ' (for SSH)' : ''}`).sort();
  throw new UsageError(
    `--policy holds the Secret${named.length === 1 ? '' : 's'} ${named.join(', ')}: give the connection Secret alone.`,
  );
}

function policyIn(name: string, text: string): Policy {
  try {
    return parsePolicy(text.trim() === '' ? undefined : load(text));
  } catch (error) {
    throw new InputFaults([`${name}: ${errorMessage(error)}.`]);
  }
}
