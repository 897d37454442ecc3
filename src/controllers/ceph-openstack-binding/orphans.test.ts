import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const both = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'] } as const;
const glanceOnly = { ctl1: ['GlanceApi'], cmp1: ['NovaCompute'] } as const;
const without = { cinder: undefined, cinderBackup: undefined };

/** A settled cloud with three images in the pool of its volumes. */
function cloudWithVolumes(): World {
  const world = new World(specWith(both));
  world.settle();
  keepImages(world, 'cloud-cinder-ceph', 3);
  return world;
}

/** From now on the pool shows so many images, whatever its controller looks at. */
function keepImages(world: World, name: string, images: number): void {
  const pool = world.children.RbdPool.get(name) ?? assert.fail();
  const work = world.work.bind(world);
  world.work = () => {
    work();
    Object.assign(pool, { status: { ...pool.status, usage: { images } } });
  };
  world.work();
}

type Hosts = Readonly<Record<string, readonly Role[]>>;
const changes: readonly (readonly [string, Hosts, Record<string, unknown>])[] = [
  ['a back end is given another section', both, { cinder: { backends: [{ name: 'ceph', section: 'fast' }] } }],
  ['a back end makes way for another', both, { cinder: { backends: [{ name: 'other' }] } }],
  ['the whole section goes', both, without],
  ['the whole section goes, and its role from the host', glanceOnly, without],
];

for (const [what, hosts, more] of changes) {
  test(`planBinding() keeps volumes served, when ${what}`, () => {
    const world = cloudWithVolumes();
    const { revision, roles } = world.host('ctl1').spec;
    world.change(specWith(hosts, more));
    world.settle();
    const { hold } = world.plan();
    assert.deepEqual([hold?.reason, hold?.stalled], ['VolumesWouldBeOrphaned', true]);
    assert.match(hold?.message ?? '', /\[ceph\] "ceph" with 3 images in the pool "volumes"/);
    assert.deepEqual(world.host('ctl1').spec.revision, revision);
    assert.deepEqual(new Set(world.host('ctl1').spec.roles), new Set(roles));
    assert.ok(
      world.children.RbdPool.has('cloud-cinder-ceph') && world.children.CephClientAuth.has('cloud-cinder-ceph'),
    );
  });
}

test('planBinding() keeps volumes served, though another pool is not ready', () => {
  const world = cloudWithVolumes();
  world.change(specWith(glanceOnly, { ...without, glance: { poolRef: { name: 'missing' } } }));
  world.settle();
  assert.ok(world.host('ctl1').spec.roles.includes('CinderVolume'));
});

test('planBinding() lets an empty back end go', () => {
  const world = new World(specWith({ ctl1: ['GlanceApi', 'CinderVolume'] }));
  world.settle();
  world.change(specWith({ ctl1: ['GlanceApi'] }, { ...without, nova: undefined }));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.deepEqual(world.host('ctl1').spec.roles, ['GlanceApi']);
  assert.ok(!world.children.RbdPool.has('cloud-cinder-ceph'));
});

const stores = (...names: readonly string[]) => ({ glance: { stores: names.map((name) => ({ name })) } });

