import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Role, roles } from '../api/ceph-openstack-host.ts';
import type { DesiredHost, Refusal } from './desired-host.ts';
import { desiredHost } from './merge-roles.ts';
import { guideModel } from './model.fixture.ts';
import type { OpenStackModel } from './model.ts';
import { renderRevision } from './render-role.ts';

const releases = { glance: '2025.1', cinder: '2025.1', nova: '2025.1' } as const;
const platform = 'debian-systemd';

function merged(wanted: readonly Role[], model: OpenStackModel = guideModel): DesiredHost | Refusal {
  const kinds = roles.map((role) => ({ role, release: '2025.1', platform }) as const);
  return desiredHost(renderRevision(model, kinds).data, { roles: wanted, platform, releases });
}

function keyrings(wanted: readonly Role[]): readonly string[] {
  const host = merged(wanted);
  assert.ok(!('refused' in host));
  return host.distribute.keyrings.map(
    ({ path, owner, group, mode }) => `${path.replace('/etc/ceph/ceph.client.', '')} ${owner}:${group} ${mode}`,
  );
}

const table: readonly (readonly [readonly Role[], readonly string[]])[] = [
  [['GlanceApi'], ['glance.keyring glance:glance 0640']],
  [['CinderVolume'], ['cinder.keyring cinder:cinder 0640']],
  [['CinderBackup'], ['cinder-backup.keyring cinder:cinder 0640', 'cinder.keyring cinder:cinder 0640']],
  [['NovaCompute'], ['cinder.keyring nova:nova 0640']],
  [['NovaCompute', 'CinderVolume'], ['cinder.keyring cinder:nova 0640']],
  [
    ['NovaCompute', 'CinderVolume', 'CinderBackup', 'GlanceApi'],
    [
      'cinder-backup.keyring cinder:cinder 0640',
      'cinder.keyring cinder:nova 0640',
      'glance.keyring glance:glance 0640',
    ],
  ],
];

for (const [wanted, expected] of table) {
  test(`desiredHost() gives every reader its keyring and nobody else, when a host has ${wanted.join(' and ')}`, () => {
    assert.deepEqual(keyrings(wanted), expected);
  });
}

test('desiredHost() names what two roles need once, and restarts both', () => {
  const host = merged(['CinderVolume', 'CinderBackup', 'NovaCompute']);
  assert.ok(!('refused' in host));
  const binding = host.distribute.packages.filter((need) => need.name === 'python3-rbd');
  assert.deepEqual(
    binding.map((need) => need.restarts),
    [['cinder-backup.service', 'cinder-volume.service', 'nova-compute.service']],
  );
  assert.equal(host.distribute.files.length, 1);
  assert.equal(host.distribute.libvirtSecrets.length, 1);
});

test('desiredHost() keeps every member of a list', () => {
  const [backend = assert.fail()] = guideModel.cinder?.backends ?? [];
  const backends = [backend, { ...backend, name: 'fast', section: 'fast', pool: 'volumes-fast' }];
  const nova = { ...(guideModel.nova ?? assert.fail()), diskCacheModes: ['network=writeback', 'file=directsync'] };
  const host = merged(['CinderVolume', 'NovaCompute'], { ...guideModel, cinder: { backends }, nova });
  assert.ok(!('refused' in host));
  const lists = host.switch.options.filter(({ edit }) => edit.how === 'list-member');
  assert.deepEqual(
    lists.map(({ name, edit }) => `${name} has ${edit.how === 'list-member' ? edit.member : ''}`),
    ['enabled_backends has ceph,fast', 'disk_cachemodes has network=writeback,file=directsync'],
  );
});

test('desiredHost() refuses, when three services would share one keyring', () => {
  const shared = guideModel.cinder?.backends[0]?.client ?? assert.fail();
  const glance = guideModel.glance ?? assert.fail();
  const model: OpenStackModel = {
    ...guideModel,
    glance: { ...glance, stores: [{ ...glance.stores[0], client: shared }] },
  };
  const host = merged(['GlanceApi', 'CinderVolume', 'NovaCompute'], model);
  assert.ok('refused' in host);
  assert.match(host.message, /cinder, glance, nova on one host/);
});

test('desiredHost() says what is missing, when a project is not installed or not rendered', () => {
  const empty = { roles: [] };
  const none = desiredHost(empty, { roles: ['GlanceApi'], platform, releases: {} });
  assert.ok('refused' in none && none.refused === 'ReleaseUnknown');
  const later = desiredHost(empty, { roles: ['GlanceApi'], platform, releases });
  assert.ok('refused' in later && later.refused === 'WaitingForRevision');
});
