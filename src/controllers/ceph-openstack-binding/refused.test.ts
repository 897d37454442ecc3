import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const two = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;

function hold(world: World) {
  return world.plan().hold;
}

test('planBinding() writes no extra option before the policy was read', () => {
  const world = new World(specWith(two, { extraConfig: { 'nova.conf': { libvirt: { cpu_mode: 'none' } } } }));
  world.policy = undefined;
  assert.deepEqual(world.plan().stages, []);
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['ConnectionMissing', false]);
});

test('planBinding() refuses options that the policy does not allow', () => {
  const world = new World(specWith(two, { extraConfig: { 'nova.conf': { libvirt: { cpu_mode: 'none' } } } }));
  assert.deepEqual(world.plan().stages, []);
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['PolicyForbids', true]);
  assert.match(hold(world)?.message ?? '', /"cpu_mode" in \[libvirt\] of nova.conf/);
  world.policy = parsePolicy({ extraConfig: { 'nova.conf': { libvirt: ['cpu_*'] } } });
  world.settle();
  assert.equal(hold(world), undefined);
});

test('planBinding() leaves a host to who holds it, though the binding is refused, and the others as they are', () => {
  const extra = { extraConfig: { 'nova.conf': { libvirt: { cpu_mode: 'none' } } } };
  const world = new World(specWith(two));
  world.settle();
  const { spec } = world.host('cmp1');
  const refused = specWith(two, extra);
  const hosts = refused.hosts.map((host) => (host.name === 'cmp1' ? { ...host, mode: 'Plan' } : host));
  world.change({ ...refused, hosts });
  world.converge();
  assert.equal(hold(world)?.reason, 'PolicyForbids');
  assert.match(hold(world)?.message ?? '', /Hosts are still held to what they were told before/);
  assert.deepEqual(world.host('cmp1').spec, { ...spec, mode: 'Plan' });
  assert.equal(world.host('ctl1').spec.mode, 'Enforce');
  for (const kind of [world.children.RbdPool, world.children.CephClientAuth])
    for (const child of kind.values()) assert.equal(child.spec.mode, 'Enforce', child.metadata.name);
  world.change(specWith(two));
  world.settle();
  assert.equal(world.host('cmp1').spec.mode, 'Enforce');
});

test('planBinding() says that hosts are still held to an option that the policy allows no more, until mode Plan', () => {
  const extra = { extraConfig: { 'nova.conf': { libvirt: { cpu_mode: 'none' } } } };
  const world = new World(specWith(two, extra));
  world.policy = parsePolicy({ extraConfig: { 'nova.conf': { libvirt: ['cpu_*'] } } });
  world.settle();
  world.policy = parsePolicy(undefined);
  const says = /Hosts are still held to what they were told before; mode: Plan stops that/;
  assert.equal(hold(world)?.reason, 'PolicyForbids');
  assert.match(hold(world)?.message ?? '', says);
  assert.deepEqual(world.plan().stages, []);
  world.change(specWith(two, { ...extra, mode: 'Plan' }));
  world.settle();
  assert.doesNotMatch(hold(world)?.message ?? '', says);
  for (const kind of Object.values(world.children)) {
    for (const child of kind.values()) assert.equal(child.spec.mode, 'Plan', child.metadata.name);
  }
  world.change(specWith(two));
  world.settle();
  assert.equal(hold(world), undefined);
});
