import { type CephClientAuth, cephClientAuthKind } from '../api/ceph-client-auth.ts';
import type { Resource } from '../api/resource.ts';
import { Invalid } from '../errors.ts';
import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { type ObjectKey, type SecretObject, secretKind } from '../kube/kinds.ts';
import { isAlreadyExists } from '../kube/kube-error.ts';
import { Secret } from '../secret.ts';
import type { KeepSecret } from './ceph-client-auth/apply.ts';
import type { KeptSecrets } from './ceph-client-auth/observe.ts';
import type { SecretData, SecretReader } from './secrets.ts';

export interface SecretStore extends SecretReader, KeptSecrets {
  readonly keepSecret: KeepSecret;
}

/** How long our own write is believed before the watch has shown it. */
const ownWriteMs = 2_000;

interface Known {
  readonly secret: SecretObject | undefined;
  /** What the watch showed when we wrote; undefined after a read. */
  readonly before?: { readonly resourceVersion: string | undefined; readonly at: number };
}

/**
 * Reads Secrets and keeps those of users. The watch brings metadata only; contents are read again only when the
 * resource version has changed, so that a hundred users at rest cost the API server nothing.
 */
export function createSecretStore(
  client: Client,
  cache: Cache,
  now: () => number = () => performance.now(),
): SecretStore {
  const known = new Map<string, Known>();

  async function read(at: ObjectKey, signal: AbortSignal): Promise<SecretObject | undefined> {
    const id = `${at.namespace}/${at.name}`;
    const seen = cache.get(secretKind, at)?.metadata.resourceVersion;
    const found = known.get(id);
    if (found !== undefined && isCurrent(found, seen)) return found.secret;
    const secret = await client.get(secretKind, at, signal);
    if (secret === undefined) known.delete(id);
    else known.set(id, { secret });
    return secret;
  }

  function isCurrent({ secret, before }: Known, seen: string | undefined): boolean {
    if (seen !== undefined && secret?.metadata.resourceVersion === seen) return true;
    return before !== undefined && before.resourceVersion === seen && now() - before.at < ownWriteMs;
  }

  return {
    async readSecret(namespace, name, signal) {
      return decode(await read({ namespace, name }, signal));
    },
    async readKept(resource, name, signal) {
      const secret = await read({ namespace: resource.metadata.namespace, name }, signal);
      const data = decode(secret);
      return secret === undefined || data === undefined ? undefined : { data, isOurs: isKeptBy(secret, resource) };
    },
    async keepSecret(resource, name, data, { exists }, signal) {
      const at = { namespace: resource.metadata.namespace, name };
      const present = exists ? await client.get(secretKind, at, signal) : undefined;
      if (present !== undefined && !isKeptBy(present, resource)) throw conflict(name);
      const manifest = renderManifest(resource, name, data, present?.metadata.uid);
      const before = { resourceVersion: cache.get(secretKind, at)?.metadata.resourceVersion, at: now() };
      try {
        const secret =
          present === undefined
            ? await client.create(secretKind, manifest, signal)
            : await client.apply(secretKind, manifest, signal);
        known.set(`${at.namespace}/${name}`, { secret, before });
      } catch (error) {
        if (isAlreadyExists(error)) throw conflict(name);
        throw error;
      }
    },
  };
}

function decode(secret: SecretObject | undefined): SecretData | undefined {
  if (secret === undefined) return undefined;
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, new Secret(Buffer.from(value, 'base64').toString())]),
  );
}

/** By name, not by UID: a Kubernetes that was rebuilt from its manifests finds its own again. */
function isKeptBy(secret: SecretObject, resource: Resource): boolean {
  return (secret.metadata.ownerReferences ?? []).some(
    ({ kind, name }) => kind === cephClientAuthKind.kind && name === resource.metadata.name,
  );
}

function renderManifest(resource: CephClientAuth, name: string, data: SecretData, uid: string | undefined) {
  const binding = resource.metadata.labels?.['cephopenstack.io/binding'];
  return {
    metadata: {
      name,
      namespace: resource.metadata.namespace,
      ...(uid === undefined ? {} : { uid }),
      labels: {
        'app.kubernetes.io/managed-by': 'ceph-openstack-operator',
        ...(binding === undefined ? {} : { 'cephopenstack.io/binding': binding }),
      },
      ownerReferences: [
        {
          apiVersion: resource.apiVersion,
          kind: cephClientAuthKind.kind,
          name: resource.metadata.name,
          uid: resource.metadata.uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    type: 'Opaque',
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value.reveal()).toString('base64')]),
    ),
  };
}

function conflict(name: string): Invalid {
  const message = `The Secret "${name}" exists and is not ours: delete it, or name another in spec.secret.`;
  return new Invalid('SecretConflict', message);
}
