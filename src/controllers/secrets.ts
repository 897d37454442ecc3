import { load } from 'js-yaml';
import { type Policy, parsePolicy } from '../api/policy.ts';
import { errorMessage, Invalid } from '../errors.ts';
import type { Client } from '../kube/client.ts';
import { secretKind } from '../kube/kinds.ts';
import { Secret } from '../secret.ts';

/** The contents of a Kubernetes Secret, decoded. */
export type SecretData = Readonly<Record<string, Secret>>;

/** Reads Secrets, which no cache holds. */
export interface SecretReader {
  /** Undefined when there is none. */
  readSecret(namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined>;
}

export function secretReader(client: Client): SecretReader {
  return {
    async readSecret(namespace, name, signal) {
      const secret = await client.get(secretKind, { namespace, name }, signal);
      if (secret === undefined) return undefined;
      const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [
        key,
        new Secret(Buffer.from(value, 'base64').toString('utf8')),
      ]);
      return Object.fromEntries(decoded);
    },
  };
}

/**
 * The administrator's word in the key `policy` of a connection or SSH Secret; none is the strict default.
 * @throws {Invalid} in one sentence that names the Secret.
 */
export function policyIn(data: SecretData, secretName: string): Policy {
  try {
    return parsePolicy(data.policy === undefined ? undefined : load(data.policy.reveal()));
  } catch (cause) {
    // A YAML error repeats the text over several lines; its first says enough.
    const why = errorMessage(cause).split('\n')[0];
    throw new Invalid('ConnectionInvalid', `Cannot read the policy in the Secret "${secretName}": ${why}.`, { cause });
  }
}
