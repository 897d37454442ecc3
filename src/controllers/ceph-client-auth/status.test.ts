import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephClient, deleting, entity, key, profile, see, worldWith } from './client.fixture.ts';
import { clientStatus } from './status.ts';

const raw = { mon: 'allow r', osd: 'allow rwx pool=volumes' };

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

for (const [what, spec, caps, expected] of [
  ['are derived', {}, profile, undefined],
  ['to the letter allow it', { caps: { ...profile } }, profile, 'True Converged'],
  ['to the letter do not', { caps: raw }, raw, 'False LocksUnbreakable'],
  ['in force are no sentence', { caps: raw }, { mon: 'allow zzz' }, undefined],
] as const) {
  test(`clientStatus() says ${expected ?? 'nothing'} of a dead client's locks, when caps ${what}`, () => {
    const resource = cephClient(spec);
    const world = worldWith({ user: { entity, key: key(0), caps } });
    const { conditions } = clientStatus(resource, see(resource, world));
    assert.equal(conditions.map(({ status, reason }) => `${status} ${reason}`)[0], expected);
  });
}
