import { loadAll, YAMLException } from 'js-yaml';
import { abandonable } from '../abandonable.ts';
import { type Policy, parsePolicy } from '../api/policy.ts';
import type { OwnerReference } from '../api/resource.ts';
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

/** A Secret as it is kept: what of its metadata is asked for, and its contents. */
export interface KnownSecret {
  readonly resourceVersion: string;
  readonly ownerReferences: readonly OwnerReference[];
  /** The same until the Secret changes, so that what is derived from it can be kept too. */
  readonly data: SecretData;
}

/** Reads Secrets whole, and hears of those that were written here or are gone. */
export interface SecretStore extends SecretReader {
  readWhole(at: ObjectKey, signal: AbortSignal): Promise<KnownSecret | undefined>;
  wrote(secret: SecretObject): void;
  gone(at: ObjectKey): void;
}

/** How long a write of ours is believed before the watch has shown it. */
const ownWriteMs = 2_000;

interface Known {
  readonly secret: KnownSecret;
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
  const asked = new Map<string, Promise<KnownSecret | undefined>>();
  const versionOf = (at: ObjectKey) => cache.get(secretKind, at)?.metadata.resourceVersion;

  function isCurrent({ secret, written }: Known, seen: string | undefined): boolean {
    if (secret.resourceVersion === seen) return true;
    return written !== undefined && written.over === seen && now() - written.at < ownWriteMs;
  }

  async function ask(at: ObjectKey, id: string): Promise<KnownSecret | undefined> {
    // It has no signal: one who gives up must not fail the others. Every call has a deadline of its own.
    const found = await client.get(secretKind, at);
    const secret = found && decode(found);
    // What the watch does not show, it would not show as gone either.
    if (secret === undefined || versionOf(at) === undefined) known.delete(id);
    else known.set(id, { secret });
    return secret;
  }

  function readWhole(at: ObjectKey, signal: AbortSignal): Promise<KnownSecret | undefined> {
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
    readWhole,
    readSecret: async (namespace, name, signal) => (await readWhole({ namespace, name }, signal))?.data,
    wrote(secret) {
      const written = { over: versionOf(secret.metadata), at: now() };
      known.set(keyOf(secret), { secret: decode(secret), written });
    },
    gone: (at) => void known.delete(keyOf(at)),
  };
}

/** No key stays in memory as text; nor does the annotation in which kubectl writes down what it applied. */
function decode({ metadata, data }: SecretObject): KnownSecret {
  const entries = Object.entries(data ?? {});
  return {
    resourceVersion: metadata.resourceVersion,
    ownerReferences: metadata.ownerReferences ?? [],
    data: Object.fromEntries(entries.map(([key, value]) => [key, new Secret(Buffer.from(value, 'base64').toString())])),
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
    return parsePolicy(documents.length > 1 ? documents : documents[0], secretName);
  } catch (cause) {
    // The whole message of a YAML error repeats the text over several lines.
    const why = cause instanceof YAMLException ? cause.reason : errorMessage(cause);
    throw new Invalid('ConnectionInvalid', `Cannot read the policy in the Secret "${secretName}": ${why}.`, { cause });
  }
}
