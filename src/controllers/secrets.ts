import { load } from 'js-yaml';
import { type Policy, parsePolicy } from '../api/policy.ts';
import { errorMessage, Invalid } from '../errors.ts';
import type { Client } from '../kube/client.ts';
import { secretKind } from '../kube/kinds.ts';

/** The values of a Secret as text, by key. */
export type SecretData = Readonly<Record<string, string>>;

/** Reads a Secret, which no cache holds; undefined when there is none. */
export async function readSecretData(
  client: Client,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<SecretData | undefined> {
  const secret = await client.get(secretKind, { namespace, name }, signal);
  if (secret === undefined) return undefined;
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

/**
 * The administrator's word in the key `policy` of a connection or SSH Secret; none is the strict default.
 * @throws {Invalid} in one sentence that names the Secret.
 */
export function policyIn(data: SecretData, secretName: string): Policy {
  try {
    return parsePolicy(data.policy === undefined ? undefined : load(data.policy));
  } catch (cause) {
    // A YAML error repeats the text over several lines; its first says enough.
    const why = errorMessage(cause).split('\n')[0];
    throw new Invalid('ConnectionInvalid', `Cannot read the policy in the Secret "${secretName}": ${why}.`, { cause });
  }
}
