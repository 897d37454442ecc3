import { type CephClientAuth, clientSecretNameOf, entityOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { entityRefusal } from '../../api/policy.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { type Owner, parseUserRecord, userRecordKey } from '../../ceph/marks.ts';
import { readMonMap, readSessions } from '../../ceph/monitors.ts';
import { readOsdMap } from '../../ceph/osd-map.ts';
import { readRecords } from '../../ceph/records.ts';
import { readUser } from '../../ceph/users.ts';
import type { CephConnection } from '../ceph-connection.ts';
import { olderRival } from '../rivals.ts';
import { wantCaps } from './access.ts';
import type { KeptSecret, Observed } from './observed.ts';
import { userOwnership } from './ownership.ts';
import { type Clock, keepUsed } from './still-used.ts';

/** The Secrets that users' keys are kept in. */
export interface KeptSecrets {
  /** The Secret that a resource keeps, or that is in its way; undefined when there is none. */
  readKept(resource: CephClientAuth, name: string, signal: AbortSignal): Promise<KeptSecret | undefined>;
}

/** What reaches the world for one user. */
export type ClientConnection =
  | { readonly kind: 'let-go' }
  | (CephConnection & {
      readonly kind: 'reach';
      readonly owner: Owner;
      readonly secrets: KeptSecrets;
      /** All CephClientAuths, RbdPools, CephOpenStackHosts and bindings that are known. */
      readonly siblings: readonly CephClientAuth[];
      readonly rbdPools: readonly RbdPool[];
      readonly hosts: readonly CephOpenStackHost[];
      readonly bindings: readonly CephOpenStackBinding[];
      readonly clock: Clock;
      readonly users: readonly string[];
    });

/** Reads what is shared by all users of a cluster, and the user itself. */
export async function observeClient(
  resource: CephClientAuth,
  connection: ClientConnection,
  signal: AbortSignal,
): Promise<Observed> {
  if (connection.kind === 'let-go') return connection;
  const { cluster, policy, owner, secrets, siblings, rbdPools, hosts, bindings, clock, users } = connection;
  const entity = entityOf(resource);
  const isDeleting = resource.metadata.deletionTimestamp !== undefined;
  // A second is long enough for an image or a session to come.
  if (isDeleting) cluster.refresh();
  const [map, monMap, records, sessions, user, kept] = await Promise.all([
    readOsdMap(cluster, signal),
    readMonMap(cluster, signal),
    readRecords(cluster, signal),
    // All the monitors have to answer this one, and they change what they say all the time.
    isDeleting ? readSessions(cluster, signal) : undefined,
    // Ceph lets us read only those that the policy gives us.
    entityRefusal(policy, entity, cluster.entity) === undefined ? readUser(cluster, entity, signal) : undefined,
    secrets.readKept(resource, clientSecretNameOf(resource), signal),
  ]);
  const record = parseUserRecord(records.get(userRecordKey(entity)));
  const wanted = wantCaps(resource, policy, owner, rbdPools, { pools: map.pools, records });
  const living = siblings.map(({ metadata }) => ({ ...owner, namespace: metadata.namespace, name: metadata.name }));
  return {
    kind: 'seen',
    owner,
    policy,
    cluster: { fsid: cluster.fsid, monHost: cluster.monHost },
    ownEntity: cluster.entity,
    rival: olderRival(resource, siblings, entityOf)?.metadata.name,
    wanted: keepUsed(resource, policy, wanted, user?.caps, { bindings, hosts, rbdPools, pools: map.pools }, clock),
    user,
    ownership: userOwnership(owner, user, record, living),
    record,
    keyTypes: monMap.keyTypes,
    kept,
    sessions: sessions === undefined ? undefined : (sessions.get(entity) ?? []),
    users,
  };
}