for (const [what, images, more, lost] of [
  ['a store goes', 3, stores('rbd'), true],
  ['the stores are no longer named', 3, { glance: {} }, true],
  [
    'a store is given another pool',
    3,
    { glance: { stores: [{ name: 'rbd' }, { name: 'fast', poolRef: { name: 'cloud-cinder-ceph' } }] } },
    true,
  ],
  [
    'a store is given another name for its pool',
    3,
    { glance: { stores: [{ name: 'rbd' }, { name: 'quick', poolRef: { name: 'cloud-glance-fast' } }] } },
    false,
  ],
  ['an empty store goes', 0, stores('rbd'), false],
  ['another store comes first', 3, stores('fast', 'rbd'), false],
] as const) {
  test(`planBinding() ${lost ? 'keeps images in reach' : 'changes the stores'}, when ${what}`, () => {
    const world = new World(specWith(both, stores('rbd', 'fast')));
    world.settle();
    keepImages(world, 'cloud-glance-fast', images);
    const before = { revision: world.host('ctl1').spec.revision, access: accessOf(world, 'cloud-cinder-ceph') };
    world.change(specWith(both, more));
    world.settle();
    const { hold } = world.plan();
    assert.equal(hold?.reason, lost ? 'ImagesWouldBeOrphaned' : undefined);
    if (!lost) return assert.notDeepEqual(world.host('ctl1').spec.revision, before.revision);
    assert.match(hold?.message ?? '', /the images in the pool "images-fast" \(3\) any more/);
    assert.deepEqual(
      { revision: world.host('ctl1').spec.revision, access: accessOf(world, 'cloud-cinder-ceph') },
      before,
    );
    assert.ok(
      world.children.RbdPool.has('cloud-glance-fast') && world.children.CephClientAuth.has('cloud-glance-fast'),
    );
  });
}

test('planBinding() switches nobody before a pool that nothing would serve any more is counted once more', () => {
  const world = new World(specWith(both, stores('rbd', 'fast')));
  world.settle();
  keepImages(world, 'cloud-glance-fast', 0);
  const told = () => [world.host('ctl1').spec.revision?.current, accessOf(world, 'cloud-cinder-ceph')];
  const before = told();
  world.count = () => undefined;
  world.change(specWith(both, stores('rbd')));
  world.settle();
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['WaitingForHosts', false]);
  assert.match(hold?.message ?? '', /counted once more that there is no image in "images-fast", which nothing would/);
  assert.deepEqual(told(), before);
  world.count = ({ metadata }) => (metadata.name === 'cloud-glance-fast' ? 1 : undefined);
  assert.match(world.plan().hold?.message ?? '', /the images in the pool "images-fast" \(1\) any more/);
  world.settle();
  assert.deepEqual(told(), before);
  world.count = () => 0;
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.notDeepEqual(told(), before);
});

test('planBinding() keeps a back end on its host before its pool is counted once more', () => {
  const world = cloudWithVolumes();
  const { revision, roles } = world.host('ctl1').spec;
  world.count = () => undefined;
  world.change(specWith(glanceOnly, without));
  const pool = world.children.RbdPool.get('cloud-cinder-ceph') ?? assert.fail();
  world.work = () => Object.assign(pool, { status: { ...pool.status, usage: { images: 0 } } });
  world.work();
  world.converge();
  assert.deepEqual(world.host('ctl1').spec.revision?.current, revision?.current);
  assert.deepEqual(new Set(world.host('ctl1').spec.roles), new Set(roles));
});

for (const [what, images, going] of [
  ['shows no images, as its OSDs are silent', undefined, false],
  ['is being deleted', undefined, true],
] as const) {
  test(`planBinding() keeps a back end in service, whose pool ${what}`, () => {
    const world = cloudWithVolumes();
    const pool = world.children.RbdPool.get('cloud-cinder-ceph') ?? assert.fail();
    if (going) pool.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    world.work = () => Object.assign(pool, { status: { ...pool.status, usage: { images } } });
    world.work();
    const told = () => [world.host('ctl1').spec.revision?.current, new Set(world.host('ctl1').spec.roles)];
    const before = told();
    world.change(specWith(glanceOnly, without));
    world.converge();
    assert.deepEqual(told(), before);
    world.count = () => 3;
    assert.match(world.plan().hold?.message ?? '', /"ceph" with 3 images in the pool "volumes"/);
    world.count = () => 0;
    world.converge();
    assert.notDeepEqual(told(), before, 'it goes once it is known to be empty');
  });
}

function accessOf(world: World, client: string): unknown {
  return world.children.CephClientAuth.get(client)?.spec.access;
}
