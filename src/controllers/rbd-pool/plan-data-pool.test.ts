import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { planPool } from './plan.ts';
import {
  converge,
  dataCephPool,
  dataName,
  deleting,
  emptyWorld,
  erasureCoded,
  hold,
  rbdPool,
  type Spec,
  see,
  sentences,
  type World,
  worldWith,
  worldWithData,
} from './pool.fixture.ts';
import { poolStatus } from './status.ts';

const remove: Spec = { erasureCoded, deletionPolicy: 'Delete' };

test('planPool() makes both pools side by side, and has the one lead to the other last', () => {
  const spec: Spec = {
    replicated: { size: 2 },
    erasureCoded: { ...erasureCoded, plugin: 'isa', failureDomain: 'rack', deviceClass: 'hdd' },
    quota: { maxBytes: '1Ki' },
    placementGroups: { targetSizeRatio: '0.5', bulk: true },
    namespaces: ['a'],
  };
  assert.deepEqual(sentences(spec, emptyWorld), [
    [
      'Record that pool "volumes" is about to be made.',
      'Record that pool "volumes-data" is about to be made.',
      'Create erasure code profile "volumes-data" (k=2 m=1 plugin=isa crush-failure-domain=rack crush-device-class=hdd).',
    ],
    ['Create pool "volumes".', 'Create erasure-coded pool "volumes-data".'],
    [
      'Enable RBD on pool "volumes" and mark it as ours.',
      'Enable RBD on pool "volumes-data" and mark it as ours.',
      'Set allow_ec_overwrites of pool "volumes-data" to true.',
      'Set target_size_ratio of pool "volumes-data" to 0.5.',
      'Set quota max_bytes of pool "volumes-data" to 1024.',
    ],
    ['Initialise pool "volumes" for RBD.', 'Record whose pool "volumes" is.', 'Record whose pool "volumes-data" is.'],
    ['Create RBD namespace "a" in pool "volumes".'],
    ['Have new images of pool "volumes" keep their data in "volumes-data".'],
  ]);
});

const unmarked = { applications: {} };
const changes: readonly (readonly [name: string, spec: Spec, world: World, expected: string[][]])[] = [
  ['nothing once all is there', { erasureCoded }, worldWithData(), []],
  [
    'what was undone by hand',
    { erasureCoded, quota: { maxObjects: 7 } },
    worldWithData({ ...unmarked, flags: [], quotaMaxObjects: 9 }, { dataPool: undefined }),
    [
      [
        'Enable RBD on pool "volumes-data" and mark it as ours.',
        'Set allow_ec_overwrites of pool "volumes-data" to true.',
        'Set quota max_objects of pool "volumes-data" from 9 to 7.',
      ],
      ['Have new images of pool "volumes" keep their data in "volumes-data".'],
    ],
  ],
  [
    'images that were led elsewhere',
    { erasureCoded },
    worldWithData({}, { dataPool: 'other' }),
    [['Have new images of pool "volumes" keep their data in "volumes-data" instead of "other".']],
  ],
  [
    'the size of the one and the quota of the other',
    { erasureCoded, replicated: { size: 2 }, quota: { maxBytes: 5 } },
    worldWithData(),
    [['Set size of pool "volumes" from 3 to 2.', 'Set quota max_bytes of pool "volumes-data" to 5.']],
  ],
  [
    'a pool that another data pool is the name of',
    { erasureCoded: { ...erasureCoded, dataPoolName: 'bulk' }, adoption: 'IfUnowned' },
    worldWithData({ name: 'bulk', applications: {} }, { dataRecord: undefined, dataPool: 'bulk' }),
    [['Record whose pool "bulk" is.'], ['Enable RBD on pool "bulk" and mark it as ours.']],
  ],
];
for (const [name, spec, world, expected] of changes) {
  test(`planPool() with erasureCoded changes ${name}`, () => assert.deepEqual(sentences(spec, world), expected));
}

const refused: readonly (readonly [name: string, reason: string, message: RegExp, spec: Spec, world: World])[] = [
  [
    'a replicated pool as that of the data',
    'WrongPoolType',
    /"volumes-data" is replicated, and this one must be erasure-coded: choose another dataPoolName/,
    { erasureCoded, adoption: 'IfUnowned' },
    worldWithData({ type: 'replicated' }),
  ],
  [
    'an erasure-coded pool with other chunks',
    'ErasureProfileDiffers',
    /"volumes-data" was made with k=2 m=1, not k=4 m=2: declare what is there/,
    { erasureCoded: { dataChunks: 4, codingChunks: 2 }, adoption: 'IfUnowned' },
    worldWithData(unmarked, { dataRecord: undefined }),
  ],
  [
    'a profile that somebody changed under the pool',
    'ErasureProfileDiffers',
    /profile "volumes-data", which the pool "volumes-data" lives by, was changed from k=2 m=1 to k=3 m=1: put it back/,
    { erasureCoded },
    worldWithData({}, { profiles: new Map([[dataName, { k: '3', m: '1' }]]) }),
  ],
  [
    'a profile of its name with other parameters',
    'ErasureProfileDiffers',
    /profile "volumes-data" has k=2 m=1 plugin=jerasure, not k=2 m=1 plugin=isa: .*"ceph osd erasure-code-profile rm volumes-data"/,
    { erasureCoded: { ...erasureCoded, plugin: 'isa' } },
    { ...emptyWorld, profiles: worldWithData().profiles },
  ],
  [
    'a rule of its name that is for copies',
    'CrushRuleDiffers',
    /rule "volumes-data" is for replicated pools, not for erasure-coded ones/,
    { erasureCoded },
    { ...emptyWorld, rules: emptyWorld.rules.map((rule) => ({ ...rule, name: dataName })) },
  ],
  [
    'a data pool that nobody has marked',
    'AlreadyExists',
    /"volumes-data" exists \(erasure, size 3, 32 placement groups\) and nobody has marked it: .* or choose another dataPoolName/,
    { erasureCoded },
    { ...emptyWorld, pools: [dataCephPool(unmarked)], profiles: worldWithData().profiles },
  ],
  [
    'more placement groups than chunks fit',
    'PlacementGroupBudget',
    /128 placement groups of size 6 for the pool "volumes-data" would make 771/,
    { erasureCoded: { dataChunks: 4, codingChunks: 2 }, placementGroups: { autoscale: 'Disabled', count: 128 } },
    emptyWorld,
  ],
];
for (const [name, reason, message, spec, world] of refused) {
  test(`planPool() refuses ${name}, and makes nothing of the other pool`, () => {
    const found = hold(spec, world);
    assert.equal(found?.reason, reason);
    assert.match(found?.message ?? '', message);
    assert.deepEqual(sentences(spec, world), []);
  });
}

