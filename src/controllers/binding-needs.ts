import type { CephClientAuthSpecInput } from '../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../api/ceph-openstack-binding.ts';
import type { RbdPoolSpecInput } from '../api/rbd-pool.ts';

type PoolFields = Omit<RbdPoolSpecInput, 'cluster' | 'adoption' | 'deletionPolicy' | 'mode'>;
type ClientFields = Omit<CephClientAuthSpecInput, 'cluster' | 'adoption' | 'deletionPolicy' | 'mode'>;

/** A pool that a section needs: an RbdPool by name, with the fields to make it when it is the binding's own. */
export interface PoolNeed {
  readonly objectName: string;
  readonly own?: PoolFields;
  /** What a pool gets that the binding makes: on one that is adopted it could move data, so there it is only what is written. */
  readonly whenMade?: Pick<PoolFields, 'placementGroups'>;
}

/** A user that a section needs: a CephClientAuth by name, with the fields to make it when it is the binding's own. */
export interface ClientNeed {
  readonly objectName: string;
  readonly own?: ClientFields;
}

/** What one Cinder back end needs, by its name. */
export interface BackendNeed {
  readonly name: string;
  readonly section: string;
  readonly pool: PoolNeed;
  readonly client: ClientNeed;
}

/** Pools and users of a binding, section by section, with the guide's answer for what is left out. */
export interface Needs {
  readonly glance?: { readonly pool: PoolNeed; readonly client: ClientNeed };
  readonly backends: readonly BackendNeed[];
  readonly cinderBackup?: { readonly pool: PoolNeed; readonly client: ClientNeed };
  /** The user is one of the others, or somebody else's. */
  readonly nova?: { readonly pool?: PoolNeed; readonly client: ClientNeed };
}

/** The shares of a cluster that the guide's four pools take, against each other. */
const shares = { images: '0.07', volumes: '0.53', backups: '0.25', vms: '0.15' } as const;

/** @see Needs. Pure, and stable: a second back end changes nothing for the first. */
export function needsOf(binding: Pick<CephOpenStackBinding, 'metadata' | 'spec'>): Needs {
  const { glance, cinder, cinderBackup, nova } = binding.spec;
  const child = (section: string): string => `${binding.metadata.name}-${section}`;
  const vms = nova?.ephemeral === undefined ? undefined : poolNeed(child('nova'), nova.ephemeral, 'vms', shares.vms);
  const images = glance === undefined ? undefined : poolNeed(child('glance'), glance, 'images', shares.images);
  const backends = (cinder === undefined ? [] : (cinder.backends ?? [{ name: 'ceph' }])).map((backend, index) => {
    const suffix = backend.name === 'ceph' ? '' : `-${backend.name}`;
    const name = child(`cinder-${backend.name}`);
    const pool = poolNeed(name, backend, `volumes${suffix}`, shares.volumes);
    const disks = index === 0 && nova?.clientRef === undefined ? vms : undefined;
    const client = clientNeed(name, backend, `cinder${suffix}`, [
      ...readWrite(pool),
      ...readWrite(disks),
      ...readOnly(images),
    ]);
    return { name: backend.name, section: backend.section ?? backend.name, pool, client };
  });
  const novaClient = nova?.clientRef === undefined ? backends[0]?.client : { objectName: nova.clientRef.name };
  const backups =
    cinderBackup === undefined ? undefined : poolNeed(child('backup'), cinderBackup, 'backups', shares.backups);
  return {
    ...(glance === undefined || images === undefined
      ? {}
      : { glance: { pool: images, client: clientNeed(child('glance'), glance, 'glance', readWrite(images)) } }),
    backends,
    ...(cinderBackup === undefined || backups === undefined
      ? {}
      : {
          cinderBackup: {
            pool: backups,
            client: clientNeed(child('backup'), cinderBackup, 'cinder-backup', readWrite(backups)),
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
  return byName([
    needs.glance?.pool,
    ...needs.backends.map((backend) => backend.pool),
    needs.cinderBackup?.pool,
    needs.nova?.pool,
  ]);
}

/** Every user, once. */
export function clientNeeds(needs: Needs): readonly ClientNeed[] {
  return byName([
    needs.glance?.client,
    ...needs.backends.map((backend) => backend.client),
    needs.cinderBackup?.client,
    needs.nova?.client,
  ]);
}

function byName<T extends { readonly objectName: string; readonly own?: unknown }>(
  needs: readonly (T | undefined)[],
): readonly T[] {
  const found = new Map<string, T>();
  for (const need of needs) {
    if (need === undefined) continue;
    if (!found.has(need.objectName) || need.own !== undefined) found.set(need.objectName, need);
  }
  return [...found.values()];
}

function poolNeed(
  objectName: string,
  section: { pool?: PoolFields; poolRef?: { name: string } },
  poolName: string,
  share: string,
): PoolNeed {
  if (section.poolRef !== undefined) return { objectName: section.poolRef.name };
  const placementGroups = { targetSizeRatio: share, bulk: true };
  return { objectName, own: { poolName, ...section.pool }, whenMade: { placementGroups } };
}

function clientNeed(
  objectName: string,
  section: { client?: ClientFields; clientRef?: { name: string } },
  clientName: string,
  access: NonNullable<ClientFields['access']>,
): ClientNeed {
  if (section.clientRef !== undefined) return { objectName: section.clientRef.name };
  const derived = section.client?.caps === undefined ? { access } : {};
  return { objectName, own: { clientName, ...derived, ...section.client } };
}

type Grants = NonNullable<ClientFields['access']>;

function readWrite(pool: PoolNeed | undefined): Grants {
  return pool === undefined ? [] : [{ poolRef: { name: pool.objectName }, mode: 'ReadWrite' }];
}

function readOnly(pool: PoolNeed | undefined): Grants {
  return pool === undefined ? [] : [{ poolRef: { name: pool.objectName }, mode: 'ReadOnly' }];
}
