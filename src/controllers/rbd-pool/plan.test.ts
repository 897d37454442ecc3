import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePolicy } from '../../api/policy.ts';
import type { RbdPoolSpecInput } from '../../api/rbd-pool.ts';
import { poolMark, poolMarkKey } from '../../ceph/marks.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import type { ObservedPool } from './observed.ts';
import { planPool } from './plan.ts';
import {
  converge,
  deleting,
  emptyWorld,
  marked,
  owner,
  perform,
  rbdPool,
  see,
  type World,
  worldWith,
} from './pool.fixture.ts';
import { describePoolStep } from './steps.ts';

type Spec = Partial<RbdPoolSpecInput>;

/** The sentences of a plan, stage by stage. */
function sentences(spec: Spec, world: World, more: Partial<ObservedPool> = {}, metadata: object = {}): string[][] {
  const resource = rbdPool(spec, metadata);
  return planPool(resource, see(resource, world, more))
    .stages.filter((stage) => stage.length > 0)
    .map((stage) => stage.map(describePoolStep));
}

function hold(spec: Spec, world: World, more: Partial<ObservedPool> = {}, metadata: object = {}) {
  const resource = rbdPool(spec, metadata);
  return planPool(resource, see(resource, world, more)).hold;
}

test('planPool() makes a pool in order: intent, pool, mark, the rest', () => {
  assert.deepEqual(
    sentences({ replicated: { size: 3, minSize: 2 }, quota: { maxBytes: '1Ki' }, namespaces: ['b', 'a'] }, emptyWorld),
    [
      ['Record that pool "volumes" is about to be made.'],
      ['Create pool "volumes".'],
      [
        'Enable RBD on pool "volumes" and mark it as ours.',
        'Set quota max_bytes of pool "volumes" to 1024.',
        'Set min_size of pool "volumes" to 2.',
      ],
      ['Initialise pool "volumes" for RBD.', 'Record whose pool "volumes" is.'],
      ['Create RBD namespace "a" in pool "volumes".', 'Create RBD namespace "b" in pool "volumes".'],
    ],
  );
});

