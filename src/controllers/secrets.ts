import { loadAll, YAMLException } from 'js-yaml';
import { type Policy, parsePolicy } from '../api/policy.ts';
import { abandonable } from '../ceph/abandonable.ts';
import { errorMessage, Invalid } from '../errors.ts';
import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { keyOf, type ObjectKey, type SecretObject, secretKind } from '../kube/kinds.ts';
import { Secret } from '../secret.ts';

/** The contents of a Kubernetes Secret, decoded. */
export type SecretData = Readonly<Record<string, Secret>>;

export interface SecretReader {
  /** Undefined when there is none. */
  readSecret(namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined>;
}

/** Reads Secrets whole, and hears of those that were written here. */
export interface SecretStore extends SecretReader {
  readObject(at: ObjectKey, signal: AbortSignal): Promise<SecretObject | undefined>;
  wrote(secret: SecretObject): void;
}

/** How long a write of ours is believed before the watch has shown it. */
const ownWriteMs = 2_000;

interface Known {
  readonly secret: SecretObject;
  /** What the watch showed when we wrote it; left out after a read. */
  readonly written?: { readonly over: string | undefined; readonly at: number };
}

/**
 * The watch brings metadata only. Contents are asked for again when the resource version has changed, and once for all
 * who want them at the same time: a hundred users at rest cost the API server nothing.
 */
export function secretReader(
  client: Pick<Client, 'get'>,
  cache: Pick<Cache, 'get'>,
  now: () => number = () => performance.now(),
): SecretStore {
  const known = new Map<string, Known>();
  const asked = new Map<string, Promise<SecretObject | undefined>>();
  const versionOf = (at: ObjectKey) => cache.get(secretKind, at)?.metadata.resourceVersion;

  function isCurrent({ secret, written }: Known, seen: string | undefined): boolean {
    if (secret.metadata.resourceVersion === seen) return true;
    return written !== undefined && written.over === seen && now() - written.at < ownWriteMs;
  }

  async function ask(at: ObjectKey, id: string): Promise<SecretObject | undefined> {
    // It has no signal: one who gives up must not fail the others. Every call has a deadline of its own.
    const secret = await client.get(secretKind, at);
    if (secret === undefined) known.delete(id);
    else known.set(id, { secret });
    return secret;
  }

  function readObject(at: ObjectKey, signal: AbortSignal): Promise<SecretObject | undefined> {
    const seen = versionOf(at);
    const id = keyOf(at);
    const found = known.get(id);
    if (found !== undefined && isCurrent(found, seen)) return Promise.resolve(found.secret);
    // Whoever has seen a newer version does not join those who asked before it.
    const question = `${id} ${seen}`;
    const answer = asked.get(question) ?? ask(at, id).finally(() => asked.delete(question));
    asked.set(question, answer);
    return abandonable(answer, signal);
  }

  return {
    readObject,
    readSecret: async (namespace, name, signal) => decodeSecret(await readObject({ namespace, name }, signal)),
    wrote(secret) {
      known.set(keyOf(secret), { secret, written: { over: versionOf(secret.metadata), at: now() } });
    },
  };
}

const decodedSecrets = new WeakMap<SecretObject, SecretData>();

/** The same object gives the same data, so that what is derived from it can be kept too. */
export function decodeSecret(secret: SecretObject | undefined): SecretData | undefined {
  if (secret === undefined) return undefined;
  const known = decodedSecrets.get(secret) ?? decode(secret);
  decodedSecrets.set(secret, known);
  return known;
}

function decode(secret: SecretObject): SecretData {
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, new Secret(Buffer.from(value, 'base64').toString())]));
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
