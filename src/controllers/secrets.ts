import { loadAll, YAMLException } from 'js-yaml';
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
 * The administrator's word in the key `policy` of a connection or SSH Secret; none, or a blank one, is the strict default.
 * @throws {Invalid} in one sentence that names the Secret.
 */
export function policyIn(data: SecretData, secretName: string): Policy {
  const text = data.policy?.reveal() ?? '';
  try {
    // Several documents are refused by parsePolicy, for an array is none; a blank text has none.
    const documents = loadAll(text);
    return parsePolicy(documents.length > 1 ? documents : documents[0]);
  } catch (cause) {
    // The whole message of a YAML error repeats the text over several lines.
    const why = cause instanceof YAMLException ? cause.reason : errorMessage(cause);
    throw new Invalid('ConnectionInvalid', `Cannot read the policy in the Secret "${secretName}": ${why}.`, { cause });
  }
}