test('planPool() makes no data pool that the policy does not allow', () => {
  const policy = parsePolicy({ pools: ['volumes'] });
  const resource = rbdPool({ erasureCoded });
  const seen = see(resource, emptyWorld);
  const data = seen.data && { ...seen.data, policy };
  assert.equal(hold({ erasureCoded }, emptyWorld, { policy, data })?.reason, 'PolicyForbids');
});

test('planPool() tells a data pool that was renamed from the pool beside it', () => {
  const world = worldWithData({ name: 'moved' });
  assert.match(hold({ erasureCoded }, world)?.message ?? '', /"volumes-data" was renamed to "moved"/);
});

test('planPool() deletes the data pool after the pool whose images it serves', () => {
  assert.deepEqual(sentences(remove, worldWithData(), {}, deleting), [
    ['Delete pool "volumes".'],
    ['Remove the record of pool "volumes".'],
    ['Delete pool "volumes-data".'],
    ['Remove the record of pool "volumes-data".'],
  ]);
});

test('planPool() deletes neither pool while the data pool holds anything, and names it', () => {
  const dataObjects = ['notes', 'rbd_data.1.10ab.0000000000000000', 'rbd_data.9.10ab.0000000000000000'];
  const found = hold(remove, worldWithData({}, { images: { '': 1 }, dataObjects }), {}, deleting);
  assert.equal(
    found?.message,
    'The pool "volumes" cannot be deleted: it holds 1 image (image-0). The pool "volumes-data" cannot be deleted: ' +
      'it holds data of images in a pool that is no more (number 9) and the pool ".mgr"; ' +
      "it holds objects that are not RBD's (notes).",
  );
});

test('planPool() names the images of others whose data lie in a replicated pool', () => {
  const world = worldWith({}, { foreignObjects: ['a/rbd_data.1.10ab.0000000000000000'] });
  assert.match(
    hold({ deletionPolicy: 'Delete' }, world, {}, deleting)?.message ?? '',
    /: it holds data of images in the pool "\.mgr"\.$/,
  );
});

test('planPool() deletes the data pool also when the other is gone', () => {
  const world = worldWithData();
  const half = { ...world, pools: world.pools.filter(({ name }) => name !== 'volumes'), record: undefined };
  const { world: end } = converge(rbdPool(remove, deleting), half);
  assert.deepEqual(
    end.pools.map(({ name }) => name),
    ['.mgr'],
  );
});

test('poolStatus() tells both pools', () => {
  const resource = rbdPool({ erasureCoded });
  const seen = see(resource, worldWithData());
  const data = seen.data && { ...seen.data, usage: { stored: 2 ** 21, available: 2 ** 22 } };
  assert.deepEqual(poolStatus(resource, { ...seen, data }).fields, {
    poolID: 4,
    placementGroups: { wanted: 32, now: 32 },
    usage: { images: 0 },
    dataPool: {
      poolID: 5,
      placementGroups: { wanted: 32, now: 32 },
      usage: { stored: 2 ** 21, available: 2 ** 22 },
    },
  });
});

test('planPool() makes no data pool anew under images whose data were in the one that is gone', () => {
  const lost = worldWithData({}, { images: { '': 2 } });
  const world = { ...lost, pools: lost.pools.filter(({ name }) => name !== dataName) };
  assert.equal(hold({ erasureCoded }, world)?.reason, 'DataPoolLost');
  assert.deepEqual(sentences({ erasureCoded }, world), []);
  assert.equal(hold({ erasureCoded }, { ...world, images: { '': 0 } }), undefined);
});

test('planPool() makes no pool that has fewer places than chunks', () => {
  const resource = rbdPool({ erasureCoded: { dataChunks: 4, codingChunks: 2 } });
  const seen = see(resource, emptyWorld);
  const { data } = seen;
  const few = planPool(resource, { ...seen, data: data && { ...data, failureDomains: 3 } });
  assert.deepEqual([few.hold?.reason, few.stages], ['FailureDomainsMissing', []]);
  assert.match(few.hold?.message ?? '', /needs 6 failure domains, and the root "default" has 3 of the type "host"/);
});

test('planPool() says where a pool leads images to, when that is not declared', () => {
  const { reason, message = '' } = hold({}, worldWith({}, { dataPool: dataName })) ?? {};
  assert.equal(reason, 'WrongPoolType');
  assert.match(message, /New images in the pool "volumes" keep their data in "volumes-data"/);
});
