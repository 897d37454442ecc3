import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const controller = ['GlanceApi', 'CinderVolume', 'CinderBackup'] as const;
const hosts = { ctl1: controller, cmp1: ['NovaCompute'], cmp2: ['NovaCompute'] } as const;
const otherOption = { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } };

function settled(spec: Record<string, unknown>): World {
  const world = new World(spec);
  world.settle();
  return world;
}

/** A cloud at work, whose binding is then in mode Plan, changed or not. */
function planned(change: Record<string, unknown> = {}, some: Parameters<typeof specWith>[0] = hosts): World {
  const world = settled(specWith(hosts));
  world.history.length = 0;
  world.change(specWith(some, { mode: 'Plan', ...change }));
  world.settle();
  return world;
}

const linesOf = (world: World) => world.plan().hold?.plan;
const revisionOf = (world: World, name: string) => world.host(name).spec.revision;

test('planBinding() in mode Plan lists all of a bare cloud: pools, users and what hosts would do', () => {
  const world = settled(specWith(hosts, { mode: 'Plan' }));
  assert.deepEqual(linesOf(world), [
    'RbdPool "cloud-backup": Make cloud-backup.',
    'RbdPool "cloud-cinder-ceph": Make cloud-cinder-ceph.',
    'RbdPool "cloud-glance": Make cloud-glance.',
    'RbdPool "cloud-nova": Make cloud-nova.',
    'CephClientAuth "cloud-backup": Make cloud-backup.',
    'CephClientAuth "cloud-cinder-ceph": Make cloud-cinder-ceph.',
    'CephClientAuth "cloud-glance": Make cloud-glance.',
    'On cmp1, cmp2, ctl1: Edit its options.',
    'On cmp1, cmp2, ctl1: Restart its services.',
  ]);
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['ChangesPlanned', false]);
  assert.equal(hold?.message, '9 changes are planned, see status.plan; set mode to Enforce to have them made.');
  assert.deepEqual([...world.history, ...world.made], [], 'nothing was done');
});

test('planBinding() in mode Plan has hosts planned with a revision that no host can be told', () => {
  const world = settled(specWith(hosts, { mode: 'Plan' }));
  const [name = ''] = world.revisions.keys();
  assert.match(name, /^cloud-plan-[0-9a-f]{10}$/);
  for (const host of Object.keys(hosts)) assert.deepEqual(revisionOf(world, host), { planned: name });
  world.change(specWith(hosts));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.deepEqual(
    [...world.revisions.keys()].filter((revision) => revision.includes('-plan-')),
    [],
    'it is not kept',
  );
  for (const host of Object.keys(hosts)) assert.equal(revisionOf(world, host)?.planned, undefined);
});

test('planBinding() in mode Plan lists what all hosts would change, and switches none', () => {
  const world = planned(otherOption);
  const [before, after] = world.revisions.keys();
  assert.deepEqual(linesOf(world), [
    'On cmp1, cmp2, ctl1: Edit its options.',
    'On cmp1, cmp2, ctl1: Restart its services.',
  ]);
  for (const host of Object.keys(hosts)) {
    assert.deepEqual(revisionOf(world, host), { current: before, next: before, planned: after });
  }
  assert.deepEqual(world.history, []);
});

test('planBinding() plans for hosts with the very revision that it then tells them, where all keys are known', () => {
  const world = planned(otherOption);
  const name = revisionOf(world, 'cmp1')?.planned;
  world.change(specWith(hosts, otherOption));
  world.settle();
  assert.deepEqual(revisionOf(world, 'cmp1'), { current: name, next: name });
});

test('planBinding() in mode Plan is Ready where nothing would change', () => {
  const world = planned();
  assert.equal(world.plan().hold, undefined);
  assert.deepEqual(world.plan().stages.flat(), []);
});

