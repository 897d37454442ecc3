import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const cloud = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'], cmp2: ['NovaCompute'] } as const;
const glanceOnly = { ...cloud, ctl1: ['GlanceApi'] } as const;
const wiring = specWith(cloud);
const grown = specWith(cloud, { cinder: { backends: [{ name: 'ceph' }, { name: 'fast' }] } });

/** A settled cloud, and the revision that all of its hosts are in service with. */
function settled(): { readonly world: World; readonly name: string } {
  const world = new World(wiring);
  world.settle();
  const [name = assert.fail()] = world.revisions.keys();
  return { world, name };
}

/** What a host is in service with, and what for. */
function toldOf(world: World): unknown {
  return ['ctl1', 'cmp1', 'cmp2'].map((name) => {
    const { revision, roles } = world.host(name).spec;
    return [revision?.current, [...roles].sort()];
  });
}

function childrenOf(world: World): readonly string[] {
  const { RbdPool, CephClientAuth } = world.children;
  return [...RbdPool.keys(), ...CephClientAuth.keys()];
}

for (const how of ['changed', 'deleted'] as const) {
  const spoil = (world: World, name: string) =>
    void (how === 'changed' ? world.altered.add(name) : world.revisions.delete(name));
  /** The binding's turns alone, where a host could do nothing but wait. */
  const goOn = (world: World) => (how === 'changed' ? world.settle() : void world.converge());

  test(`planBinding() leaves hosts in service with a former revision that somebody ${how}, until it is as it was`, () => {
    const { world, name } = settled();
    world.machine('cmp2').power = 'off';
    world.change(grown);
    world.settle();
    const before = toldOf(world);
    assert.notEqual(world.host('cmp1').spec.revision?.current, name);
    assert.equal(world.host('cmp2').spec.revision?.current, name);
    spoil(world, name);
    goOn(world);
    const { hold } = world.plan();
    assert.deepEqual([hold?.reason, hold?.stalled], ['WaitingForRevision', true]);
    assert.match(
      hold?.message ?? '',
      new RegExp(`Somebody ${how} the ControllerRevision "${name}", with which cmp2 is in`),
    );
    assert.deepEqual(toldOf(world), before);
    assert.equal(world.altered.has(name), how === 'changed', 'it is not taken away');

    world.change(wiring);
    world.machine('cmp2').power = 'on';
    world.settle();
    assert.equal(world.plan().hold, undefined);
    assert.deepEqual([world.altered.size, world.host('cmp2').spec.revision?.current], [0, name]);
  });

  test(`planBinding() lets a person take a revision that somebody ${how} off a host, which is then a new one`, () => {
    const { world, name } = settled();
    world.machine('cmp2').power = 'off';
    world.change(grown);
    world.settle();
    spoil(world, name);
    world.converge();
    Object.assign(world.host('cmp2').spec, { revision: {} });
    world.machine('cmp2').power = 'on';
    world.settle();
    assert.deepEqual([world.plan().hold, world.revisions.has(name)], [undefined, false]);
    assert.deepEqual(world.host('cmp2').spec.revision, world.host('cmp1').spec.revision);
  });

  test(`planBinding() keeps volumes served, when somebody ${how} the revision that shows which there are`, () => {
    const { world, name } = settled();
    const pool = world.children.RbdPool.get('cloud-cinder-ceph') ?? assert.fail();
    Object.assign(pool, { status: { ...pool.status, usage: { images: 3 } } });
    const before = toldOf(world);
    world.change(specWith(glanceOnly, { cinder: undefined, cinderBackup: undefined }));
    world.converge();
    assert.equal(world.plan().hold?.reason, 'VolumesWouldBeOrphaned');
    spoil(world, name);
    goOn(world);
    assert.deepEqual([world.plan().hold?.reason, world.plan().hold?.stalled], ['WaitingForRevision', true]);
    assert.deepEqual(toldOf(world), before);
    assert.equal(childrenOf(world).filter((child) => child === 'cloud-cinder-ceph').length, 2, 'its pool and its user');
  });

  test(`planBinding() makes a revision anew that somebody ${how} while a pool was not ready, and no host switches`, () => {
    const { world, name } = settled();
    const [before, children] = [toldOf(world), childrenOf(world)];
    const pool = world.children.RbdPool.get('cloud-glance') ?? assert.fail();
    const { status } = pool;
    pool.status = {
      ...status,
      conditions: [{ type: 'Ready', status: 'False', reason: 'CephUnreachable', message: '' }],
    };
    spoil(world, name);
    world.converge();
    assert.equal(world.plan().hold?.reason, 'WaitingForPool');
    assert.deepEqual([toldOf(world), childrenOf(world)], [before, children]);
    const done = world.history.length;
    Object.assign(pool, { status });
    world.settle();
    assert.deepEqual([world.plan().hold, world.altered.size, [...world.revisions.keys()]], [undefined, 0, [name]]);
    assert.deepEqual([toldOf(world), world.history.length], [before, done]);
  });
}
