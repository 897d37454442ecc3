import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { poolMark, poolMarkKey } from '../../ceph/marks.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import type { ObservedPool } from './observed.ts';
import { planPool } from './plan.ts';
import {
  deleting,
  emptyWorld,
  foreign,
  hold,
  owner,
  rbdPool,
  type Spec,
  see,
  sentences,
  type World,
  worldWith,
} from './pool.fixture.ts';
import { poolStatus } from './status.ts';

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
  [
    'a pool of this very object under another installation',
    'OwnedByAnother',
    /very name, "openstack\/volumes" of installation "other": if another operator watches this namespace too, .* INSTALLATION; if none does, use it from there/,
    {},
    worldWith(
      { applications: { rbd: { [poolMarkKey]: poolMark({ ...owner, installation: 'other' }) } } },
      { record: undefined },
    ),
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

test('planPool() makes no empty pool in place of one that was renamed', () => {
  const found = hold({}, worldWith({ name: 'moved' }));
  assert.equal(found?.reason, 'Conflict');
  assert.match(found?.message ?? '', /was renamed to "moved"/);
});

const gone = { ...worldWith(), pools: emptyWorld.pools };
const used = { poolID: 4, usage: { stored: 0, available: 9, images: 2 } } as const;

for (const [what, status, world, isLost] of [
  ['had images', used, gone, true],
  ['had something else', { usage: { stored: 2 ** 20, available: 9, images: 0 } }, gone, true],
  ['was empty', { usage: { stored: 0, available: 9, images: 0 } }, gone, false],
  ['was never seen by this RbdPool', undefined, gone, false],
  ['was another cluster’s', used, { ...gone, record: undefined }, false],
  ['was another’s', used, { ...gone, record: { ...owner, name: 'other', namespaces: [], poolID: 4 } }, false],
] as const) {
  test(`planPool() makes ${isLost ? 'no empty pool' : 'a pool'} in place of one that is gone and ${what}`, () => {
    const resource = { ...rbdPool(), ...(status === undefined ? {} : { status }) };
    const observed = see(resource, world);
    const { stages, hold } = planPool(resource, observed);
    assert.equal(hold?.reason, isLost ? 'PoolLost' : undefined);
    assert.equal(stages.length > 0, !isLost);
    // So that the next look knows it, too.
    if (isLost) assert.deepEqual(poolStatus(resource, observed).fields.usage, status?.usage);
    const leaving = { ...resource, metadata: { ...resource.metadata, ...deleting } };
    assert.equal(planPool(leaving, observed).hold, undefined);
  });
}

test('poolStatus() remembers what was in a lost pool while another has its name', () => {
  const resource = { ...rbdPool(), status: used };
  const other = { ...gone, pools: [...gone.pools, cephPool({ id: 9, applications: {} })] };
  assert.deepEqual(poolStatus(resource, see(resource, other)).fields.usage, used.usage);
  assert.equal(planPool(resource, see(resource, other)).hold?.reason, 'AlreadyExists');
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
