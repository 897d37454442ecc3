import { type CephClientAuth, clientNameOf, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { type HostPlace, isSamePlace, keyOfPlace } from '../../api/host-place.ts';
import type { Policy } from '../../api/policy.ts';
import { parseConnection } from '../../ceph/connection.ts';
import { Invalid } from '../../errors.ts';
import { keyOf } from '../../kube/kinds.ts';
import { notCreatedYet } from '../../openstack/foretold-keys.ts';
import { clientNeeds, clientUses, needsOf, poolNeeds } from '../binding-needs.ts';
import { isForetold } from '../foretold.ts';
import type { PoolCounts } from '../pool-counts.ts';
import { revisionContent } from '../revision-content.ts';
import { policyIn, type SecretData, type SecretReader } from '../secrets.ts';
import { isChildOf } from './children.ts';
import type { BindingKube } from './kube.ts';
import type { ClientSecret, Observed } from './observed.ts';
import type { OpenStackWatch } from './openstack-watch.ts';
import { poolsAtStake } from './orphans.ts';

export interface ObserveTools {
  readonly kube: BindingKube;
  readonly secrets: SecretReader;
  readonly openStack: OpenStackWatch;
  readonly counts: PoolCounts;
}

export async function observe(
  binding: CephOpenStackBinding,
  tools: ObserveTools,
  signal: AbortSignal,
): Promise<Observed> {
  const { kube } = tools;
  const { namespace, name } = binding.metadata;
  const clients = byName(kube.clients(namespace));
  const allHosts = kube.hosts(namespace);
  const hosts = allHosts.filter((host) => host.spec.bindingName === name || isChildOf(binding, host));
  const isGoing = binding.metadata.deletionTimestamp !== undefined;
  const seen = {
    pools: byName(kube.pools(namespace)),
    clients,
    hosts: byName(hosts),
    ...readRevisions(binding, kube),
    refused: kube.refused(),
    clientSecrets: isGoing ? new Map() : await readClientSecrets(binding, clients, tools, signal),
    fsids: isGoing ? new Map() : await readFsids(binding, clients, tools, signal),
    policy: isGoing ? undefined : await readPolicy(binding, tools, signal),
    claimedByOthers: claimedByOthers(binding, kube.bindings()),
    poolsOfOthers: poolsOfOthers(binding, kube.bindings()),
    openStack: await tools.openStack.view(binding, hosts, allHosts, signal),
  };
  const atStake = isGoing || binding.spec.mode === 'Plan' ? [] : poolsAtStake(binding, needsOf(binding), seen);
  return { ...seen, counts: tools.counts.read(atStake, keyOf(binding)) };
}

function byName<T extends { readonly metadata: { readonly name: string } }>(
  objects: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

function readRevisions(
  binding: CephOpenStackBinding,
  kube: BindingKube,
): Pick<Observed, 'revisions' | 'alteredRevisions'> {
  const own = kube
    .revisions(binding.metadata.namespace)
    .filter((object) => isChildOf(binding, object as { metadata: CephOpenStackBinding['metadata'] }));
  const named = own.map((object) => ({
    ...{ name: object.metadata.name, uid: object.metadata.uid, number: object.revision },
    data: revisionContent(object),
  }));
  return {
    revisions: named.flatMap(({ data, ...revision }) => (data === undefined ? [] : [{ ...revision, data }])),
    alteredRevisions: named.filter(({ data }) => data === undefined),
  };
}

async function readClientSecrets(
  binding: CephOpenStackBinding,
  clients: ReadonlyMap<string, CephClientAuth>,
  tools: ObserveTools,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ClientSecret>> {
  const wanted = clientNeeds(needsOf(binding)).flatMap((need) => clients.get(need.objectName) ?? []);
  const found = await Promise.all(
    wanted.map(async (client) => {
      const name = clientSecretNameOf(client);
      const data = await tools.secrets.readSecret(binding.metadata.namespace, name, signal);
      const secret = foretoldSecret(binding, client) ?? (data === undefined ? undefined : parseClientSecret(data));
      return secret === undefined ? [] : [[name, secret] as const];
    }),
  );
  return new Map(found.flat());
}

/** A plan for hosts is made with what a Secret will say; nothing else ever is. */
export function foretoldSecret(binding: CephOpenStackBinding, client: CephClientAuth): ClientSecret | undefined {
  const foretold = client.status?.foretold;
  if (binding.spec.mode !== 'Plan' || foretold === undefined || !isForetold(client)) return undefined;
  const { fsid, monHost, keyFingerprint = notCreatedYet } = foretold;
  return { userId: clientNameOf(client), fingerprint: keyFingerprint, fsid, monHost };
}

function parseClientSecret(data: SecretData): ClientSecret | undefined {
  const { userID, userKey, fsid, monHost } = data;
  if (userID === undefined || userKey === undefined || fsid === undefined || monHost === undefined) return undefined;
  const fingerprint = userKey.fingerprint();
  return { userId: userID.reveal(), fingerprint, fsid: fsid.reveal(), monHost: monHost.reveal() };
}

/** Asked for only where a user is reached by another Secret than the pools of its section: both may lead to one cluster. */
async function readFsids(
  binding: CephOpenStackBinding,
  clients: ReadonlyMap<string, CephClientAuth>,
  { secrets }: ObserveTools,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const asked = clientUses(needsOf(binding)).filter(({ objectName, cluster }) => {
    const client = clients.get(objectName);
    return client !== undefined && client.spec.cluster.secretName !== cluster;
  });
  const found = [...new Set(asked.map(({ cluster }) => cluster))].map(async (name) => {
    const data = await secrets.readSecret(binding.metadata.namespace, name, signal);
    const fsid = data && fsidIn(name, data);
    return fsid === undefined ? [] : [[name, fsid] as const];
  });
  return new Map((await Promise.all(found)).flat());
}

/** What is wrong with the Secret is told by those who log in with it. */
function fsidIn(name: string, data: SecretData): string | undefined {
  try {
    return parseConnection(name, data).fsid;
  } catch (error) {
    if (error instanceof Invalid) return undefined;
    throw error;
  }
}

async function readPolicy(
  binding: CephOpenStackBinding,
  tools: ObserveTools,
  signal: AbortSignal,
): Promise<Policy | undefined> {
  const name = binding.spec.ssh.secretName;
  const data = await tools.secrets.readSecret(binding.metadata.namespace, name, signal);
  return data === undefined ? undefined : policyIn(data, name);
}

/** Hosts of the binding that an older one has by the same address; of two that are as old, the first by name is it. */
export function claimedByOthers(
  binding: CephOpenStackBinding,
  bindings: readonly CephOpenStackBinding[],
): ReadonlyMap<string, string> {
  const claims = new Map<string, string>();
  const older = bindings.filter((other) => isOlder(other, binding)).sort((a, b) => (isOlder(a, b) ? -1 : 1));
  for (const other of older) {
    const name = `${other.metadata.namespace}/${other.metadata.name}`;
    const places = Map.groupBy<string, HostPlace>(other.spec.hosts, keyOfPlace);
    for (const host of binding.spec.hosts) {
      const isTheirs = places.get(keyOfPlace(host))?.some((place) => isSamePlace(place, host)) === true;
      if (isTheirs && !claims.has(host.name)) claims.set(host.name, name);
    }
  }
  return claims;
}

export function poolsOfOthers(
  { metadata: { namespace, uid } }: CephOpenStackBinding,
  bindings: readonly CephOpenStackBinding[],
): ReadonlySet<string> {
  const others = bindings.filter(({ metadata }) => metadata.namespace === namespace && metadata.uid !== uid);
  return new Set(others.flatMap((other) => poolNeeds(needsOf(other)).map(({ objectName }) => objectName)));
}

function isOlder(a: CephOpenStackBinding, b: CephOpenStackBinding): boolean {
  const ageOf = ({ metadata }: CephOpenStackBinding): string =>
    `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
  return a.metadata.uid !== b.metadata.uid && ageOf(a) < ageOf(b);
}
