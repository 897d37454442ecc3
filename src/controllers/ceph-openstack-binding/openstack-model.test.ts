import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { openStackModel } from './openstack-model.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const fsid = '5b1c2a3e-0000-4000-8000-000000000001';
const hosts = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;

const cinderSecret = '457eb676-33da-42ec-9a8c-9293d545c337';
const novaSecret = '22222222-3333-4444-8555-666666666666';

function modelOf(more: Record<string, unknown> = {}): OpenStackModel {
  const world = new World(specWith(hosts, more));
  world.converge();
  world.work();
  return openStackModel(world.binding, world.observed()) ?? assert.fail('a child is missing');
}

test('openStackModel() gives the guide’s answer for everything that is left out', () => {
  const { conf, glance, cinder, cinderBackup, nova } = modelOf();
  assert.deepEqual(conf, {
    path: '/etc/ceph/ceph.conf',
    content: `[global]\nfsid = ${fsid}\nmon_host = 10.0.0.1\n`,
  });
  assert.deepEqual(
    glance?.stores.map(({ name, pool, client }) => [name, pool, client.userId]),
    [['rbd', 'images', 'glance']],
  );
  assert.deepEqual([glance?.layout, glance?.exposeDirectUrl, glance?.imageCache], ['any', true, false]);
  const [backend] = cinder?.backends ?? [];
  assert.deepEqual(
    [backend?.name, backend?.section, backend?.pool, backend?.client.userId],
    ['ceph', 'ceph', 'volumes', 'cinder'],
  );
  assert.deepEqual(backend?.libvirtSecret, { uuid: derivedSecretUuid(fsid, 'cinder'), keep: [] });
  assert.deepEqual([cinderBackup?.pool, cinderBackup?.client.userId], ['backups', 'cinder-backup']);
  assert.deepEqual(
    [nova?.ephemeralPool, nova?.client, nova?.libvirtSecret],
    ['vms', backend?.client, backend?.libvirtSecret],
  );
});

test('openStackModel() has nothing while a user’s Secret is not there', () => {
  const world = new World(specWith(hosts));
  world.converge();
  assert.equal(openStackModel(world.binding, world.observed()), undefined);
});

test('openStackModel() gives every named store a pool and a user of its own, which Cinder may read', () => {
  const stores = [{ name: 'rbd' }, { name: 'fast', chunkSizeMB: 4, pool: { poolName: 'images-of-ssd' } }];
  const world = new World(specWith(hosts, { glance: { stores } }));
  world.converge();
  world.work();
  const { glance } = openStackModel(world.binding, world.observed()) ?? assert.fail('a child is missing');
  assert.deepEqual(
    glance?.stores.map(({ name, pool, client, chunkSizeMb }) => [name, pool, client.userId, chunkSizeMb]),
    [
      ['rbd', 'images', 'glance', undefined],
      ['fast', 'images-of-ssd', 'glance-fast', 4],
    ],
  );
  assert.equal(glance?.layout, 'multi');
  const cinder = world.children.CephClientAuth.get('cloud-cinder-ceph')?.spec as CephClientAuth['spec'] | undefined;
  assert.deepEqual(
    cinder?.access?.filter(({ mode }) => mode === 'ReadOnly').map(({ poolRef }) => poolRef?.name),
    ['cloud-glance', 'cloud-glance-fast'],
  );
});

test('openStackModel() gives every further back end a pool and a user of its own', () => {
  const { cinder, nova } = modelOf({
    cinder: { backends: [{ name: 'ceph' }, { name: 'ssd', section: 'fast', maxCloneDepth: 3 }] },
  });
  assert.deepEqual(
    cinder?.backends.map(({ name, section, pool, client }) => [name, section, pool, client.userId]),
    [
      ['ceph', 'ceph', 'volumes', 'cinder'],
      ['ssd', 'fast', 'volumes-ssd', 'cinder-ssd'],
    ],
  );
  assert.equal(cinder?.backends[1]?.maxCloneDepth, 3);
  assert.equal(nova?.client.userId, 'cinder', 'nova shares the first one’s');
  assert.notEqual(cinder?.backends[0]?.libvirtSecret.uuid, cinder?.backends[1]?.libvirtSecret.uuid);
});

