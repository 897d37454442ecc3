import {
  type CephClientAuth,
  type CephClientAuthSpecInput,
  clientSecretNameOf,
  entityOf,
  parseCephClientAuth,
} from '../../api/ceph-client-auth.ts';
import { parsePolicy } from '../../api/policy.ts';
import { parseRbdPool, type RbdPool } from '../../api/rbd-pool.ts';
import { type Owner, poolMark, poolMarkKey, type UserRecord } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import type { User } from '../../ceph/users.ts';
import { Secret } from '../../secret.ts';
import { planning } from '../planning.fixture.ts';
import type { SecretData } from '../secrets.ts';
import { wantCaps } from './access.ts';
import { renderKeptSecret } from './kept-secret.ts';
import type { ObservedClient } from './observed.ts';
import { userOwnership } from './ownership.ts';
import { planClient } from './plan.ts';
import type { ClientStep } from './steps.ts';
import { describeClientStep } from './steps.ts';

export const owner: Owner = { installation: 'lab', namespace: 'openstack', name: 'cinder' };
export const cluster = { fsid: '0b6a4d0c-7d3b-4c8e-9c59-6b7a3a1e2f00', monHost: '10.0.0.1' };
export const entity = 'client.cinder';

const metadata = {
  namespace: owner.namespace,
  generation: 1,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

export function cephClient(spec: Partial<CephClientAuthSpecInput> = {}, more: object = {}): CephClientAuth {
  const rights = spec.caps === undefined ? { access: [{ pool: 'volumes', mode: 'ReadWrite' }] } : {};
  return parseCephClientAuth({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephClientAuth',
    metadata: { ...metadata, name: owner.name, uid: 'uid-cinder', ...more },
    spec: { cluster: { secretName: 'ceph-main' }, ...rights, ...spec },
  });
}

export const deleting = { deletionTimestamp: '2026-01-02T00:00:00Z' };

export const volumes: RbdPool = parseRbdPool({
  apiVersion: 'cephopenstack.io/v1alpha1',
  kind: 'RbdPool',
  metadata: { ...metadata, name: 'volumes', uid: 'uid-volumes' },
  spec: { cluster: { secretName: 'ceph-main' } },
});

const volumesMark = poolMark({ ...owner, name: 'volumes' });

/** A key that looks like one and opens nothing; the same number gives the same key. */
export function key(seed: number, type: 1 | 2 = 1): Secret {
  const length = type === 1 ? 16 : 32;
  const bytes = Buffer.alloc(12 + length, seed);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(length, 10);
  return new Secret(bytes.toString('base64'));
}

/** A cluster and a namespace in memory, with as much of their ways as plans rely on. */
export interface World {
  readonly pools: readonly Pool[];
  readonly user: User | undefined;
  readonly record: UserRecord | undefined;
  readonly secret: SecretData | undefined;
  /** The seed of the next key that Ceph mints. */
  readonly nextKey: number;
}

export const emptyWorld: World = {
  pools: [cephPool({ applications: { rbd: { [poolMarkKey]: volumesMark } } })],
  user: undefined,
  record: undefined,
  secret: undefined,
  nextKey: 1,
};

export const profile = { mon: 'profile rbd', osd: 'profile rbd pool=volumes', mgr: 'profile rbd pool=volumes' };

/** A world in which the user is ours and settled. */
export function worldWith(more: Partial<World> = {}): World {
  const user: User = { entity, key: key(0), caps: profile };
  return {
    ...emptyWorld,
    user,
    record: { ...owner, keyFingerprint: user.key.fingerprint() },
    secret: renderKeptSecret(user, cluster),
    ...more,
  };
}

export function see(resource: CephClientAuth, world: World, more: Partial<ObservedClient> = {}): ObservedClient {
  const policy = more.policy ?? parsePolicy({});
  return {
    kind: 'seen',
    owner,
    policy,
    cluster,
    ownEntity: 'client.operator',
    rival: undefined,
    wanted: wantCaps(resource, policy, owner, [volumes], { pools: world.pools, records: new Map() }),
    user: world.user,
    ownership: userOwnership(owner, world.user, world.record, [owner]),
    record: world.record,
    keyTypes: ['Aes'],
    kept: world.secret && { data: world.secret, isOurs: true },
    sessions: resource.metadata.deletionTimestamp === undefined ? undefined : [],
    users: [],
    ...more,
  };
}

/** Does to the world what a step does to Ceph and Kubernetes. */
export function perform(step: ClientStep, resource: CephClientAuth, world: World): World {
  assertEntity(step, resource);
  const { user, secret, nextKey } = world;
  switch (step.verb) {
    case 'record-intent':
      return { ...world, record: { ...owner, creatingWith: step.caps } };
    case 'create-user': {
      const made: User = {
        entity: step.entity,
        caps: step.caps,
        key: key(nextKey, step.keyType === 'Aes256k' ? 2 : 1),
      };
      return user === undefined ? { ...world, user: made, nextKey: nextKey + 1 } : world;
    }
    case 'restore-user': {
      const kept = secret?.userKey;
      if (kept === undefined) throw new Error('There is no key to put back');
      return { ...world, user: user ?? { entity: step.entity, caps: step.caps, key: kept } };
    }
    case 'record-owner':
      return { ...world, record: { ...owner, keyFingerprint: user?.key.fingerprint() ?? '' } };
    case 'set-caps':
      return { ...world, user: user && { ...user, caps: step.caps } };
    case 'write-secret':
      if (step.secretName !== clientSecretNameOf(resource)) throw new Error('Another Secret');
      return { ...world, secret: user && { ...secret, ...renderKeptSecret(user, cluster) } };
    case 'delete-user':
      return { ...world, user: undefined };
    case 'forget-user':
      return { ...world, record: undefined };
  }
}

function assertEntity(step: ClientStep, resource: CephClientAuth): void {
  if (step.entity !== entityOf(resource)) throw new Error('Another user');
}

const other = { installation: 'other', namespace: 'x', name: 'y' };
/** A world in which the user belongs to another installation. */
export const stranger = worldWith({ record: { ...other, keyFingerprint: key(0).fingerprint() } });

export type Spec = Partial<CephClientAuthSpecInput>;

export const { converge, sentences, hold } = planning({
  make: (spec: Spec, metadata) => cephClient(spec, metadata),
  see,
  plan: planClient,
  perform,
  describe: describeClientStep,
});
