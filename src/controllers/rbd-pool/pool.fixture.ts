import { parsePolicy } from '../../api/policy.ts';
import { parseRbdPool, poolNameOf, type RbdPool, type RbdPoolSpecInput } from '../../api/rbd-pool.ts';
import { type Owner, type PoolRecord, poolMark, poolMarkKey } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { planning } from '../planning.fixture.ts';
import { poolOwnership } from '../pool-ownership.ts';
import { partsOf } from '../pool-parts.ts';
import type { ObservedPool, ObservedPools } from './observed.ts';
import { perform } from './perform.fixture.ts';
import { planPool } from './plan.ts';
import { describePoolStep } from './steps.ts';

export const owner: Owner = { installation: 'lab', namespace: 'openstack', name: 'volumes' };

export function rbdPool(spec: Partial<RbdPoolSpecInput> = {}, metadata: object = {}): RbdPool {
  return parseRbdPool({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'RbdPool',
    metadata: {
      name: owner.name,
      namespace: owner.namespace,
      uid: 'uid-volumes',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { cluster: { secretName: 'ceph-main' }, ...spec },
  });
}

export const deleting = { deletionTimestamp: '2026-01-02T00:00:00Z' };

export const marked = { rbd: { [poolMarkKey]: poolMark(owner) } };

/** A cluster in memory, with as much of Ceph's ways as plans rely on. */
export interface World {
  readonly pools: readonly Pool[];
  readonly highestPoolId: number;
  readonly record: PoolRecord | undefined;
  readonly rules: ObservedPool['rules'];
  /** Images by namespace of the pool; undefined before it was initialised. */
  readonly images: Readonly<Record<string, number>> | undefined;
  readonly foreignObjects: readonly string[];
  /** Where the data of new images of the pool go. */
  readonly dataPool: string | undefined;
  /** Of the erasure-coded pool. */
  readonly dataRecord: PoolRecord | undefined;
  readonly dataObjects: readonly string[];
  readonly profiles: ObservedPool['erasureProfiles'];
}

export const emptyWorld: World = {
  pools: [cephPool({ id: 1, name: '.mgr', pgNum: 1, pgNumTarget: 1, applications: { mgr: {} } })],
  highestPoolId: 3,
  record: undefined,
  rules: [
    {
      id: 0,
      name: 'replicated_rule',
      type: 'replicated',
      takes: 'default',
      placement: { root: 'default', failureDomain: 'host', deviceClass: undefined },
    },
  ],
  images: undefined,
  foreignObjects: [],
  dataPool: undefined,
  dataRecord: undefined,
  dataObjects: [],
  profiles: new Map(),
};

/** A world in which the pool is ours and settled. */
export function worldWith(pool: Partial<Pool> = {}, more: Partial<World> = {}): World {
  const made = cephPool({ applications: marked, ...pool });
  return {
    ...emptyWorld,
    pools: [...emptyWorld.pools, made],
    highestPoolId: made.id,
    record: { ...owner, namespaces: [], poolID: made.id },
    images: { '': 0 },
    ...more,
  };
}

/** A world in which the pool belongs to another installation. */
export const foreign = worldWith({ applications: { rbd: { [poolMarkKey]: 'other.0123' } } }, { record: undefined });

export const dataName = 'volumes-data';
export const dataOwner: Owner = { ...owner, part: 'data' };
const dataMark = { rbd: { [poolMarkKey]: poolMark(dataOwner) } };
export const erasureCoded = { dataChunks: 2, codingChunks: 1 } as const;

/** The erasure-coded pool as it is when it is ours and settled. */
export function dataCephPool(values: Partial<Pool> = {}): Pool {
  const made = { id: 5, name: dataName, type: 'erasure', size: 3, minSize: 2, erasureProfile: dataName } as const;
  return cephPool({ ...made, flags: ['hashpspool', 'ec_overwrites'], applications: dataMark, ...values });
}

/** A world in which both pools are ours and settled. */
export function worldWithData(data: Partial<Pool> = {}, more: Partial<World> = {}): World {
  const world = worldWith();
  const made = dataCephPool(data);
  return {
    ...world,
    pools: [...world.pools, made],
    highestPoolId: made.id,
    dataPool: dataName,
    dataRecord: { ...dataOwner, namespaces: [], poolID: made.id },
    profiles: new Map([[dataName, { k: '2', m: '1', plugin: 'jerasure' }]]),
    ...more,
  };
}

export function see(resource: RbdPool, world: World, more: Partial<ObservedPools> = {}): ObservedPools {
  const { pool, data } = partsOf(resource);
  const { deletionTimestamp } = resource.metadata;
  const ofPool = seePart(pool, owner, world.record, world);
  const namespaces = Object.entries(world.images ?? { '': 0 });
  const isMarked = ofPool.pool?.applications.rbd?.[poolMarkKey] === poolMark(owner);
  const dataPool = world.dataPool === undefined ? {} : { dataPool: world.dataPool };
  const look = { initialised: world.images !== undefined, images: world.images ?? { '': 0 }, ...dataPool };
  const contents = {
    namespaces: namespaces.map(([namespace, count]) => ({
      namespace,
      images: Array.from({ length: count }, (_, index) => `image-${index}`),
      trash: [],
      snapshots: 0,
    })),
    foreignObjects: world.foreignObjects,
  };
  return {
    ...ofPool,
    look: isMarked && deletionTimestamp === undefined ? look : undefined,
    contents: isMarked && deletionTimestamp !== undefined ? contents : undefined,
    data: data && seeData(data, world),
    ...more,
  };
}

function seeData(data: RbdPool, world: World): ObservedPool {
  const seen = seePart(data, dataOwner, world.dataRecord, world);
  const isMarked = seen.pool?.applications.rbd?.[poolMarkKey] === poolMark(dataOwner);
  const isDeleting = data.metadata.deletionTimestamp !== undefined;
  return {
    ...seen,
    contents: isMarked && isDeleting ? { namespaces: [], foreignObjects: world.dataObjects } : undefined,
  };
}

function seePart(resource: RbdPool, own: Owner, record: PoolRecord | undefined, world: World): ObservedPool {
  const name = poolNameOf(resource);
  const pool = world.pools.find((candidate) => candidate.name === name);
  return {
    kind: 'seen',
    owner: own,
    policy: parsePolicy({ delete: true }),
    rival: undefined,
    pool,
    ownership: poolOwnership(own, pool, record, [owner, dataOwner]),
    record,
    pools: world.pools,
    highestPoolId: world.highestPoolId,
    rules: world.rules,
    erasureProfiles: world.profiles,
    failureDomains: 40,
    osds: new Map([
      ['default', 3],
      ['default~ssd', 3],
    ]),
    placementGroupLimit: 250,
    autoscaler: { runs: true },
    usage: undefined,
    look: undefined,
    silence: undefined,
    contents: undefined,
    users: [],
  };
}

export type Spec = Partial<RbdPoolSpecInput>;

export const { converge, sentences, hold } = planning({
  make: (spec: Spec, metadata) => rbdPool(spec, metadata),
  see,
  plan: planPool,
  perform: (step, _resource, world) => perform(step, world),
  describe: describePoolStep,
});
