import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';
import { parsePolicy } from './api/policy.ts';
import { operatorCaps, operatorCapsCommand } from './ceph/operator-caps.ts';

const usage = 'Usage: caps [--policy FILE|-] [--entity client.NAME] [--output text|json]';

/**
 * The command by which a Ceph administrator makes the operator's user with no more than a policy needs. The file holds
 * what the key `policy` of the connection Secret is to hold; without one it is the strict default. With
 * `--output json`, the caps alone.
 */
export async function renderCapsCommand(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      policy: { type: 'string' },
      entity: { type: 'string', default: 'client.openstack-operator' },
      output: { type: 'string', default: 'text' },
    },
  });
  if (!/^client\.[A-Za-z0-9_.-]+$/.test(values.entity)) {
    throw new Error(`--entity is "${values.entity}"; it must be a client, such as client.openstack-operator. ${usage}`);
  }
  if (!['text', 'json'].includes(values.output)) {
    throw new Error(`--output is "${values.output}"; it must be text or json. ${usage}`);
  }
  const source = values.policy === '-' ? '/dev/stdin' : values.policy;
  const text = source === undefined ? '' : await readFile(source, 'utf8');
  const caps = operatorCaps(parsePolicy(text.trim() === '' ? undefined : load(text)));
  return values.output === 'json' ? JSON.stringify(caps) : operatorCapsCommand(values.entity, caps);
}