const changes: readonly (readonly [name: string, spec: Spec, world: World, expected: string[][]])[] = [
  ['nothing to a pool of which nothing is declared', {}, worldWith({ size: 2, quotaMaxBytes: 7 }), []],
  [
    'the size before min_size, which it resets',
    { replicated: { size: 2, minSize: 1 } },
    worldWith(),
    [['Set size of pool "volumes" from 3 to 2.'], ['Set min_size of pool "volumes" to 1.']],
  ],
  [
    'min_size alone',
    { replicated: { size: 3, minSize: 1 } },
    worldWith(),
    [['Set min_size of pool "volumes" from 2 to 1.']],
  ],
  [
    'the autoscaler off before the count',
    { placementGroups: { autoscale: 'Disabled', count: 64 } },
    worldWith(),
    [['Set pg_autoscale_mode of pool "volumes" from on to off.'], ['Set pg_num of pool "volumes" from 32 to 64.']],
  ],
  ['no count that Ceph chooses', { placementGroups: { autoscale: 'Enabled' } }, worldWith({ pgNumTarget: 128 }), []],
  [
    'no ratio that only float32 changed',
    { placementGroups: { targetSizeRatio: '0.1' } },
    worldWith({ targetSizeRatio: Math.fround(0.1) }),
    [],
  ],
  [
    'a ratio',
    { placementGroups: { targetSizeRatio: '0.53' } },
    worldWith({ targetSizeRatio: Math.fround(0.1) }),
    [['Set target_size_ratio of pool "volumes" from 0.1 to 0.53.']],
  ],
  [
    'a ratio away',
    { placementGroups: { targetSizeRatio: '0' } },
    worldWith({ targetSizeRatio: Math.fround(0.1) }),
    [['Set target_size_ratio of pool "volumes" from 0.1 to 0.']],
  ],
  [
    'quotas away',
    { quota: { maxBytes: '0', maxObjects: 0 } },
    worldWith({ quotaMaxBytes: 1024, quotaMaxObjects: 5 }),
    [['Clear quota max_bytes of pool "volumes" (was 1024).', 'Clear quota max_objects of pool "volumes" (was 5).']],
  ],
  [
    'compression',
    { compression: { mode: 'Aggressive', algorithm: 'zstd' } },
    worldWith({ compressionMode: 'force' }),
    [
      [
        'Set compression_mode of pool "volumes" from force to aggressive.',
        'Set compression_algorithm of pool "volumes" to zstd.',
      ],
    ],
  ],
  [
    'compression away',
    { compression: { mode: 'None' } },
    worldWith({ compressionMode: 'force', compressionAlgorithm: 'zstd' }),
    [
      [
        'Set compression_mode of pool "volumes" from force to unset.',
        'Set compression_algorithm of pool "volumes" from zstd to unset.',
      ],
    ],
  ],
  [
    'a rule that is missing, and the pool to it',
    { replicated: { crushRule: { name: 'fast', root: 'default', failureDomain: 'host', deviceClass: 'ssd' } } },
    worldWith(),
    [
      ['Create CRUSH rule "fast" (root default, failure domain host, device class ssd).'],
      ['Set crush_rule of pool "volumes" from replicated_rule to fast.'],
    ],
  ],
  [
    'nothing for a rule that is the same',
    { replicated: { crushRule: { name: 'replicated_rule', root: 'default', failureDomain: 'host' } } },
    worldWith(),
    [],
  ],
  [
    'the mark again',
    {},
    worldWith({ applications: { rbd: {} } }),
    [['Enable RBD on pool "volumes" and mark it as ours.']],
  ],
  [
    'the application again',
    {},
    worldWith({ applications: {} }),
    [['Enable RBD on pool "volumes" and mark it as ours.']],
  ],
  ['the record again', {}, worldWith({}, { record: undefined }), [['Record whose pool "volumes" is.']]],
  ['what rbd pool init does', {}, worldWith({}, { images: undefined }), [['Initialise pool "volumes" for RBD.']]],
  [
    'a namespace of ours that is no longer declared and empty',
    { namespaces: ['a'] },
    worldWith({}, { images: { '': 0, a: 0, b: 0, c: 0 }, record: { ...owner, namespaces: ['a', 'b'], poolID: 4 } }),
    [['Remove RBD namespace "b" from pool "volumes".']],
  ],
];

for (const [name, spec, world, expected] of changes) {
  test(`planPool() sets ${name}`, () => {
    assert.deepEqual(sentences(spec, world), expected);
    converge(rbdPool(spec), world);
  });
}

test('planPool() says how much data a change moves', () => {
  const usage = { stored: 3 * 2 ** 40, available: 0, objects: 0 };
  assert.deepEqual(sentences({ replicated: { size: 3 } }, worldWith({ size: 2, minSize: 1 }), { usage }), [
    ['Set size of pool "volumes" from 2 to 3, which moves up to 3 TiB.'],
  ]);
});

const foreign = worldWith({ applications: { rbd: { [poolMarkKey]: 'other.0123' } } }, { record: undefined });
const takeOver = parsePolicy({ takeOver: true });

