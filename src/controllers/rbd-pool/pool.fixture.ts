import { parsePolicy } from '../../api/policy.ts';
import { parseRbdPool, poolNameOf, type RbdPool, type RbdPoolSpecInput } from '../../api/rbd-pool.ts';
import { type Owner, type PoolRecord, poolMark, poolMarkKey } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { planning } from '../planning.fixture.ts';
import { poolOwnership } from '../pool-ownership.ts';
import type { ObservedPool } from './observed.ts';
import { planPool } from './plan.ts';
import type { PoolStep } from './steps.ts';
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
}

export const emptyWorld: World = {
  pools: [cephPool({ id: 1, name: '.mgr', pgNum: 1, pgNumTarget: 1, applications: { mgr: {} } })],
  highestPoolId: 3,
  record: undefined,
  rules: [
    {
      id: 0,
      name: 'replicated_rule',
      takes: 'default',
      placement: { root: 'default', failureDomain: 'host', deviceClass: undefined },
    },
  ],
  images: undefined,
  foreignObjects: [],
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

export function see(resource: RbdPool, world: World, more: Partial<ObservedPool> = {}): ObservedPool {
  const name = poolNameOf(resource);
  const pool = world.pools.find((candidate) => candidate.name === name);
  const isMarked = pool?.applications.rbd?.[poolMarkKey] === poolMark(owner);
  const isDeleting = resource.metadata.deletionTimestamp !== undefined;
  const namespaces = Object.entries(world.images ?? { '': 0 });
  return {
    kind: 'seen',
    owner,
    policy: parsePolicy({ delete: true }),
    rival: undefined,
    pool,
    ownership: poolOwnership(owner, pool, world.record, [owner]),
    record: world.record,
    pools: world.pools,
    highestPoolId: world.highestPoolId,
    rules: world.rules,
    osds: new Map([
      ['default', 3],
      ['default~ssd', 3],
    ]),
    placementGroupLimit: 250,
    autoscaler: { runs: true },
    usage: undefined,
    look:
      isMarked && !isDeleting
        ? { initialised: world.images !== undefined, images: world.images ?? { '': 0 } }
        : undefined,
    silence: undefined,
    contents:
      isMarked && isDeleting
        ? {
            namespaces: namespaces.map(([namespace, count]) => ({
              namespace,
              images: Array.from({ length: count }, (_, index) => `image-${index}`),
              trash: [],
              snapshots: 0,
            })),
            foreignObjects: world.foreignObjects,
          }
        : undefined,
    users: [],
    ...more,
  };
}

/** Does to the world what a step does to Ceph. */
export function perform(step: PoolStep, world: World): World {
  const change = (values: (pool: Pool) => Partial<Pool>): World => ({
    ...world,
    pools: world.pools.map((pool) => ('pool' in step && pool.name === step.pool ? { ...pool, ...values(pool) } : pool)),
  });
  switch (step.verb) {
    case 'record-intent':
      return { ...world, record: { ...owner, namespaces: [], creatingAfter: step.highestPoolId } };
    case 'create-crush-rule': {
      if (world.rules.some(({ name }) => name === step.name)) return world;
      const { root, deviceClass } = step.placement;
      const takes = deviceClass === undefined ? root : `${root}~${deviceClass}`;
      const rule = { id: world.rules.length, name: step.name, takes, placement: step.placement };
      return { ...world, rules: [...world.rules, rule] };
    }
    case 'create-pool': {
      if (world.pools.some(({ name }) => name === step.pool)) return world;
      const { size = 3, crushRule, pgNum = 1, autoscale = 'on', bulk } = step.like;
      const pool = cephPool({
        id: world.highestPoolId + 1,
        name: step.pool,
        size,
        minSize: size - Math.floor(size / 2),
        crushRuleId: world.rules.find(({ name }) => name === crushRule)?.id ?? 0,
        pgNum,
        pgNumTarget: pgNum,
        autoscale,
        flags: bulk ? ['hashpspool', 'bulk'] : ['hashpspool'],
      });
      return { ...world, pools: [...world.pools, pool], highestPoolId: pool.id, images: undefined };
    }
    case 'mark-pool':
      return change(({ applications }) => ({
        applications: { ...applications, rbd: { ...applications.rbd, [poolMarkKey]: step.mark } },
      }));
    case 'record-owner': {
      const poolID = world.pools.find(({ name }) => name === step.pool)?.id ?? -1;
      return { ...world, record: { ...owner, namespaces: step.namespaces, poolID } };
    }
    case 'set-variable':
      return change((pool) => variable(step, pool, world));
    case 'set-quota':
      return change(() =>
        step.field === 'max_bytes' ? { quotaMaxBytes: Number(step.to) } : { quotaMaxObjects: Number(step.to) },
      );
    case 'init-pool':
      return { ...world, images: world.images ?? { '': 0 } };
    case 'create-namespace':
      return { ...world, images: { [step.namespace]: 0, ...world.images } };
    case 'remove-namespace': {
      const { [step.namespace]: _removed, ...images } = world.images ?? {};
      return { ...world, images };
    }
    case 'delete-pool':
      return { ...world, pools: world.pools.filter(({ name }) => name !== step.pool), images: undefined };
    case 'forget-pool':
      return { ...world, record: undefined };
  }
}

function variable(
  { variable, value }: Extract<PoolStep, { verb: 'set-variable' }>,
  pool: Pool,
  world: World,
): Partial<Pool> {
  switch (variable) {
    case 'size': {
      const size = Number(value);
      return { size, minSize: size - Math.floor(size / 2) };
    }
    case 'min_size':
      return { minSize: Number(value) };
    case 'pg_num':
      return { pgNumTarget: Number(value) };
    case 'pg_autoscale_mode':
      return { autoscale: value === 'on' ? 'on' : 'off' };
    case 'bulk': {
      const others = pool.flags.filter((flag) => flag !== 'bulk');
      return { flags: value === 'true' ? [...others, 'bulk'] : others };
    }
    case 'crush_rule':
      return { crushRuleId: world.rules.find(({ name }) => name === value)?.id ?? -1 };
    case 'target_size_ratio':
      return { targetSizeRatio: Number(value) === 0 ? undefined : Math.fround(Number(value)) };
    case 'compression_mode':
      return { compressionMode: value === 'unset' ? undefined : value };
    case 'compression_algorithm':
      return { compressionAlgorithm: value === 'unset' ? undefined : value };
  }
}

export type Spec = Partial<RbdPoolSpecInput>;

export const { converge, sentences, hold } = planning({
  make: (spec: Spec, metadata) => rbdPool(spec, metadata),
  see,
  plan: planPool,
  perform: (step, _resource, world) => perform(step, world),
  describe: describePoolStep,
});
