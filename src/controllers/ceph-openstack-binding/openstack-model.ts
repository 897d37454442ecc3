import { type CephClientAuth, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import { renderCephConf } from '../../ceph/conf.ts';
import { guestSocket } from '../../openstack/guest-sockets.ts';
import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import {
  type CephConf,
  type Client,
  keyringPath,
  type OpenStackModel,
  type SecretIdentity,
} from '../../openstack/model.ts';
import { type ClientNeed, clientUses, type Needs, needsOf, type PoolNeed, poolUses } from '../binding-needs.ts';
import { confPathOf } from '../clusters-on-hosts.ts';
import type { ClientSecret, Observed } from './observed.ts';

/**
 * What the binding says, with every name resolved. Undefined while a pool or a user is not there, which the judgement of
 * the children tells (problems.ts). `secretUuid` gives a user's libvirt secret its UUID, where the binding gives none.
 */
export function openStackModel(
  binding: CephOpenStackBinding,
  observed: Observed,
  secretUuid: SecretUuid = derivedSecretUuid,
): OpenStackModel | undefined {
  const needs = needsOf(binding);
  const resolve = resolver(needs, observed);
  try {
    return build({ binding, needs, resolve, secretUuid });
  } catch (error) {
    if (error === missing) return undefined;
    throw error;
  }
}

/** `cluster` is the connection Secret. */
type SecretUuid = (fsid: string, userId: string, cluster: string) => string;

/** What the users of a cluster log in to, by one that is there by the same connection Secret; else by the first of them. */
export function clusterOf(cluster: string, needs: Needs, observed: Observed): ClientSecret | undefined {
  const found = clientUses(needs)
    .filter((need) => need.cluster === cluster)
    .flatMap((need) => secretOf(need, observed) ?? []);
  return (found.find(({ client }) => client.spec.cluster.secretName === cluster) ?? found[0])?.secret;
}

export function secretOf(
  need: ClientNeed,
  observed: Observed,
): { client: CephClientAuth; name: string; secret: ClientSecret } | undefined {
  const client = observed.clients.get(need.objectName);
  if (client === undefined) return undefined;
  const name = clientSecretNameOf(client);
  const secret = observed.clientSecrets.get(name);
  return secret === undefined ? undefined : { client, name, secret };
}

interface Resolver {
  pool(need: PoolNeed): string;
  client(need: ClientNeed): Client;
  /** What the users of that cluster log in to. */
  cluster(secretName: string): ClientSecret;
  /** Whether another binding uses the pool, too. */
  isAnothers(need: PoolNeed): boolean;
}

const missing = new Error('A child is not there yet.');

function there<T>(child: T | undefined): T {
  if (child === undefined) throw missing;
  return child;
}

function resolver(needs: Needs, observed: Observed): Resolver {
  return {
    pool: (need) => poolNameOf(there(observed.pools.get(need.objectName))),
    client(need) {
      const found = there(secretOf(need, observed));
      return { userId: found.secret.userId, secretName: found.name, fingerprint: found.secret.fingerprint };
    },
    cluster: (secretName) => there(clusterOf(secretName, needs, observed)),
    isAnothers: (need) => observed.poolsOfOthers.has(need.objectName),
  };
}

/** All that the parts of a model are resolved with. */
interface Draft {
  readonly binding: CephOpenStackBinding;
  readonly needs: Needs;
  readonly resolve: Resolver;
  readonly secretUuid: SecretUuid;
}

function build(draft: Draft): OpenStackModel {
  const { binding, needs, resolve } = draft;
  const { extraConfig, verification } = binding.spec;
  const here = binding.spec.cluster.secretName;
  const backends = cinderBackends(draft);
  const novaClient = needs.nova === undefined ? undefined : resolve.client(needs.nova.client);
  return {
    conf: {
      path: confPathOf(binding, here),
      content: confText(binding, resolve.cluster(here), novaClient),
    },
    ...defined({
      glance: glanceModel(draft),
      cinder: backends.length === 0 ? undefined : { backends },
      cinderBackup: cinderBackupModel(draft),
      nova: novaModel(draft, novaClient, backends),
    }),
    extraConfig: (extraConfig ?? {}) as OpenStackModel['extraConfig'],
    verifyAccess: verification.access === 'Enabled',
  };
}

function glanceModel({ binding, needs, resolve }: Draft): OpenStackModel['glance'] {
  const { glance } = binding.spec;
  const [store, ...furtherStores] = needs.stores.map((need) => {
    const said = glance?.stores === undefined ? glance : glance.stores.find(({ name }) => name === need.name);
    const client = resolve.client(need.client);
    const pool = resolve.pool(need.pool);
    return { name: need.name, client, pool, ...defined({ chunkSizeMb: said?.chunkSizeMB }) };
  });
  if (glance === undefined || store === undefined) return undefined;
  return {
    stores: [store, ...furtherStores],
    layout: glance.stores === undefined ? 'any' : 'multi',
    // The guide's answer: without it neither Cinder nor Nova makes copy-on-write clones.
    exposeDirectUrl: glance.exposeDirectURL ?? true,
    imageCache: glance.imageCache ?? false,
    ...(glance.imageConversion === undefined ? {} : { conversion: 'raw' as const }),
  };
}

function cinderBackends(draft: Draft): NonNullable<OpenStackModel['cinder']>['backends'] {
  const { binding, needs, resolve } = draft;
  const pools = poolUses(needs).map((need) => `${need.cluster} ${resolve.pool(need)}`);
  return needs.backends.map((need) => {
    const said = binding.spec.cinder?.backends?.find((backend) => backend.name === need.name);
    const client = resolve.client(need.client);
    const pool = resolve.pool(need.pool);
    return {
      name: need.name,
      section: need.section,
      client,
      pool,
      ...(need.cluster === binding.spec.cluster.secretName ? {} : { conf: otherConf(binding, need.cluster, resolve) }),
      exclusivePool:
        pools.filter((other) => other === `${need.cluster} ${pool}`).length === 1 && !resolve.isAnothers(need.pool),
      ...defined({
        maxCloneDepth: said?.maxCloneDepth,
        flattenVolumeFromSnapshot: said?.flattenVolumeFromSnapshot,
        chunkSizeMb: said?.chunkSizeMB,
        connectTimeoutSeconds: said?.connectTimeoutSeconds,
      }),
      libvirtSecret: identityOf(
        draft,
        client,
        need.cluster,
        said?.libvirtSecret as Partial<SecretIdentity> | undefined,
      ),
    };
  });
}

function cinderBackupModel({ binding, needs, resolve }: Draft): OpenStackModel['cinderBackup'] {
  const { cinderBackup } = binding.spec;
  if (cinderBackup === undefined || needs.cinderBackup === undefined) return undefined;
  return {
    client: resolve.client(needs.cinderBackup.client),
    pool: resolve.pool(needs.cinderBackup.pool),
    ...defined({
      chunkSizeBytes: cinderBackup.chunkSizeBytes,
      stripeUnit: cinderBackup.stripeUnit,
      stripeCount: cinderBackup.stripeCount,
      restoreDiscardExcessBytes: cinderBackup.restoreDiscardExcessBytes,
    }),
  };
}

/** With the user of a back end it has that one's libvirt secret, too, unless it is given one of its own. */
function novaModel(
  draft: Draft,
  client: Client | undefined,
  backends: ReturnType<typeof cinderBackends>,
): OpenStackModel['nova'] {
  const { binding, needs, resolve } = draft;
  const { nova, cephConf, cluster } = binding.spec;
  if (nova === undefined || client === undefined) return undefined;
  const shared = backends.find((backend) => backend.client.secretName === client.secretName);
  return {
    client,
    adminSocket: cephConf?.adminSocket === 'Enabled',
    libvirtSecret: identityOf(
      draft,
      client,
      cluster.secretName,
      nova.libvirtSecret as Partial<SecretIdentity> | undefined,
      shared?.libvirtSecret,
    ),
    ...(needs.nova?.pool === undefined ? {} : { ephemeralPool: resolve.pool(needs.nova.pool) }),
    ...defined({
      fileInjection: nova.fileInjection,
      liveMigrationFlags: nova.liveMigrationFlags,
      diskCacheModes: nova.diskCacheModes,
      hwDiskDiscard: nova.hwDiskDiscard,
    }),
  };
}

function identityOf(
  { resolve, secretUuid }: Draft,
  client: Client,
  cluster: string,
  said: Partial<SecretIdentity> | undefined,
  shared?: SecretIdentity,
): SecretIdentity {
  if (said === undefined && shared !== undefined) return shared;
  return {
    uuid: said?.uuid ?? shared?.uuid ?? secretUuid(resolve.cluster(cluster).fsid, client.userId, cluster),
    keep: [...(said?.keep ?? [])].sort(),
  };
}

function confText(binding: CephOpenStackBinding, cluster: ClientSecret, nova: Client | undefined): string {
  const said = binding.spec.cephConf;
  const client = clientOptions(binding);
  const sections = new Map([
    ['global', new Map([['fsid', cluster.fsid], ['mon_host', cluster.monHost], ...entries(said?.global)])],
  ]);
  if (client.size > 0) sections.set('client', client);
  if (said?.adminSocket === 'Enabled' && nova !== undefined) {
    // Not under [client]: the ceph command and Glance could not write there, and say so at every start.
    sections.set(`client.${nova.userId}`, new Map([['admin_socket', guestSocket]]));
  }
  return renderCephConf(sections);
}

function clientOptions({ spec: { cephConf: said } }: CephOpenStackBinding): Map<string, string> {
  const client = new Map<string, string>();
  if (said?.rbdCache !== undefined) client.set('rbd_cache', said.rbdCache === 'Enabled' ? 'true' : 'false');
  if (said?.rbdCache === 'Enabled') client.set('rbd_cache_writethrough_until_flush', 'true');
  for (const [name, value] of entries(said?.client)) client.set(name, value);
  return client;
}

/** The free options of [global] are said of the binding's cluster, and stay with it. */
function otherConf(binding: CephOpenStackBinding, cluster: string, resolve: Resolver): CephConf {
  const { fsid, monHost } = resolve.cluster(cluster);
  const path = confPathOf(binding, cluster);
  // Cinder before liberty and librados before Jewel call every cluster "ceph", and would look for keys under that name.
  const keyring = keyringPath({ path }, '$name');
  const sections = new Map([
    [
      'global',
      new Map([
        ['fsid', fsid],
        ['mon_host', monHost],
      ]),
    ],
    ['client', new Map([['keyring', keyring], ...clientOptions(binding)])],
  ]);
  return { path, content: renderCephConf(sections) };
}

function entries(options: Readonly<Record<string, string>> | undefined): [string, string][] {
  return Object.entries(options ?? {})
    .map(([name, value]): [string, string] => [name.replaceAll(' ', '_'), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Without the fields that are undefined, which exact optional properties do not take. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
