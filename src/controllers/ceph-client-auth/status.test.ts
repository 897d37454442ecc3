import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephClient, deleting, key, see, worldWith } from './client.fixture.ts';
import { clientStatus } from './status.ts';

test('clientStatus() counts sessions only while they are asked for', () => {
  const shown = (metadata: object, sessions: readonly string[] | undefined) => {
    const resource = cephClient({ deletionPolicy: 'Delete' }, metadata);
    return clientStatus(resource, see(resource, worldWith(), { sessions })).fields.openSessions;
  };
  assert.equal(shown({}, undefined), undefined);
  assert.equal(shown(deleting, ['10.0.0.1', '10.0.0.1', '10.0.0.2']), 3);
});

test('clientStatus() shows the fingerprint and never the key', () => {
  const resource = cephClient();
  const text = JSON.stringify(clientStatus(resource, see(resource, worldWith())));
  assert.match(text, new RegExp(key(0).fingerprint()));
  assert.ok(!text.includes(key(0).reveal()));
});
