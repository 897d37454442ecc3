import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephClient, deleting, hold, type Spec, see, sentences, stranger, worldWith } from './client.fixture.ts';
import { planClient } from './plan.ts';

const remove: Spec = { deletionPolicy: 'Delete' };

test('planClient() deletes a user and its record', () => {
  assert.deepEqual(sentences(remove, worldWith(), {}, deleting), [
    ['Delete user "client.cinder".'],
    ['Remove the record of user "client.cinder".'],
  ]);
});

test('planClient() deletes no user while something uses it, or is logged in with it', () => {
  const users = ['CephOpenStackHost "cloud-cmp1"'];
  assert.equal(hold(remove, worldWith(), { users }, deleting)?.reason, 'DeletionBlocked');
  const sessions = ['10.0.0.2', '10.0.0.1', '10.0.0.2'];
  const found = hold(remove, worldWith(), { sessions }, deleting);
  assert.equal(found?.reason, 'SessionsOpen');
  assert.match(found?.message ?? '', /logged in from 10\.0\.0\.1, 10\.0\.0\.2;/);
});

test('planClient() deletes no user of whom nobody knows whether something is logged in with it', () => {
  assert.equal(hold(remove, worldWith(), { sessions: undefined }, deleting)?.reason, 'CephUnreachable');
});

test('planClient() leaves a user alone that is not ours, when it is deleted', () => {
  const resource = cephClient(remove, deleting);
  assert.deepEqual(planClient(resource, see(resource, stranger)), { stages: [] });
});
