import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedSecretUuid, libvirtSecrets } from './libvirt.ts';
import { cinderSecret, guideModel } from './model.fixture.ts';

const fsid = '5b1c2a3e-0000-4000-8000-000000000001';

test('derivedSecretUuid() never changes for a cluster and user, and is a version 5 UUID', () => {
  assert.equal(derivedSecretUuid(fsid, 'cinder'), '55591527-a340-5e60-a88c-784a13394062');
  assert.equal(derivedSecretUuid(fsid.toUpperCase(), 'cinder'), derivedSecretUuid(fsid, 'cinder'));
  assert.match(derivedSecretUuid(fsid, 'x'), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('derivedSecretUuid() tells users and clusters apart', () => {
  const other = fsid.replace('5b', '5c');
  const all = [fsid, other].flatMap((id) =>
    ['cinder', 'cinder-ssd', 'nova'].map((user) => derivedSecretUuid(id, user)),
  );
  assert.equal(new Set(all).size, 6);
});

test('libvirtSecrets() gives the guide’s one secret, when Nova shares Cinder’s user', () => {
  assert.deepEqual(
    libvirtSecrets(guideModel).map(({ uuid, usageName, entity }) => [uuid, usageName, entity]),
    [[cinderSecret, 'client.cinder secret', 'client.cinder']],
  );
});

for (const [what, libvirtSecret, expected] of [
  [
    'another',
    { uuid: fsid, keep: [] },
    [
      [cinderSecret, 'client.cinder secret'],
      [fsid, `client.cinder secret ${fsid}`],
    ],
  ],
  [
    'the same and one more',
    { uuid: cinderSecret, keep: [fsid] },
    [
      [cinderSecret, 'client.cinder secret'],
      [fsid, `client.cinder secret ${fsid}`],
    ],
  ],
] as const) {
  test(`libvirtSecrets() leaves Cinder its secret, when Nova shares its user and is given ${what}`, () => {
    assert.ok(guideModel.nova);
    const secrets = libvirtSecrets({ ...guideModel, nova: { ...guideModel.nova, libvirtSecret } });
    assert.deepEqual(
      secrets.map(({ uuid, usageName }) => [uuid, usageName]),
      expected,
    );
  });
}

test('libvirtSecrets() names no usage twice, when UUIDs are kept', () => {
  const [backend] = guideModel.cinder?.backends ?? [];
  assert.ok(backend && guideModel.nova);
  const keep = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];
  const secrets = libvirtSecrets({
    ...guideModel,
    cinder: { backends: [{ ...backend, libvirtSecret: { uuid: cinderSecret, keep } }] },
    nova: {
      ...guideModel.nova,
      client: { ...backend.client, userId: 'nova' },
      libvirtSecret: { uuid: fsid, keep: [] },
    },
  });
  assert.equal(secrets.length, 4);
  assert.equal(new Set(secrets.map((secret) => secret.usageName)).size, 4);
});