test('openStackModel() keeps the name of a back end as cinder.conf has it, where no object could have it', () => {
  const world = new World(specWith(hosts, { cinder: { backends: [{ name: 'tripleo_ceph' }, { name: 'RBD.1' }] } }));
  world.converge();
  world.work();
  assert.deepEqual(
    openStackModel(world.binding, world.observed())?.cinder?.backends.map(({ name, section, pool, client }) => [
      name,
      section,
      pool,
      client.userId,
      client.secretName,
    ]),
    [
      [
        'tripleo_ceph',
        'tripleo_ceph',
        'volumes-tripleo_ceph',
        'cinder-tripleo_ceph',
        'cloud-cinder-tripleo-ceph-ceph-client',
      ],
      ['RBD.1', 'RBD.1', 'volumes-RBD.1', 'cinder-RBD.1', 'cloud-cinder-rbd-1-ceph-client'],
    ],
  );
  assert.ok(world.children.RbdPool.has('cloud-cinder-rbd-1'));
});

test('openStackModel() takes over the UUIDs that guests refer to', () => {
  const uuid = '457eb676-33da-42ec-9a8c-9293d545c337';
  const keep = ['b0000000-0000-0000-0000-000000000000', 'a0000000-0000-0000-0000-000000000000'];
  const { cinder, nova } = modelOf({ cinder: { backends: [{ name: 'ceph', libvirtSecret: { uuid, keep } }] } });
  assert.deepEqual(cinder?.backends[0]?.libvirtSecret, { uuid, keep: keep.toSorted() });
  assert.equal(nova?.libvirtSecret.uuid, uuid);
});

for (const [what, nova, expected] of [
  [
    'of its own user',
    { clientRef: { name: 'cloud-backup' }, libvirtSecret: { uuid: novaSecret } },
    { uuid: novaSecret, keep: [] },
  ],
  [
    'of its own user, derived',
    { clientRef: { name: 'cloud-backup' } },
    { uuid: derivedSecretUuid(fsid, 'cinder-backup'), keep: [] },
  ],
  [
    'of its own user, derived, beside another',
    { clientRef: { name: 'cloud-backup' }, libvirtSecret: { keep: [novaSecret] } },
    { uuid: derivedSecretUuid(fsid, 'cinder-backup'), keep: [novaSecret] },
  ],
  ['beside Cinder’s, of one user', { libvirtSecret: { uuid: novaSecret } }, { uuid: novaSecret, keep: [] }],
  [
    'that Cinder has, and another',
    { libvirtSecret: { keep: [novaSecret] } },
    { uuid: cinderSecret, keep: [novaSecret] },
  ],
] as const) {
  test(`openStackModel() gives Nova the libvirt secret ${what}`, () => {
    const cinder = { backends: [{ name: 'ceph', libvirtSecret: { uuid: cinderSecret } }] };
    const model = modelOf({ cinder, nova });
    assert.deepEqual(model.nova?.libvirtSecret, expected);
    assert.deepEqual(model.cinder?.backends[0]?.libvirtSecret, { uuid: cinderSecret, keep: [] });
  });
}

test('openStackModel() says that a pool is not exclusive, when guest disks share it', () => {
  const world = new World(specWith(hosts, { nova: { ephemeral: { poolRef: { name: 'cloud-cinder-ceph' } } } }));
  world.converge();
  world.work();
  const model = openStackModel(world.binding, world.observed());
  assert.equal(model?.cinder?.backends[0]?.exclusivePool, false);
  assert.equal(modelOf().cinder?.backends[0]?.exclusivePool, true);
});

test('openStackModel() says that a pool is not exclusive, when another binding uses it', () => {
  const world = new World(specWith(hosts));
  world.converge();
  world.work();
  world.poolsOfOthers.add('cloud-cinder-ceph');
  const model = openStackModel(world.binding, world.observed());
  assert.equal(model?.cinder?.backends[0]?.exclusivePool, false);
});

test('openStackModel() writes what is said for ceph.conf, the socket for Nova’s user alone', () => {
  const cephConf = {
    path: '/etc/ceph/north.conf',
    global: { 'ms client mode': 'secure' },
    client: { rbd_cache_size: '67108864' },
    rbdCache: 'Enabled',
    adminSocket: 'Enabled',
  };
  const { conf } = modelOf({ cephConf });
  assert.equal(conf.path, '/etc/ceph/north.conf');
  assert.equal(
    conf.content,
    `[global]
fsid = ${fsid}
mon_host = 10.0.0.1
ms_client_mode = secure

[client]
rbd_cache = true
rbd_cache_writethrough_until_flush = true
rbd_cache_size = 67108864

[client.cinder]
admin_socket = /var/run/ceph-guests/$cluster-$type.$id.$pid.$cctid.asok
`,
  );
});