const holds: readonly (readonly [
  name: string,
  reason: string,
  message: RegExp,
  spec: Spec,
  world: World,
  more?: Partial<ObservedPool>,
])[] = [
  [
    'a pool that nobody marked',
    'AlreadyExists',
    /exists \(replicated, size 3, 32 placement groups\).*IfUnowned/,
    {},
    worldWith({ applications: { rbd: {} } }, { record: undefined }),
  ],
  [
    'a pool made after ours was deleted',
    'AlreadyExists',
    /nobody has marked it/,
    {},
    worldWith({ id: 9, applications: {} }, { record: { ...owner, namespaces: [], poolID: 4 } }),
  ],
  [
    'a pool that was there before we meant to make one',
    'AlreadyExists',
    /nobody has marked it/,
    {},
    worldWith({ applications: {} }, { record: { ...owner, namespaces: [], creatingAfter: 4 } }),
  ],
  [
    'a pool of another installation',
    'OwnedByAnother',
    /a resource of installation "other"/,
    { adoption: 'IfUnowned' },
    foreign,
  ],
  ['a take-over that the policy forbids', 'PolicyForbids', /takeOver: true/, { adoption: 'TakeOver' }, foreign],
  [
    'a pool of a living sibling, even by force',
    'OwnedByAnother',
    /belongs to "x\/y"/,
    { adoption: 'TakeOver' },
    foreign,
    { policy: takeOver, ownership: { kind: 'anothers', name: '"x/y"', alive: true } },
  ],
  ['what another declared before', 'Conflict', /RbdPool "older" declared/, {}, emptyWorld, { rival: 'older' }],
  [
    'a pool that the policy does not name',
    'PolicyForbids',
    /does not allow the pool "volumes"/,
    {},
    emptyWorld,
    { policy: parsePolicy({ pools: ['x*'] }) },
  ],
  ['an erasure-coded pool', 'WrongPoolType', /is erasure-coded/, {}, worldWith({ type: 'erasure' })],
  [
    "another application's pool",
    'Conflict',
    /application rgw/,
    { adoption: 'IfUnowned' },
    worldWith({ applications: { rgw: {} } }, { record: undefined }),
  ],
  [
    'a rule with other parameters',
    'CrushRuleDiffers',
    /has root default, failure domain host, not root default, failure domain rack/,
    { replicated: { crushRule: { name: 'replicated_rule', root: 'default', failureDomain: 'rack' } } },
    worldWith(),
  ],
  [
    'a rule that is not there',
    'InvalidSpec',
    /no CRUSH rule "fast"/,
    { replicated: { crushRule: { name: 'fast' } } },
    emptyWorld,
  ],
  [
    'more placement groups than OSDs bear',
    'PlacementGroupBudget',
    /would make 771 on 3 OSDs, which may hold 750/,
    { placementGroups: { autoscale: 'Disabled', count: 256 } },
    emptyWorld,
  ],
  [
    'a size that somebody froze',
    'Conflict',
    /flag nosizechange/,
    { replicated: { size: 2 } },
    worldWith({ flags: ['nosizechange'] }),
  ],
  [
    'an undeclared namespace that holds images',
    'DeletionBlocked',
    /namespace "b".*still holds images/,
    { namespaces: [] },
    worldWith({}, { images: { '': 0, b: 2 }, record: { ...owner, namespaces: ['b'], poolID: 4 } }),
  ],
];

for (const [name, reason, message, spec, world, more = {}] of holds) {
  test(`planPool() refuses ${name}: ${reason}`, () => {
    const found = hold(spec, world, more);
    assert.equal(found?.reason, reason);
    assert.match(found?.message ?? '', message);
    assert.deepEqual(sentences(spec, world, more), []);
  });
}

test('planPool() goes on with what is safe beside a hold', () => {
  const spec: Spec = { placementGroups: { autoscale: 'Disabled', count: 1024 }, quota: { maxObjects: 5 } };
  assert.deepEqual(sentences(spec, worldWith({ autoscale: 'off' })), [
    ['Set quota max_objects of pool "volumes" to 5.'],
  ]);
  assert.equal(hold(spec, worldWith())?.reason, 'PlacementGroupBudget');
});

test('planPool() sets what brings OSDs back, and says that they are silent', () => {
  const spec: Spec = { replicated: { size: 3, minSize: 1 }, namespaces: ['a'] };
  const silent = { look: undefined, silence: 'The OSDs did not answer.' };
  assert.deepEqual(sentences(spec, worldWith(), silent), [['Set min_size of pool "volumes" from 2 to 1.']]);
  const found = hold(spec, worldWith(), silent);
  assert.deepEqual([found?.reason, found?.stalled], ['CephUnreachable', false]);
});

