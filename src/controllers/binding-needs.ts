import type { CephClientAuthSpecInput } from '../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../api/ceph-openstack-binding.ts';
import { objectNameOfBackend } from '../api/openstack-sections.ts';
import type { RbdPoolSpecInput } from '../api/rbd-pool.ts';

type PoolFields = Omit<RbdPoolSpecInput, 'cluster' | 'adoption' | 'deletionPolicy' | 'mode'>;
type ClientFields = Omit<CephClientAuthSpecInput, 'cluster' | 'adoption' | 'deletionPolicy' | 'mode'>;

/** A pool that a section needs: an RbdPool by name, with the fields to make it when it is the binding's own. */
export interface PoolNeed {
  /** The part of the binding that needs it: `spec.nova.ephemeral`. */
  readonly at: string;
  readonly objectName: string;
  /** The connection Secret of its cluster. */
  readonly cluster: string;
  readonly own?: PoolFields;
}

/** A user that a section needs: a CephClientAuth by name, with the fields to make it when it is the binding's own. */
export interface ClientNeed {
  /** The part of the binding that says which: `spec.cinder.backends[0]`. */
  readonly at: string;
  readonly objectName: string;
  /** The connection Secret of its cluster. */
  readonly cluster: string;
  readonly own?: ClientFields;
}

/** What one of Glance's stores needs, by its name. */
export interface StoreNeed {
  readonly name: string;
  readonly pool: PoolNeed;
  readonly client: ClientNeed;
}

/** What one Cinder back end needs, by its name. */
export interface BackendNeed {
  readonly name: string;
  readonly section: string;
  /** The connection Secret of the cluster that its pool and user are in. */
  readonly cluster: string;
  readonly pool: PoolNeed;
  readonly client: ClientNeed;
}

/** Pools and users of a binding, section by section, with the guide's answer for what is left out. */
export interface Needs {
  readonly stores: readonly StoreNeed[];
  readonly backends: readonly BackendNeed[];
  readonly cinderBackup?: { readonly pool: PoolNeed; readonly client: ClientNeed };
  /** The user is one of the others, or somebody else's. */
  readonly nova?: { readonly pool?: PoolNeed; readonly client: ClientNeed };
}

type Backend = NonNullable<NonNullable<CephOpenStackBinding['spec']['cinder']>['backends']>[number];

/** The shares of a cluster that the guide's four pools take, against each other. */
const shares = { images: '0.07', volumes: '0.53', backups: '0.25', vms: '0.15' } as const;

/** The store of a Glance of which no other is said; where it is named, it has the same pool and user. */
export const soleStore = 'rbd';

/** @see Needs. Pure, and stable: a second back end or store changes nothing for the first. */
export function needsOf(binding: Pick<CephOpenStackBinding, 'metadata' | 'spec'>): Needs {
  const { glance, cinder, cinderBackup, nova, cluster: here } = binding.spec;
  const child = (section: string, at: string): Place => ({
    at,
    objectName: `${binding.metadata.name}-${section}`,
    cluster: here.secretName,
  });
  const vms =
    nova?.ephemeral === undefined
      ? undefined
      : poolNeed(child('nova', 'spec.nova.ephemeral'), nova.ephemeral, 'vms', shares.vms);
  const wantedStores = glance === undefined ? [] : (glance.stores ?? [{ ...glance, name: soleStore }]);
  const stores = wantedStores.map((store, index) => {
    const suffix = store.name === soleStore ? '' : `-${store.name}`;
    const at = glance?.stores === undefined ? 'spec.glance' : `spec.glance.stores[${index}]`;
    const place = child(`glance${suffix}`, at);
    const pool = poolNeed(place, store, `images${suffix}`, shares.images);
    return { name: store.name, pool, client: clientNeed(place, store, `glance${suffix}`, readWrite(pool)) };
  });
  const wanted: readonly Backend[] = cinder === undefined ? [] : (cinder.backends ?? [{ name: 'ceph' }]);
  const clusterOf = (backend: Backend): string => backend.cluster?.secretName ?? here.secretName;
  // Nova's own disks are in the binding's cluster, where users of others do not exist.
  const novas = wanted.findIndex((backend) => clusterOf(backend) === here.secretName);
  const backends = wanted.map((backend, index) => {
    const suffix = backend.name === 'ceph' ? '' : `-${backend.name}`;
    const cluster = clusterOf(backend);
    const at = `spec.cinder.backends[${index}]`;
    const place = { ...child(`cinder-${objectNameOfBackend(backend.name)}`, at), cluster };
    const pool = poolNeed(place, backend, `volumes${suffix}`, shares.volumes);
    const disks = index === novas && nova?.clientRef === undefined ? vms : undefined;
    const client = clientNeed(place, backend, `cinder${suffix}`, [
      ...readWrite(pool),
      ...readWrite(disks),
      ...(cluster === here.secretName ? stores.flatMap((store) => readOnly(store.pool)) : []),
    ]);
    return { name: backend.name, section: backend.section ?? backend.name, cluster, pool, client };
  });
  const novaClient =
    nova?.clientRef === undefined
      ? backends[novas]?.client
      : { at: 'spec.nova', objectName: nova.clientRef.name, cluster: here.secretName };
  const backup = child('backup', 'spec.cinderBackup');
  const backups = cinderBackup === undefined ? undefined : poolNeed(backup, cinderBackup, 'backups', shares.backups);
  return {
    stores,
    backends,
    ...(cinderBackup === undefined || backups === undefined
      ? {}
      : {
          cinderBackup: {
            pool: backups,
            client: clientNeed(backup, cinderBackup, 'cinder-backup', readWrite(backups)),
          },
        }),
    ...(nova === undefined || novaClient === undefined
      ? {}
      : { nova: { client: novaClient, ...(vms === undefined ? {} : { pool: vms }) } }),
  };
}

