import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { perform } from './perform.fixture.ts';
import { planPool } from './plan.ts';
import {
  converge,
  dataCephPool,
  dataOwner,
  deleting,
  emptyWorld,
  marked,
  owner,
  rbdPool,
  type Spec,
  see,
  type World,
  worldWith,
} from './pool.fixture.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const namespaceNames = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });

/** Drops the keys without a value, as a manifest would. */
function compact<T>(value: T): T {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [key, compact(field)])) as T;
}

const anySpec: fc.Arbitrary<Spec> = fc
  .record({
    replicated: optional(
      fc.record({
        size: optional(fc.integer({ min: 2, max: 4 })),
        minSize: optional(fc.constantFrom(1, 2)),
        crushRule: optional(
          fc.constantFrom(
            { name: 'replicated_rule' },
            { name: 'fast', root: 'default', failureDomain: 'host', deviceClass: 'ssd' },
          ),
        ),
      }),
    ),
    placementGroups: optional(
      fc.oneof(
        fc.record({
          autoscale: fc.constant('Enabled' as const),
          targetSizeRatio: optional(fc.constantFrom('0', '0.1', '0.53')),
          bulk: optional(fc.boolean()),
          whenAdopted: optional(fc.constantFrom('Enforce', 'Leave')),
        }),
        fc.record({ autoscale: fc.constant('Disabled' as const), count: optional(fc.constantFrom(8, 16, 32)) }),
      ),
    ),
    quota: optional(
      fc.record({
        maxBytes: optional(fc.constantFrom('0', '10Ti', 5)),
        maxObjects: optional(fc.constantFrom('0', 1000)),
      }),
    ),
    compression: optional(
      fc.constantFrom(
        { mode: 'None' as const },
        { mode: 'Force' as const },
        { mode: 'Passive' as const, algorithm: 'lz4' as const },
      ),
    ),
    namespaces: optional(namespaceNames),
    erasureCoded: optional(
      fc.record({
        dataChunks: fc.constant(2),
        codingChunks: fc.constantFrom(1, 2),
        plugin: optional(fc.constant('jerasure' as const)),
      }),
    ),
    adoption: fc.constantFrom('Never' as const, 'IfUnowned' as const),
  })
  .map((spec) => compact(spec) as Spec);

const anyPool = fc
  .record({
    size: fc.integer({ min: 2, max: 4 }),
    minSize: fc.integer({ min: 1, max: 2 }),
    pgNumTarget: fc.constantFrom(1, 16, 64),
    autoscale: fc.constantFrom('on' as const, 'off' as const, 'warn' as const),
    flags: fc.constantFrom<string[]>([], ['bulk']),
    quotaMaxBytes: fc.constantFrom(0, 5, 10 * 2 ** 40),
    targetSizeRatio: fc.constantFrom(undefined, Math.fround(0.1), Math.fround(0.7)),
    compressionMode: fc.constantFrom(undefined, 'none', 'force'),
    applications: fc.constantFrom<Record<string, Record<string, string>>>({}, { rbd: {} }, marked),
  })
  .map((values) => cephPool(values));

/** What may be there of the erasure-coded pool. */
const anyData = fc.record({
  pool: optional(
    fc
      .record({
        flags: fc.constantFrom<string[]>([], ['ec_overwrites']),
        quotaMaxBytes: fc.constantFrom(0, 5),
        erasureProfile: fc.constantFrom('volumes-data', 'other'),
      })
      .chain((values) => fc.constantFrom(dataCephPool(values), dataCephPool({ ...values, applications: {} }))),
  ),
  profiles: fc.constantFrom<World['profiles']>(
    new Map(),
    new Map([['volumes-data', { k: '2', m: '1', plugin: 'jerasure' }]]),
    new Map([
      ['volumes-data', { k: '2', m: '1', plugin: 'jerasure' }],
      ['other', { k: '2', m: '2', plugin: 'isa' }],
    ]),
  ),
  dataRecord: fc.constantFrom(
    undefined,
    { ...dataOwner, namespaces: [], poolID: 5 },
    { ...dataOwner, namespaces: [], poolID: 5, made: true as const },
    { ...dataOwner, namespaces: [], creatingAfter: 3 },
  ),
  dataPool: fc.constantFrom(undefined, 'volumes-data', 'elsewhere'),
  dataObjects: fc.constantFrom([], ['notes']),
});

const anyPools: fc.Arbitrary<World> = fc.oneof(
  fc.constant(emptyWorld),
  fc
    .tuple(
      anyPool,
      fc.constantFrom(
        undefined,
        { ...owner, namespaces: ['a', 'b'], poolID: 4 },
        { ...owner, namespaces: ['b'], poolID: 4, made: true as const },
        { ...owner, namespaces: [], creatingAfter: 3 },
      ),
      optional(fc.dictionary(fc.constantFrom('a', 'b', 'd'), fc.integer({ min: 0, max: 1 }))),
    )
    .map(([pool, record, images]) => ({
      ...worldWith(),
      pools: [...emptyWorld.pools, pool],
      record,
      images: images && { '': 0, ...images },
    })),
);

const anyWorld: fc.Arbitrary<World> = fc.tuple(anyPools, anyData).map(([world, { pool, ...data }]) => ({
  ...world,
  ...data,
  pools: [...world.pools, ...(pool === undefined ? [] : [pool])],
  highestPoolId: pool?.id ?? world.highestPoolId,
}));

test('settles: when all steps are done, nothing is left to do', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), (spec, world, isDeleted) => {
      const resource = isDeleted ? rbdPool({ ...spec, deletionPolicy: 'Delete' }, deleting) : rbdPool(spec);
      const { world: settled, plan } = converge(resource, world);
      assert.deepEqual(planPool(resource, see(resource, settled)), plan);
    }),
    { numRuns: 10_000 },
  );
});

test('survives: dying after any step and forgetting everything leads to the same end', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), fc.nat({ max: 20 }), (spec, world, isDeleted, steps) => {
      const resource = isDeleted ? rbdPool({ ...spec, deletionPolicy: 'Delete' }, deleting) : rbdPool(spec);
      const begun = planPool(resource, see(resource, world)).stages.flat().slice(0, steps);
      const interrupted = begun.reduce((now, step) => perform(step, now), world);
      const { world: end, plan } = converge(resource, interrupted);
      const straight = converge(resource, world);
      assert.deepEqual(end, straight.world);
      assert.deepEqual(plan.hold, straight.plan.hold);
    }),
    { numRuns: 10_000 },
  );
});
