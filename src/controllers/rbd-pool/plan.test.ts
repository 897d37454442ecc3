import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  converge,
  emptyWorld,
  hold,
  owner,
  rbdPool,
  type Spec,
  sentences,
  type World,
  worldWith,
} from './pool.fixture.ts';

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

const groups = { targetSizeRatio: '0.53', bulk: true, whenAdopted: 'Leave' } as const;
const shares = ['Set bulk of pool "volumes" from false to true.', 'Set target_size_ratio of pool "volumes" to 0.53.'];
const madeBy = { ...owner, namespaces: [], poolID: 4, made: true } as const;
const others = worldWith({ applications: {} }, { record: undefined });

for (const [what, spec, world, expected] of [
  ['to a pool that it made', {}, worldWith({}, { record: madeBy }), shares],
  [
    'to a pool that it made and died before it said so',
    {},
    worldWith({}, { record: { ...owner, namespaces: [], creatingAfter: 3 } }),
    shares,
  ],
  ['not to a pool that it adopts', { adoption: 'IfUnowned' }, others, []],
  ['not to a pool that it has adopted', {}, converge(rbdPool({ adoption: 'IfUnowned' }), others).world, []],
  ['not to one whose record speaks of another pool', {}, worldWith({}, { record: { ...madeBy, poolID: 9 } }), []],
  [
    'not to one that another owner made',
    { adoption: 'IfUnowned' },
    worldWith({ applications: {} }, { record: { ...madeBy, name: 'gone' } }),
    [],
  ],
  [
    'to one that was adopted, when not told to leave it',
    { placementGroups: { bulk: true } },
    worldWith(),
    shares.slice(0, 1),
  ],
] as const) {
  test(`planPool() gives shares ${what}`, () => {
    const said = sentences({ placementGroups: groups, ...spec }, world).flat();
    assert.deepEqual(
      said.filter((sentence) => sentence.startsWith('Set')),
      expected,
    );
  });
}

test('planPool() gives a pool that it makes its shares, and puts them back', () => {
  const { world } = converge(rbdPool({ placementGroups: groups }), emptyWorld);
  const bare = { ...world, pools: world.pools.map((pool) => ({ ...pool, flags: [] })) };
  assert.deepEqual(sentences({ placementGroups: groups }, world), []);
  assert.deepEqual(sentences({ placementGroups: groups }, bare), [shares.slice(0, 1)]);
});

test('planPool() says how much data a change moves', () => {
  const usage = { stored: 3 * 2 ** 40, available: 0 };
  assert.deepEqual(sentences({ replicated: { size: 3 } }, worldWith({ size: 2, minSize: 1 }), { usage }), [
    ['Set size of pool "volumes" from 2 to 3, which moves up to 3 TiB.'],
  ]);
});

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
