import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptOf } from './refusals.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const two = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;
const changed = { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } };

/** Kubernetes refuses what the binding wants of that user now. */
function refuse(world: World, name: string): void {
  const steps = world.plan().stages.flat();
  const step = steps.find((one) => one.verb === 'apply-client' && one.manifest.metadata.name === name);
  assert.ok(step !== undefined && 'manifest' in step, `nothing is wanted of ${name}`);
  const found = world.children.CephClientAuth.get(name);
  world.refused.set(attemptOf('CephClientAuth', step.manifest, found), 'keyType is never changed in place.');
}

/** Settled, and then somebody gave a user a type of key. */
function jammed(): World {
  const world = new World(specWith(two));
  world.settle();
  const client = world.children.CephClientAuth.get('cloud-glance') ?? assert.fail();
  client.spec.keyType = 'Aes';
  client.metadata.generation += 1;
  refuse(world, 'cloud-glance');
  world.work();
  return world;
}

test('planBinding() leaves a user whose added field Kubernetes lets nobody take away, and says how it goes', () => {
  const world = jammed();
  assert.deepEqual(world.plan().stages.flat(), []);
  const { reason, stalled, message = '' } = world.plan().hold ?? {};
  assert.deepEqual([reason, stalled], ['Conflict', true]);
  assert.match(message, /^CephClientAuth "cloud-glance" is not as it should be in keyType, and Kubernetes refuses/);
  const object = 'cephclientauth -n openstack cloud-glance';
  const command = `kubectl annotate ${object} cephopenstack.io/abandon=true && kubectl delete ${object}`;
  assert.ok(message.includes(command), message);
});

test('planBinding() goes on with its hosts beside a child that Kubernetes refuses', () => {
  const world = jammed();
  world.change(specWith(two, changed));
  const before = world.host('cmp1').spec.revision?.current;
  world.settle();
  const { current } = world.host('cmp1').spec.revision ?? {};
  assert.notEqual(current, before);
  assert.equal(world.host('cmp1').status?.switched, current);
  assert.equal(world.plan().hold?.reason, 'Conflict');
});

test('planBinding() tells beside what Kubernetes refuses what is still under way', () => {
  const world = jammed();
  world.change(specWith(two, changed));
  world.converge();
  const { stalled, message = '' } = world.plan().hold ?? {};
  assert.equal(stalled, true);
  assert.match(message, /^CephClientAuth "cloud-glance" .* Laying out revision cloud-/);
});

test('planBinding() tries once more what Kubernetes refused, when the child or what is wanted of it changes', () => {
  const world = jammed();
  const client = world.children.CephClientAuth.get('cloud-glance') ?? assert.fail();
  client.metadata.generation += 1;
  assert.equal(world.plan().stages.flat().length, 1);
  refuse(world, 'cloud-glance');
  assert.equal(world.plan().stages.flat().length, 0);
  world.change(specWith(two, { adoption: 'IfUnowned' }));
  const names = world
    .plan()
    .stages.flat()
    .map((step) => 'manifest' in step && step.manifest.metadata.name);
  assert.ok(names.includes('cloud-glance'));
});

test('planBinding() makes a child anew that was deleted because Kubernetes refused to have it put right', () => {
  const world = jammed();
  world.children.CephClientAuth.delete('cloud-glance');
  world.settle();
  assert.ok(world.children.CephClientAuth.has('cloud-glance'));
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() says of a child that cannot even be made what Kubernetes said', () => {
  const world = new World(specWith(two));
  refuse(world, 'cloud-glance');
  world.settle();
  assert.deepEqual([...world.children.CephClientAuth.keys()], ['cloud-cinder-ceph', 'cloud-backup']);
  const { message = '' } = world.plan().hold ?? {};
  assert.match(message, /^CephClientAuth "cloud-glance" is wanted as Kubernetes refuses it: keyType is never/);
});

test('planBinding() deletes no child that it could not tell what becomes of it', () => {
  const world = new World(specWith(two, { deletionPolicy: 'Delete' }));
  world.settle();
  const without = ({ glance: _, ...spec }: Record<string, unknown>) => spec;
  const noGlance = { ctl1: ['CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;
  world.change(without(specWith(noGlance, { deletionPolicy: 'Retain' })));
  refuse(world, 'cloud-glance');
  world.settle();
  assert.ok(world.children.CephClientAuth.has('cloud-glance'));
});
