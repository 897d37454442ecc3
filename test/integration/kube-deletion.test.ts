import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { Invalid } from '../../src/errors.ts';
import { poolKind } from '../../src/kube/kinds.ts';
import { pool } from '../api-objects.ts';
import { createToyWorld, startToyLab, type ToyLab, toyKind } from './kube-toy.ts';
import { toyDeeds } from './toy-deeds.ts';

let lab: ToyLab;
before(async () => {
  lab = await startToyLab('kube-deletion');
});
after(() => lab[Symbol.asyncDispose]());
afterEach(() => lab.wipe());
const { apply, remove, annotate, ready, gone, condition } = toyDeeds(() => lab);

test('a hold blocks a deletion and is named, until it is gone', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({}, 'blocked'));
  await ready('blocked');
  world.hold = { reason: 'DeletionBlocked', message: 'The pool holds images: a, b.', stalled: true, retryAfterMs: 100 };
  await remove('blocked');
  assert.equal(await condition('blocked', 'Stalled', 'DeletionBlocked'), 'The pool holds images: a, b.');
  assert.equal(world.pools.has('blocked'), true);
  world.hold = undefined;
  await gone('blocked');
  assert.equal(world.pools.has('blocked'), false);
});

test('a foreign finalizer, set at any time, stays', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  const foreign = {
    ...pool({}, 'shared'),
    metadata: { name: 'shared', namespace: 'openstack', finalizers: ['example.com/a'] },
  };
  await apply(foreign);
  await ready('shared');
  assert.deepEqual((await lab.pool('shared'))?.metadata.finalizers, ['example.com/a', 'cephopenstack.io/finalizer']);
  await remove('shared');
  await eventually(async () => assert.deepEqual((await lab.pool('shared'))?.metadata.finalizers, ['example.com/a']));
  assert.equal(world.pools.has('shared'), false);
  await lab.kube.kubectl([
    'patch',
    'rbdpool',
    'shared',
    '-n',
    'openstack',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":[]}}',
  ]);
  await gone('shared');
});

test('an object that is deleted while it is looked at for the first time is not acted for', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)]);
  const at = { namespace: 'openstack', name: 'hasty' };
  world.atStart = async () => {
    world.atStart = async () => {};
    await remove('hasty');
    await eventually(() => assert.ok(operator.cache.get(poolKind, at)?.metadata.deletionTimestamp));
  };
  await apply({ ...pool({}, 'hasty'), metadata: { ...at, finalizers: ['example.com/a'] } });
  await eventually(() => assert.equal(world.looks.get('hasty'), 1));
  await eventually(async () => assert.ok((await lab.pool('hasty'))?.metadata.deletionTimestamp));
  const patch = [
    'patch',
    'rbdpool',
    'hasty',
    '-n',
    'openstack',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":[]}}',
  ];
  await lab.kube.kubectl(patch);
  await gone('hasty');
  assert.deepEqual(world.writes, []);
});

test('an object that never touched the world is deleted without a pass', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  world.failure = new Invalid('ConnectionMissing', 'There is no Secret "ceph-main".');
  await apply(pool({}, 'untouched'));
  await condition('untouched', 'Stalled', 'ConnectionMissing');
  await remove('untouched');
  await gone('untouched');
});

test('an abandoned object is let go of and the world stays', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({}, 'abandoned'));
  await ready('abandoned');
  world.failure = new Invalid('ConnectionGone', 'The Secret is gone.');
  await remove('abandoned');
  await condition('abandoned', 'Stalled', 'ConnectionGone');
  await annotate('abandoned', 'cephopenstack.io/abandon=true');
  await gone('abandoned');
  assert.equal(world.pools.has('abandoned'), true);
  await eventually(async () => {
    assert.ok((await lab.events('abandoned')).some(({ reason }) => reason === 'Abandoned'));
  });
});

test('an abandoned object that stays says so, and is taken up again without the annotation', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({}, 'paused'));
  await ready('paused');
  await annotate('paused', 'cephopenstack.io/abandon=true');
  await condition('paused', 'Stalled', 'Abandoned');
  assert.deepEqual((await lab.pool('paused'))?.metadata.finalizers ?? [], []);
  await annotate('paused', 'cephopenstack.io/abandon-');
  await ready('paused');
  await remove('paused');
  await gone('paused');
});

test('a spec that cannot be read is InvalidSpec, and its deletion is free', async () => {
  const world = createToyWorld();
  const { kind, registration } = toyKind(world);
  const parse = () => {
    throw new Error('spec.poolName: is of another time.');
  };
  await using _ = await lab.start([{ kind, registration: { ...registration, parse } }]);
  await apply(pool({}, 'unreadable'));
  assert.equal(await condition('unreadable', 'Stalled', 'InvalidSpec'), 'spec.poolName: is of another time.');
  await remove('unreadable');
  await gone('unreadable');
});

test('no key or token is in any log line', () => {
  assert.ok(lab.logged.length > 20);
  assert.doesNotMatch(JSON.stringify(lab.logged), /Bearer|eyJhbGci|dHdv/);
});
