import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const anySpec = fc
  .record({
    hosts: fc.array(fc.uniqueArray(fc.constantFrom<Role>(...roles), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    }),
    canary: fc.integer({ min: 0, max: 2 }),
    hostRemoval: fc.constantFrom('Retain', 'Clean'),
    backends: fc.constantFrom(
      [{ name: 'ceph' }],
      [{ name: 'east', cluster: { secretName: 'ceph-east' } }, { name: 'ceph' }],
    ),
    chunkSizeMB: fc.integer({ min: 1, max: 3 }),
    discard: fc.constantFrom('Unmap', 'Ignore'),
  })
  .map(({ hosts, canary, hostRemoval, backends, chunkSizeMB, discard }) =>
    specWith(Object.fromEntries(hosts.map((some, index) => [`h${index}`, some])), {
      rollout: { canary, maxUnavailable: { others: '50%' } },
      hostRemoval,
      cinder: { backends },
      glance: { chunkSizeMB },
      nova: { ephemeral: {}, hwDiskDiscard: discard },
    }),
  );

test('planBinding() settles: from one spec to the next, and to nothing', () => {
  fc.assert(
    fc.property(anySpec, anySpec, (first, second) => {
      const world = new World(first);
      world.settle();
      assert.equal(world.plan().hold, undefined);
      world.change(second);
      world.settle();
      assert.equal(world.plan().hold, undefined);
      assert.deepEqual(world.plan().stages.flat(), []);
      world.delete();
      world.settle();
      for (const kind of Object.values(world.children)) assert.equal(kind.size, 0);
    }),
    { numRuns: 60 },
  );
});

test('planBinding() survives: it may die after any step, and anything may happen in between', () => {
  fc.assert(
    fc.property(
      anySpec,
      fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 30 }),
      fc.boolean(),
      (spec, deaths, end) => {
        const world = new World(spec);
        if (end) world.settle();
        if (end) world.delete();
        for (const [steps, working] of deaths) {
          world.converge(steps);
          if (working) world.work();
        }
        world.settle();
        assert.equal(world.plan().hold, undefined);
        assert.deepEqual(world.plan().stages.flat(), []);
      },
    ),
    { numRuns: 80 },
  );
});

test('planBinding() never switches a host before its distribution, whatever fails or is away', () => {
  fc.assert(
    fc.property(
      anySpec,
      anySpec,
      fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 20 }),
      (first, second, luck) => {
        const world = new World(first);
        for (const [index, [which, on]] of luck.entries()) {
          const machine = world.machines.get(`h${which}`);
          if (machine !== undefined) machine.power = on ? 'on' : 'off';
          if (index === 8) world.change(second);
          world.converge();
          world.work();
        }
        for (const machine of world.machines.values()) machine.power = 'on';
        world.settle();
        assert.equal(world.plan().hold, undefined);
        const laidOut = new Set<string>();
        for (const line of world.history) {
          const [name, verb, , revision] = line.split(' ');
          if (verb === 'lays') laidOut.add(`${name} ${revision}`);
          if (verb === 'switches') assert.ok(laidOut.has(`${name} ${line.split(' ').at(-1)}`), line);
        }
      },
    ),
    { numRuns: 80 },
  );
});

test('planBinding() has nothing done to a held host, and all of it once it is let', () => {
  fc.assert(
    fc.property(
      anySpec,
      anySpec,
      fc.nat(4),
      fc.array(fc.boolean(), { maxLength: 12 }),
      (first, second, which, luck) => {
        const name = `h${which % second.hosts.length}`;
        const world = new World(first);
        for (const _ of luck) {
          world.converge();
          world.work();
        }
        const hosts = second.hosts.map((host) => (host.name === name ? { ...host, mode: 'Plan' } : host));
        world.change({ ...second, hosts });
        world.converge();
        world.history.length = 0;
        for (const on of luck) {
          world.machine(name).power = on ? 'on' : 'off';
          world.converge();
          world.work();
        }
        world.machine(name).power = 'on';
        world.settle();
        assert.ok(!world.history.some((line) => line.startsWith(`${name} `)), world.history.join('; '));
        world.change(second);
        world.settle();
        assert.equal(world.plan().hold, undefined);
      },
    ),
    { numRuns: 60 },
  );
});
