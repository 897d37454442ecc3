import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Role, roles } from '../api/ceph-openstack-host.ts';
import { desiredHost } from './merge-roles.ts';
import { cinderSecret, guideModel } from './model.fixture.ts';
import type { OpenStackModel } from './model.ts';
import type { Release } from './releases.ts';
import { renderRevision, renderRole } from './render-role.ts';

const platform = 'debian-systemd';
const east = '/etc/ceph/ceph-east.conf';

/** The guide's, and a back end in another cluster whose user is of the same name. */
const model: OpenStackModel = {
  ...guideModel,
  cinder: {
    backends: [
      {
        name: 'east',
        section: 'east',
        client: { userId: 'cinder', secretName: 'east-ceph-client', fingerprint: 'of-east' },
        pool: 'volumes',
        conf: { path: east, content: '[global]\nfsid = e\nmon_host = n\n' },
        exclusivePool: true,
        libvirtSecret: { uuid: '8d3ae4a0-6d3e-4f52-a4a4-3f0f7b0c5d11', keep: [] },
      },
      ...(guideModel.cinder?.backends ?? []),
    ],
  },
};

function host(wanted: readonly Role[], release: Release = '2025.1') {
  const kinds = wanted.map((role) => ({ role, release, platform }) as const);
  const releases = { glance: release, cinder: release, nova: release };
  const desired = desiredHost(renderRevision(model, kinds).data, { roles: wanted, platform, releases });
  assert.ok(!('refused' in desired), 'refused' in desired ? desired.message : '');
  return desired;
}

for (const [role, files, opened] of [
  ['GlanceApi', ['ceph.client.glance.keyring', 'ceph.conf'], ['glance images ceph']],
  [
    'CinderVolume',
    ['ceph-east.client.cinder.keyring', 'ceph-east.conf', 'ceph.client.cinder.keyring', 'ceph.conf'],
    ['cinder volumes ceph', 'cinder volumes ceph-east'],
  ],
  [
    'CinderBackup',
    [
      'ceph-east.client.cinder.keyring',
      'ceph-east.conf',
      'ceph.client.cinder-backup.keyring',
      'ceph.client.cinder.keyring',
      'ceph.conf',
    ],
    ['cinder volumes ceph', 'cinder volumes ceph-east', 'cinder-backup backups ceph'],
  ],
  [
    'NovaCompute',
    ['ceph-east.client.cinder.keyring', 'ceph-east.conf', 'ceph.client.cinder.keyring', 'ceph.conf'],
    ['cinder vms ceph', 'cinder volumes ceph', 'cinder volumes ceph-east'],
  ],
] as const satisfies readonly (readonly [Role, readonly string[], readonly string[]])[]) {
  test(`renderRole() gives ${role} what it needs of each cluster`, () => {
    const { distribute, access } = host([role]);
    const paths = [...distribute.files, ...distribute.keyrings].map(({ path }) => path.slice('/etc/ceph/'.length));
    assert.deepEqual(paths.sort(), files);
    const proofs = access.map(({ entity, pool, conf }) =>
      [entity.slice('client.'.length), pool, conf.slice('/etc/ceph/'.length, -'.conf'.length)].join(' '),
    );
    assert.deepEqual(proofs.sort(), opened);
  });
}

test('renderRole() keeps the keys of two users of one name apart', () => {
  const { keyrings, libvirtSecrets } = host(['CinderVolume', 'NovaCompute']).distribute;
  assert.deepEqual(
    keyrings.map(({ path, secretName }) => [path, secretName]),
    [
      ['/etc/ceph/ceph-east.client.cinder.keyring', 'east-ceph-client'],
      ['/etc/ceph/ceph.client.cinder.keyring', 'cloud-cinder-ceph-client'],
    ],
  );
  assert.deepEqual(
    libvirtSecrets.map(({ uuid, usageName, secretName }) => [uuid, usageName, secretName]),
    [
      [cinderSecret, 'client.cinder secret', 'cloud-cinder-ceph-client'],
      [
        '8d3ae4a0-6d3e-4f52-a4a4-3f0f7b0c5d11',
        'client.cinder secret 8d3ae4a0-6d3e-4f52-a4a4-3f0f7b0c5d11',
        'east-ceph-client',
      ],
    ],
  );
});

for (const [release, name] of [
  ['havana', undefined],
  ['kilo', undefined],
  ['liberty', 'ceph-east'],
  ['newton', 'ceph-east'],
  ['2026.2', 'ceph-east'],
] as const) {
  test(`renderRole() tells Cinder of ${release} which cluster a back end is in`, () => {
    const options = host(['CinderVolume'], release).switch.options;
    const optionOf = (section: string, wanted: string) => {
      const edit = options.find((option) => option.section === section && option.name === wanted)?.edit;
      return edit?.how === 'set' ? edit.value : undefined;
    };
    assert.deepEqual(
      [optionOf('east', 'rbd_ceph_conf'), optionOf('east', 'rbd_cluster_name'), optionOf('ceph', 'rbd_ceph_conf')],
      [east, name, '/etc/ceph/ceph.conf'],
    );
    assert.equal(optionOf('ceph', 'rbd_cluster_name'), undefined);
  });
}

for (const [role, first, last] of [
  ['NovaCompute', 'ocata', 'newton'],
  ['CinderBackup', 'liberty', 'kilo'],
] as const) {
  test(`renderRole() refuses ${role} of ${last}, which knows one cluster only`, () => {
    assert.ok(!('refused' in renderRole(model, { role, release: first, platform })));
    const refused = renderRole(model, { role, release: last, platform });
    assert.ok('refused' in refused && refused.refused === 'ReleaseMismatch');
    assert.match(
      refused.message,
      new RegExp(`^${role} of ${last} .*"east" in another cluster: upgrade it to ${first}`),
    );
    assert.ok(!('refused' in renderRole(guideModel, { role, release: last, platform })));
  });
}

test('renderRole() lets nothing of another cluster stand where no back end is in one', () => {
  for (const role of roles) {
    const one = renderRole(guideModel, { role, release: '2025.1', platform });
    assert.ok(!('refused' in one));
    assert.deepEqual(
      one.distribute.files.map(({ path }) => path),
      ['/etc/ceph/ceph.conf'],
    );
  }
});
