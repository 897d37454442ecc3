import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { planPool } from './plan.ts';
import { deleting, foreign, hold, rbdPool, type Spec, see, sentences, worldWith } from './pool.fixture.ts';

const remove: Spec = { deletionPolicy: 'Delete' };

test('planPool() deletes an empty pool and its record', () => {
  assert.deepEqual(sentences(remove, worldWith(), {}, deleting), [
    ['Delete pool "volumes".'],
    ['Remove the record of pool "volumes".'],
  ]);
});

test('planPool() lets a pool go without a look at anything', () => {
  assert.deepEqual(planPool(rbdPool({}, deleting), { kind: 'let-go' }), { stages: [] });
});

test('planPool() leaves a pool alone that is not ours, when it is deleted', () => {
  assert.deepEqual(planPool(rbdPool(remove, deleting), see(rbdPool(remove, deleting), foreign)), { stages: [] });
});

test('planPool() names everything that keeps a pool from being deleted', () => {
  const world = worldWith(
    { snapshots: ['s1'], flags: ['nodelete'] },
    { images: { '': 5, tenant: 1 }, foreignObjects: ['x/notes'] },
  );
  const users = ['CephClientAuth "cinder"', 'CephOpenStackBinding "cloud"'];
  const found = hold(remove, world, { users }, deleting);
  assert.equal(found?.reason, 'DeletionBlocked');
  assert.equal(
    found?.message,
    'The pool "volumes" cannot be deleted: it is used by CephClientAuth "cinder", CephOpenStackBinding "cloud"; ' +
      'it has 1 snapshot (s1); its flag nodelete is set; it holds 5 images (image-0, image-1, image-2 and 2 more); ' +
      'its namespace "tenant" holds 1 image (image-0); it holds objects that are not RBD\'s (x/notes).',
  );
});

test('planPool() shows names that others chose in one line of bounded length', () => {
  const resource = rbdPool(remove, deleting);
  const observed = see(resource, worldWith());
  const contents = {
    namespaces: [{ namespace: '', images: ['a\nb\u001b[2J', 'x'.repeat(500)], trash: [], snapshots: 0 }],
    foreignObjects: [],
  };
  const found = planPool(resource, { ...observed, contents }).hold;
  assert.match(found?.message ?? '', /2 images \(a\?b\?\[2J, x{63}…\)/);
});

test('planPool() deletes no pool when the policy forbids it', () => {
  assert.equal(hold(remove, worldWith(), { policy: parsePolicy({}) }, deleting)?.reason, 'PolicyForbids');
});