/** Whether a binding needs the RbdPool of that name; it takes back those of its own that it needs no more. */
export function needsPool(binding: Pick<CephOpenStackBinding, 'metadata' | 'spec'>, name: string): boolean {
  return poolNeeds(needsOf(binding)).some((need) => need.objectName === name);
}

/** Whether a binding needs the CephClientAuth of that name; it takes back those of its own that it needs no more. */
export function needsClient(binding: Pick<CephOpenStackBinding, 'metadata' | 'spec'>, name: string): boolean {
  return clientNeeds(needsOf(binding)).some((need) => need.objectName === name);
}

/** Every pool, once. */
export function poolNeeds(needs: Needs): readonly PoolNeed[] {
  return byName(poolUses(needs));
}

/** Every user, once. */
export function clientNeeds(needs: Needs): readonly ClientNeed[] {
  return byName(clientUses(needs));
}

/** The pool of every section that has one. */
export function poolUses({ stores, backends, cinderBackup, nova }: Needs): readonly PoolNeed[] {
  return [
    ...stores.map(({ pool }) => pool),
    ...backends.map(({ pool }) => pool),
    cinderBackup?.pool,
    nova?.pool,
  ].filter(isThere);
}

/** The user of every section that has one. */
export function clientUses({ stores, backends, cinderBackup, nova }: Needs): readonly ClientNeed[] {
  return [
    ...stores.map(({ client }) => client),
    ...backends.map(({ client }) => client),
    cinderBackup?.client,
    nova?.client,
  ].filter(isThere);
}

/** The pool of every section that has one, and as whom the section writes there. */
export function writers({ stores, backends, cinderBackup, nova }: Needs): readonly Writer[] {
  const sections = [...stores, ...backends, cinderBackup, nova].filter(isThere);
  return sections.flatMap(({ client, pool }) => (pool === undefined ? [] : { client, pool }));
}

export interface Writer {
  readonly client: ClientNeed;
  readonly pool: PoolNeed;
}

function isThere<T>(need: T | undefined): need is T {
  return need !== undefined;
}

function byName<T extends { readonly objectName: string; readonly own?: unknown }>(needs: readonly T[]): readonly T[] {
  const found = new Map<string, T>();
  for (const need of needs) {
    if (!found.has(need.objectName) || need.own !== undefined) found.set(need.objectName, need);
  }
  return [...found.values()];
}

type Place = Pick<PoolNeed, 'at' | 'objectName' | 'cluster'>;

function poolNeed(
  place: Place,
  section: { pool?: PoolFields; poolRef?: { name: string } },
  poolName: string,
  share: string,
): PoolNeed {
  if (section.poolRef !== undefined) return { ...place, objectName: section.poolRef.name };
  // On a pool that is adopted it could move data, so there it is only what is written.
  const placementGroups = { targetSizeRatio: share, bulk: true, whenAdopted: 'Leave' } as const;
  return { ...place, own: { poolName, placementGroups, ...section.pool } };
}

function clientNeed(
  place: Place,
  section: { client?: ClientFields; clientRef?: { name: string } },
  clientName: string,
  access: NonNullable<ClientFields['access']>,
): ClientNeed {
  if (section.clientRef !== undefined) return { ...place, objectName: section.clientRef.name };
  const derived = section.client?.caps === undefined ? { access } : {};
  return { ...place, own: { clientName, ...derived, ...section.client } };
}

type Grants = NonNullable<ClientFields['access']>;

function readWrite(pool: PoolNeed | undefined): Grants {
  return pool === undefined ? [] : [{ poolRef: { name: pool.objectName }, mode: 'ReadWrite' }];
}

function readOnly(pool: PoolNeed): Grants {
  return [{ poolRef: { name: pool.objectName }, mode: 'ReadOnly' }];
}