test('planBinding() in mode Plan deletes no child, and says which would go', () => {
  const { cmp2: _, ...fewer } = hosts;
  const world = planned(
    { cinderBackup: undefined, hostRemoval: 'Clean' },
    { ...fewer, ctl1: ['GlanceApi', 'CinderVolume'] },
  );
  assert.deepEqual(linesOf(world)?.slice(-3), [
    'Take host "cmp2" off, and give back what was there before.',
    'Delete CephClientAuth "cloud-backup", and leave its user in Ceph.',
    'Delete RbdPool "cloud-backup", and leave its pool in Ceph.',
  ]);
  assert.deepEqual(world.history, []);
  world.change(specWith(hosts));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.doesNotMatch(world.history.join(), /gone|let go/, 'whoever drops the plan has lost nothing');
});

test('planBinding() in mode Plan says beside the plan what is in its way, or is not seen yet', () => {
  const world = new World(specWith(hosts, { mode: 'Plan' }));
  world.machine('cmp1').power = 'off';
  world.settle();
  assert.match(
    world.plan().hold?.message ?? '',
    /Enforce to have them made\. In the way: Host cmp1: It says HostUnreachable\.$/,
  );
  world.machine('cmp1').power = 'on';
  world.intrude('RbdPool', 'cloud-glance', { cluster: { secretName: 'ceph-main' } });
  world.settle();
  assert.match(world.plan().hold?.message ?? '', /In the way: RbdPool "cloud-glance" exists and is not this binding's/);
  const fresh = new World(specWith(hosts, { mode: 'Plan' }));
  fresh.converge();
  fresh.lookAt('cloud-ctl1');
  assert.equal(fresh.plan().hold?.reason, 'WaitingForPool');
  fresh.work();
  fresh.converge();
  assert.match(fresh.plan().hold?.message ?? '', /made\. Still to look at: cmp1, cmp2, ctl1\.$/);
});

test('planBinding() in mode Plan writes each host but once when its children are looked at again', () => {
  const world = settled(specWith(hosts));
  world.change(specWith(hosts, { mode: 'Plan', ...otherOption }));
  const before = world.host('cmp1').metadata.generation;
  for (let round = 0; round < 5; round++) {
    world.converge();
    world.work();
  }
  assert.match(revisionOf(world, 'cmp1')?.planned ?? '', /^cloud-/);
  assert.equal(world.host('cmp1').metadata.generation, before + 1);
});

test('planBinding() in mode Plan drops what hosts were planned with when only a person can mend its children', () => {
  const world = planned(otherOption);
  world.intrude('RbdPool', 'cloud-glance', { cluster: { secretName: 'ceph-main' } });
  world.converge();
  assert.equal(revisionOf(world, 'cmp1')?.planned, undefined);
});

test('planBinding() in mode Plan names some hosts of many in a line', () => {
  const many = Object.fromEntries(
    Array.from({ length: 25 }, (_, index) => [`h${index + 10}`, ['NovaCompute'] as const]),
  );
  const world = settled(specWith(many, { mode: 'Plan' }));
  assert.match(linesOf(world)?.at(-1) ?? '', /^On h10, .*, h29 and 5 more: Restart its services\.$/);
});

test('planBinding() does nothing to the world in mode Plan, whatever was before and comes between', () => {
  const change = fc.record({ discard: fc.constantFrom('Unmap', 'Ignore'), isPlan: fc.boolean(), works: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const world = new World(specWith(hosts));
      const specOf = ({ discard, isPlan }: { discard: string; isPlan: boolean }) =>
        specWith(hosts, { nova: { ephemeral: {}, hwDiskDiscard: discard }, mode: isPlan ? 'Plan' : 'Enforce' });
      for (const one of changes) {
        world.change(specOf(one));
        world.converge();
        const did = world.history.length + world.made.size;
        for (let round = 0; round < one.works; round++) {
          world.work();
          world.converge();
        }
        if (one.isPlan) assert.equal(world.history.length + world.made.size, did);
      }
      world.change(specOf({ discard: 'Unmap', isPlan: false }));
      world.settle();
      assert.equal(world.plan().hold, undefined);
    }),
    { numRuns: 25 },
  );
});
