import { type PoolRecord, poolMarkKey } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import type { World } from './pool.fixture.ts';
import type { PoolStep } from './steps.ts';

/** Does to the world what a step does to Ceph. */
export function perform(step: PoolStep, world: World): World {
  const change = (values: (pool: Pool) => Partial<Pool>): World => ({
    ...world,
    pools: world.pools.map((pool) => ('pool' in step && pool.name === step.pool ? { ...pool, ...values(pool) } : pool)),
  });
  switch (step.verb) {
    case 'record-intent':
      return recorded(world, { ...step.owner, namespaces: [], creatingAfter: step.highestPoolId });
    case 'create-crush-rule': {
      if (world.rules.some(({ name }) => name === step.name)) return world;
      const type = 'replicated' as const;
      const { root, deviceClass } = step.placement;
      const takes = deviceClass === undefined ? root : `${root}~${deviceClass}`;
      const rule = { id: world.rules.length, name: step.name, type, takes, placement: step.placement };
      return { ...world, rules: [...world.rules, rule] };
    }
    case 'create-erasure-profile':
      return {
        ...world,
        profiles: new Map([[step.name, { plugin: 'jerasure', ...step.parameters }], ...world.profiles]),
      };
    case 'create-pool': {
      if (world.pools.some(({ name }) => name === step.pool)) return world;
      const { erasureProfile, crushRule, pgNum = 1, autoscale = 'on', bulk } = step.like;
      const { k, m } = world.profiles.get(erasureProfile ?? '') ?? {};
      const size = erasureProfile === undefined ? (step.like.size ?? 3) : Number(k) + Number(m);
      const pool = cephPool({
        id: world.highestPoolId + 1,
        name: step.pool,
        type: erasureProfile === undefined ? 'replicated' : 'erasure',
        erasureProfile,
        size,
        minSize: size - Math.floor(size / 2),
        crushRuleId: world.rules.find(({ name }) => name === crushRule)?.id ?? 0,
        pgNum,
        pgNumTarget: pgNum,
        autoscale,
        flags: bulk ? ['hashpspool', 'bulk'] : ['hashpspool'],
      });
      const pools = [...world.pools, pool];
      if (erasureProfile !== undefined) return { ...world, pools, highestPoolId: pool.id, dataObjects: [] };
      return { ...world, pools, highestPoolId: pool.id, images: undefined, dataPool: undefined };
    }
    case 'mark-pool':
      return change(({ applications }) => ({
        applications: { ...applications, rbd: { ...applications.rbd, [poolMarkKey]: step.mark } },
      }));
    case 'record-owner': {
      const poolID = world.pools.find(({ name }) => name === step.pool)?.id ?? -1;
      const made = step.made ? ({ made: true } as const) : {};
      return recorded(world, { ...step.owner, namespaces: step.namespaces, poolID, ...made });
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
    case 'set-data-pool':
      return { ...world, dataPool: step.dataPool };
    case 'delete-pool': {
      const pools = world.pools.filter(({ name }) => name !== step.pool);
      return step.holds === 'data' ? { ...world, pools } : { ...world, pools, images: undefined, dataPool: undefined };
    }
    case 'forget-pool':
      return { ...world, [step.pool.endsWith('-data') ? 'dataRecord' : 'record']: undefined };
  }
}

function recorded(world: World, record: PoolRecord): World {
  return { ...world, [record.part === 'data' ? 'dataRecord' : 'record']: record };
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
    case 'bulk':
      return flagged(pool, 'bulk', value);
    case 'allow_ec_overwrites':
      return flagged(pool, 'ec_overwrites', value);
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

function flagged({ flags }: Pool, flag: string, value: string): Partial<Pool> {
  const others = flags.filter((other) => other !== flag);
  return { flags: value === 'true' ? [...others, flag] : others };
}
