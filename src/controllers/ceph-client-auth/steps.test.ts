import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephClient, cluster, see, worldWith } from './client.fixture.ts';
import { renderKeptSecret } from './kept-secret.ts';
import { planClient } from './plan.ts';
import { clientRepair, describeClientStep } from './steps.ts';

/** How the Secret's correction counts when the monitors are there, and the Secret speaks of others. */
function correction(monHost: string) {
  const world = worldWith();
  if (world.user === undefined) throw new Error('There is no user');
  const secret = renderKeptSecret(world.user, { ...cluster, monHost: '10.9.9.9' });
  const resource = cephClient();
  const observed = see(resource, { ...world, secret }, { cluster: { ...cluster, monHost } });
  const steps = planClient(resource, observed).stages.flat();
  assert.deepEqual(steps.map(describeClientStep), [
    'Correct Secret "cinder-ceph-client" with the key of user "client.cinder".',
  ]);
  return steps.map(clientRepair);
}

test('clientRepair() takes other monitors for another correction, and the same for the same', () => {
  assert.deepEqual(correction('10.0.0.1'), correction('10.0.0.1'));
  assert.notDeepEqual(correction('10.0.0.1'), correction('10.0.0.2'));
});

test('clientRepair() counts all else by its sentence', () => {
  assert.deepEqual(clientRepair({ verb: 'record-owner', entity: 'client.cinder' }), {});
});