test('planPool() makes no empty pool in place of one that was renamed', () => {
  const found = hold({}, worldWith({ name: 'moved' }));
  assert.equal(found?.reason, 'Conflict');
  assert.match(found?.message ?? '', /was renamed to "moved"/);
});

test('planPool() adopts an unmarked pool without touching what agrees', () => {
  const world = worldWith({ applications: { rbd: {} } }, { record: undefined });
  const spec: Spec = { adoption: 'IfUnowned', replicated: { size: 3, minSize: 2 } };
  assert.deepEqual(sentences(spec, world), [
    ['Record whose pool "volumes" is.'],
    ['Enable RBD on pool "volumes" and mark it as ours.'],
  ]);
});

test('planPool() takes over from another installation when told so and allowed', () => {
  assert.deepEqual(sentences({ adoption: 'TakeOver' }, foreign, { policy: takeOver }), [
    ['Record whose pool "volumes" is.'],
    ['Take pool "volumes" over from a resource of installation "other".'],
  ]);
});

test('planPool() takes a mark of this installation for nothing when its RbdPool is no more', () => {
  const gone = { rbd: { [poolMarkKey]: poolMark({ ...owner, name: 'gone' }) } };
  const world = worldWith({ applications: gone }, { record: undefined });
  assert.equal(hold({}, world)?.reason, 'AlreadyExists');
  assert.equal(hold({ adoption: 'IfUnowned' }, world), undefined);
});

const remove: Spec = { deletionPolicy: 'Delete' };

test('planPool() deletes an empty pool and its record', () => {
  assert.deepEqual(sentences(remove, worldWith(), {}, deleting), [
    ['Delete pool "volumes".'],
    ['Remove the record of pool "volumes".'],
  ]);
});

test('planPool() lets a pool go without a look at anything', () => {
  assert.deepEqual(planPool(rbdPool({}, deleting), { kind: 'let-go' }), { stages: [] });
});

test('planPool() leaves a pool alone that is not ours, when it is deleted', () => {
  assert.deepEqual(planPool(rbdPool(remove, deleting), see(rbdPool(remove, deleting), foreign)), { stages: [] });
});

test('planPool() names everything that keeps a pool from being deleted', () => {
  const world = worldWith(
    { snapshots: ['s1'], flags: ['nodelete'] },
    { images: { '': 5, tenant: 1 }, foreignObjects: ['x/notes'] },
  );
  const users = ['CephClientAuth "cinder"', 'CephOpenStackBinding "cloud"'];
  const found = hold(remove, world, { users }, deleting);
  assert.equal(found?.reason, 'DeletionBlocked');
  assert.equal(
    found?.message,
    'The pool "volumes" cannot be deleted: it is used by CephClientAuth "cinder", CephOpenStackBinding "cloud"; ' +
      'it has 1 snapshot (s1); its flag nodelete is set; it holds 5 images (image-0, image-1, image-2 and 2 more); ' +
      'its namespace "tenant" holds 1 image (image-0); it holds objects that are not RBD\'s (x/notes).',
  );
});

test('planPool() shows names that others chose in one line of bounded length', () => {
  const resource = rbdPool(remove, deleting);
  const observed = see(resource, worldWith());
  const contents = {
    namespaces: [{ namespace: '', images: ['a\nb\u001b[2J', 'x'.repeat(500)], trash: [], snapshots: 0 }],
    foreignObjects: [],
  };
  const found = planPool(resource, { ...observed, contents }).hold;
  assert.match(found?.message ?? '', /2 images \(a\?b\?\[2J, x{63}…\)/);
});

test('planPool() deletes no pool when the policy forbids it', () => {
  assert.equal(hold(remove, worldWith(), { policy: parsePolicy({}) }, deleting)?.reason, 'PolicyForbids');
});

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

const anyWorld: fc.Arbitrary<World> = fc.oneof(
  fc.constant(emptyWorld),
  fc
    .tuple(
      anyPool,
      fc.constantFrom(
        undefined,
        { ...owner, namespaces: ['a', 'b'], poolID: 4 },
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
