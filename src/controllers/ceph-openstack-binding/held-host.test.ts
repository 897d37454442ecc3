import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

const hosts = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'], cmp2: ['NovaCompute'] } as const;
const otherOption = { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } };

/** The spec with one of its hosts held. */
function holding(name: string, more: Record<string, unknown> = {}) {
  const spec = specWith(hosts, more);
  return { ...spec, hosts: spec.hosts.map((host) => (host.name === name ? { ...host, mode: 'Plan' } : host)) };
}

function settled(spec: Record<string, unknown>): World {
  const world = new World(spec);
  world.settle();
  return world;
}

const switched = (world: World) => Object.keys(hosts).map((name) => world.host(name).status?.switched);

test('planBinding() passes a held host by, says so, and switches it once it is let', () => {
  const world = settled(specWith(hosts));
  const [old] = world.revisions.keys();
  world.change(holding('cmp1', otherOption));
  world.settle();
  const target = [...world.revisions.keys()].at(-1);
  assert.deepEqual(switched(world), [target, old, target]);
  assert.deepEqual(world.host('cmp1').spec.revision, { current: old, next: old, planned: target });
  assert.equal(world.host('cmp2').spec.mode, 'Enforce');
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['ChangesPlanned', false]);
  assert.match(hold?.message ?? '', /1 of 3 hosts is not ready\. Host cmp1: It is held by its mode.*"cloud-cmp1"/);
  const { fields, conditions } = bindingStatus(world.binding, world.observed());
  assert.deepEqual(fields.hosts, { total: 3, reachable: 3, distributed: 2, switched: 2, ready: 2, held: 1 });
  const distributed = conditions.find(({ type }) => type === 'Distributed');
  assert.deepEqual([distributed?.status, distributed?.reason], ['False', 'ChangesPlanned']);

  world.change(specWith(hosts, otherOption));
  world.settle();
  assert.deepEqual(switched(world), [target, target, target]);
  assert.deepEqual(world.host('cmp1').spec.revision, { current: target, next: target });
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() keeps a reason that is no alarm, however many hosts are off or held', () => {
  const world = settled(specWith(hosts));
  world.machine('cmp2').power = 'off';
  world.machine('ctl1').power = 'off';
  world.settle();
  assert.deepEqual([world.plan().hold?.reason, world.plan().hold?.stalled], ['HostUnreachable', false]);
  world.machine('ctl1').power = 'on';
  world.change(holding('cmp1', otherOption));
  world.settle();
  const { hold } = world.plan();
  assert.match(hold?.message ?? '', /^2 of 3 hosts are not ready\./);
  assert.deepEqual([hold?.reason, hold?.stalled], ['HostUnreachable', false]);
});

test('planBinding() is Ready with a held host that lacks nothing', () => {
  const world = settled(holding('cmp1', { mode: 'Enforce' }));
  world.change(specWith(hosts));
  world.settle();
  world.change(holding('cmp1'));
  world.settle();
  assert.equal(world.host('cmp1').spec.mode, 'Plan');
  assert.equal(world.plan().hold, undefined);
});

for (const [what, prepare, says] of [
  [
    'does not answer',
    (world: World) => Object.assign(world.machine('cmp1'), { power: 'off' }),
    /cmp1.*HostUnreachable/,
  ],
  [
    'broke in the switch',
    (world: World) => {
      const machine = Object.assign(world.machine('cmp1'), { breaksAt: [...world.revisions.keys()].at(-1) });
      world.change(specWith(hosts, otherOption));
      world.settle();
      return machine;
    },
    /cmp1/,
  ],
] as const) {
  test(`planBinding() goes on with the others when it holds a host that ${what}`, () => {
    const world = settled(specWith(hosts));
    prepare(world);
    const third = { nova: { ephemeral: {}, hwDiskDiscard: 'Unmap' }, glance: { exposeDirectURL: false } };
    world.change(holding('cmp1', third));
    world.settle();
    const target = [...world.revisions.keys()].at(-1);
    assert.deepEqual(switched(world).toSpliced(1, 1), [target, target]);
    assert.match(world.plan().hold?.message ?? '', says);
  });
}

test('planBinding() only looks at a host that is held from the start', () => {
  const world = settled(holding('cmp1'));
  const [target] = world.revisions.keys();
  assert.deepEqual(world.host('cmp1').spec.revision, { planned: target });
  assert.deepEqual(switched(world), [target, undefined, target]);
  assert.match(world.plan().hold?.message ?? '', /Host cmp1: It is held/);
});

test('planBinding() cleans no held host when it is deleted, until that is let go', () => {
  const clean = { deletionPolicy: 'Delete' };
  const world = settled(holding('cmp1', clean));
  world.delete();
  world.settle();
  assert.deepEqual([...world.children.CephOpenStackHost.keys()], ['cloud-cmp1']);
  assert.match(world.plan().hold?.message ?? '', /CephOpenStackHost "cloud-cmp1": It says ChangesPlanned/);
  world.change(specWith(hosts, clean));
  world.delete();
  world.settle();
  assert.ok(world.history.includes('host cmp1 is let go with Clean'));
});

test('planBinding() in mode Plan says of a held host what it says of the others', () => {
  const world = settled(specWith(hosts));
  world.change(holding('cmp1', { ...otherOption, mode: 'Plan' }));
  world.settle();
  assert.doesNotMatch(world.plan().hold?.message ?? '', /held/);
});
