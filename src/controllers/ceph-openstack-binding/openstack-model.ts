import { type CephClientAuth, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import { renderCephConf } from '../../ceph/conf.ts';
import { guestSocket } from '../../openstack/guest-sockets.ts';
import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import type { Client, OpenStackModel, SecretIdentity } from '../../openstack/model.ts';
import { type ClientNeed, clientNeeds, type Needs, needsOf, type PoolNeed } from '../binding-needs.ts';
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
  const resolve = resolver(observed);
  const cluster = clusterOf(needs, observed);
  if (cluster === undefined) return undefined;
  try {
    return build(binding, needs, resolve, cluster, secretUuid);
  } catch (error) {
    if (error === missing) return undefined;
    throw error;
  }
}

type SecretUuid = (fsid: string, userId: string) => string;

/** The cluster that the binding's users log in to: of the first of them, since all have the same. */
export function clusterOf(needs: Needs, observed: Observed): ClientSecret | undefined {
  const [first] = clientNeeds(needs);
  return first === undefined ? undefined : secretOf(first, observed)?.secret;
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
  /** Whether another binding uses the pool, too. */
  isAnothers(need: PoolNeed): boolean;
}

const missing = new Error('A child is not there yet.');

function resolver(observed: Observed): Resolver {
  return {
    pool(need) {
      const pool = observed.pools.get(need.objectName);
      if (pool === undefined) throw missing;
      return poolNameOf(pool);
    },
    client(need) {
      const found = secretOf(need, observed);
      if (found === undefined) throw missing;
      return { userId: found.secret.userId, secretName: found.name, fingerprint: found.secret.fingerprint };
    },
    isAnothers: (need) => observed.poolsOfOthers.has(need.objectName),
  };
}

function build(
  binding: CephOpenStackBinding,
  needs: Needs,
  resolve: Resolver,
  cluster: ClientSecret,
  secretUuid: SecretUuid,
): OpenStackModel {
  const { glance, cinder, cinderBackup, nova, extraConfig, verification } = binding.spec;
  const pools = allPools(needs, resolve);
  const identity = (client: Client, said?: Partial<SecretIdentity>): SecretIdentity => ({
    uuid: said?.uuid ?? secretUuid(cluster.fsid, client.userId),
    keep: [...(said?.keep ?? [])].sort(),
  });
  const backends = needs.backends.map((need) => {
    const said = cinder?.backends?.find((backend) => backend.name === need.name);
    const client = resolve.client(need.client);
    const pool = resolve.pool(need.pool);
    return {
      name: need.name,
      section: need.section,
      client,
      pool,
      exclusivePool: pools.filter((other) => other === pool).length === 1 && !resolve.isAnothers(need.pool),
      ...defined({
        maxCloneDepth: said?.maxCloneDepth,
        flattenVolumeFromSnapshot: said?.flattenVolumeFromSnapshot,
        chunkSizeMb: said?.chunkSizeMB,
        connectTimeoutSeconds: said?.connectTimeoutSeconds,
      }),
      libvirtSecret: identity(client, said?.libvirtSecret as Partial<SecretIdentity> | undefined),
    };
  });
  const novaClient = needs.nova === undefined ? undefined : resolve.client(needs.nova.client);
  const shared = backends.find((backend) => backend.client.userId === novaClient?.userId);
  return {
    conf: {
      path: binding.spec.cephConf?.path ?? '/etc/ceph/ceph.conf',
      content: confText(binding, cluster, novaClient),
    },
    ...(glance === undefined || needs.glance === undefined
      ? {}
      : {
          glance: {
            client: resolve.client(needs.glance.client),
            pool: resolve.pool(needs.glance.pool),
            // The guide's answer: without it neither Cinder nor Nova makes copy-on-write clones.
            exposeDirectUrl: glance.exposeDirectURL ?? true,
            imageCache: glance.imageCache ?? false,
            ...defined({ chunkSizeMb: glance.chunkSizeMB }),
          },
        }),
    ...(backends.length === 0 ? {} : { cinder: { backends } }),
    ...(cinderBackup === undefined || needs.cinderBackup === undefined
      ? {}
      : {
          cinderBackup: {
            client: resolve.client(needs.cinderBackup.client),
            pool: resolve.pool(needs.cinderBackup.pool),
            ...defined({
              chunkSizeBytes: cinderBackup.chunkSizeBytes,
              stripeUnit: cinderBackup.stripeUnit,
              stripeCount: cinderBackup.stripeCount,
              restoreDiscardExcessBytes: cinderBackup.restoreDiscardExcessBytes,
            }),
          },
        }),
    ...(nova === undefined || novaClient === undefined
      ? {}
      : {
          nova: {
            client: novaClient,
            adminSocket: binding.spec.cephConf?.adminSocket === 'Enabled',
            libvirtSecret: shared?.libvirtSecret ?? identity(novaClient),
            ...(needs.nova?.pool === undefined ? {} : { ephemeralPool: resolve.pool(needs.nova.pool) }),
            ...defined({
              fileInjection: nova.fileInjection,
              liveMigrationFlags: nova.liveMigrationFlags,
              diskCacheModes: nova.diskCacheModes,
              hwDiskDiscard: nova.hwDiskDiscard,
            }),
          },
        }),
    extraConfig: (extraConfig ?? {}) as OpenStackModel['extraConfig'],
    verifyAccess: verification.access === 'Enabled',
  };
}

function allPools(needs: Needs, resolve: Resolver): readonly string[] {
  const all = [needs.glance?.pool, ...needs.backends.map((backend) => backend.pool), needs.cinderBackup?.pool];
  return [...all, needs.nova?.pool].flatMap((need) => (need === undefined ? [] : [resolve.pool(need)]));
}

function confText(binding: CephOpenStackBinding, cluster: ClientSecret, nova: Client | undefined): string {
  const said = binding.spec.cephConf;
  const client = new Map<string, string>();
  if (said?.rbdCache !== undefined) client.set('rbd_cache', said.rbdCache === 'Enabled' ? 'true' : 'false');
  if (said?.rbdCache === 'Enabled') client.set('rbd_cache_writethrough_until_flush', 'true');
  for (const [name, value] of entries(said?.client)) client.set(name, value);
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
