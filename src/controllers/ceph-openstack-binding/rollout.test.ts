import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const ctl: readonly Role[] = ['GlanceApi', 'CinderVolume'];

function computes(count: number): Record<string, readonly Role[]> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`cmp${index}`, ['NovaCompute'] as Role[]]));
}

function settled(hosts: Readonly<Record<string, readonly Role[]>>): World {
  const world = new World(specWith(hosts));
  world.settle();
  world.history.length = 0;
  return world;
}

/** Lays out a change of what Nova, and of what Glance is told; its revision. */
function change(world: World, hosts: Readonly<Record<string, readonly Role[]>>): string {
  world.change(specWith(hosts, { glance: { chunkSizeMB: 4 }, nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
  world.converge();
  return [...world.revisions.keys()].at(-1) ?? assert.fail();
}

/** Hosts told to switch to the revision, whatever became of them. */
function toldTo(world: World, revision: string): readonly string[] {
  return world.binding.spec.hosts
    .map(({ name }) => name)
    .filter((name) => world.host(name).spec.revision?.current === revision);
}

test('planBinding() sends one compute first, though two controllers share a role', () => {
  const hosts = { ctl1: ctl, ctl2: ctl, ...computes(40) };
  const world = settled(hosts);
  const revision = change(world, hosts);
  let before: readonly string[] = [];
  for (let round = 0; before.length < 42; round++) {
    assert.ok(round < 40, `it stops at ${before.join(', ')}`);
    world.work();
    world.converge();
    const now = toldTo(world, revision);
    const proved = before.some((name) => world.host(name).status?.switched === revision && name.startsWith('cmp'));
    const fresh = now.filter((name) => !before.includes(name) && name.startsWith('cmp'));
    assert.ok(fresh.length <= (proved ? 4 : 1), `${fresh.join(', ')} at once`);
    before = now;
  }
  world.settle();
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() loses one host to a switch that cuts hosts off, and names it', () => {
  const hosts = computes(20);
  const world = settled(hosts);
  const revision = change(world, hosts);
  for (const machine of world.machines.values()) machine.diesAt = revision;
  world.settle();
  assert.deepEqual(toldTo(world, revision), ['cmp0']);
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['WaitingForHosts', false]);
  assert.match(
    hold?.message ?? '',
    /until cmp0 answers, which was told to switch to it, or is taken off.* Host cmp0: /,
  );
});

test('planBinding() loses no more hosts than a budget, when they are cut off after the canary', () => {
  const hosts = computes(40);
  const world = settled(hosts);
  const revision = change(world, hosts);
  for (const [name, machine] of world.machines) if (name !== 'cmp0') machine.diesAt = revision;
  world.settle();
  assert.equal(toldTo(world, revision).length, 1 + 4);
  for (const machine of world.machines.values()) Object.assign(machine, { power: 'on', diesAt: undefined });
  world.settle();
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() goes on with other roles beside a host that is lost', () => {
  const hosts = { ...computes(3), ctl1: ctl };
  const world = settled(hosts);
  const revision = change(world, hosts);
  world.machine('cmp0').diesAt = revision;
  world.settle();
  assert.deepEqual(toldTo(world, revision), ['cmp0', 'ctl1']);
});

test('planBinding() goes on when the host that was lost is taken off', () => {
  const hosts = computes(3);
  const world = settled(hosts);
  world.machine('cmp0').diesAt = change(world, hosts);
  world.settle();
  const { cmp0: _, ...others } = hosts;
  const revision = change(world, others);
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.deepEqual(toldTo(world, revision), ['cmp1', 'cmp2']);
});

test('planBinding() takes a host along whose OpenStack was upgraded, and goes on with the others', () => {
  const hosts = { ctl1: ctl, ...computes(2) };
  const world = settled(hosts);
  const before = world.host('cmp0').spec.revision?.current;
  world.machine('cmp0').release = '2025.2';
  world.settle();
  assert.equal(world.plan().hold, undefined);
  const after = world.host('cmp0').spec.revision?.current;
  assert.notEqual(after, before);
  assert.deepEqual(world.history, [
    `ctl1 lays out ${after}`,
    `cmp0 lays out ${after}`,
    `cmp1 lays out ${after}`,
    // The others have nothing to change and go along at once.
    `ctl1 switches to ${after}`,
    `cmp0 switches to ${after}`,
    `cmp1 switches to ${after}`,
  ]);
});

test('planBinding() sends a canary of each release', () => {
  const hosts = computes(40);
  const world = settled(hosts);
  const upgraded = Object.keys(hosts).slice(20);
  for (const name of upgraded) world.machine(name).release = '2025.2';
  world.work();
  world.converge();
  const revision = [...world.revisions.keys()].at(-1) ?? assert.fail();
  for (const name of upgraded) world.machine(name).breaksAt = revision;
  world.settle();
  const told = toldTo(world, revision);
  assert.deepEqual(
    told.filter((name) => upgraded.includes(name)),
    ['cmp20'],
    'those of the other release prove nothing',
  );
  assert.deepEqual(told.filter((name) => !upgraded.includes(name)).length, 20, 'they go along without a wave');
});

test('planBinding() takes a host along that is given one more role', () => {
  const world = settled({ ctl1: ctl, ...computes(1) });
  world.change(specWith({ ctl1: [...ctl, 'CinderBackup'], ...computes(1) }));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.equal(world.host('ctl1').status?.switched, [...world.revisions.keys()].at(-1));
});
