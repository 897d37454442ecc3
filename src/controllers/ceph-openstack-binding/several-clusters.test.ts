import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import { openStackModel } from './openstack-model.ts';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

const hosts = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;
const main = '5b1c2a3e-0000-4000-8000-000000000001';
const other = '5b1c2a3e-0000-4000-8000-000000000002';
const cluster = { secretName: 'ceph-east' };
const east = { name: 'east', cluster };

function worldOf(backends: readonly object[], more: Record<string, unknown> = {}): World {
  const world = new World(specWith(hosts, { cinder: { backends }, ...more }));
  world.settle();
  return world;
}

function modelOf(world: World) {
  return openStackModel(world.binding, world.observed()) ?? assert.fail('a child is missing');
}

test('planBinding() makes a back end its pool and user in its own cluster, with no right to images that are not there', () => {
  const { children } = worldOf([{ name: 'ceph' }, east]);
  const specs = [children.RbdPool.get('cloud-cinder-east'), children.CephClientAuth.get('cloud-cinder-east')];
  assert.deepEqual(
    specs.map((child) => child?.spec.cluster),
    [cluster, cluster],
  );
  assert.deepEqual(specs[1]?.spec.access, [{ poolRef: { name: 'cloud-cinder-east' }, mode: 'ReadWrite' }]);
  const elsewhere = [...children.RbdPool, ...children.CephClientAuth].filter(
    ([, { spec }]) => (spec.cluster as typeof cluster).secretName === 'ceph-east',
  );
  assert.equal(elsewhere.length, 2);
});

test('openStackModel() has a ceph.conf for each cluster, and a libvirt secret for each user of each', () => {
  const { conf, cinder } = modelOf(
    worldOf([{ name: 'ceph' }, { ...east, client: { clientName: 'cinder' } }], {
      cephConf: { global: { ms_client_mode: 'secure' }, client: { rbd_cache_size: '1' }, rbdCache: 'Disabled' },
    }),
  );
  const [own, its] = cinder?.backends ?? [];
  assert.match(conf.content, /fsid = .*1\nmon_host = 10\.0\.0\.1\nms_client_mode = secure\n/);
  assert.equal(own?.conf, undefined);
  assert.deepEqual(its?.conf, {
    path: '/etc/ceph/ceph-east.conf',
    content:
      `[global]\nfsid = ${other}\nmon_host = 10.1.0.1\n\n` +
      '[client]\nkeyring = /etc/ceph/ceph-east.$name.keyring\nrbd_cache = false\nrbd_cache_size = 1\n',
  });
  assert.deepEqual(
    [own?.libvirtSecret.uuid, its?.libvirtSecret.uuid],
    [derivedSecretUuid(main, 'cinder'), derivedSecretUuid(other, 'cinder')],
  );
});

test('openStackModel() calls a pool exclusive though another cluster has one of its name', () => {
  const pool = { poolName: 'volumes' };
  const { cinder } = modelOf(worldOf([{ name: 'ceph' }, { ...east, pool }]));
  assert.deepEqual(
    cinder?.backends.map((backend) => [backend.pool, backend.exclusivePool]),
    [
      ['volumes', true],
      ['volumes', true],
    ],
  );
});

test("openStackModel() lets Nova share the user of the first back end in the binding's cluster", () => {
  const world = worldOf([east, { name: 'ceph' }]);
  const { nova, cinder } = modelOf(world);
  assert.equal(nova?.client.userId, 'cinder');
  assert.equal(nova?.libvirtSecret.uuid, cinder?.backends[1]?.libvirtSecret.uuid);
  const access = world.children.CephClientAuth.get('cloud-cinder-ceph')?.spec.access;
  assert.ok(JSON.stringify(access).includes('cloud-nova'));
});

test('bindingStatus() lists the libvirt secrets of two users of one name', () => {
  const world = worldOf([{ name: 'ceph' }, { ...east, client: { clientName: 'cinder' } }]);
  const { libvirtSecrets } = bindingStatus(world.binding, world.observed()).fields;
  const uuids = [derivedSecretUuid(main, 'cinder'), derivedSecretUuid(other, 'cinder')].sort();
  assert.deepEqual(
    libvirtSecrets,
    uuids.map((uuid) => ({ entity: 'client.cinder', uuid })),
  );
});

for (const [what, backends, more, expected] of [
  [
    'one of two back ends is elsewhere',
    [{ name: 'ceph' }, east],
    {},
    /^True Converged .*Volumes of "east", in another/,
  ],
  [
    'none but Nova is in its cluster',
    [east],
    { nova: { ephemeral: {}, clientRef: { name: 'nova' } } },
    /^True Converged .*Volumes of "east", in another cluster, are full copies\.$/,
  ],
  ['all volumes are elsewhere', [east], { nova: undefined }, /^False CopyOnWriteUnavailable Images are copied in full/],
  [
    'Glance hides where images lie, too',
    [{ name: 'ceph' }, east],
    { glance: { exposeDirectURL: false } },
    /^False CopyOnWriteUnavailable .*exposeDirectURL out\. Volumes of "east"/,
  ],
] as const) {
  test(`bindingStatus() says of clones what is true, when ${what}`, () => {
    const roles = 'nova' in more && more.nova === undefined ? { ctl1: hosts.ctl1 } : hosts;
    const world = new World(specWith(roles, { cinder: { backends }, ...more }));
    const access = [
      { poolRef: { name: 'cloud-nova' }, mode: 'ReadWrite' },
      { pool: 'images', mode: 'ReadOnly' },
    ];
    world.intrude('CephClientAuth', 'nova', { access });
    world.settle();
    const { conditions } = bindingStatus(world.binding, world.observed());
    const found = conditions.find(({ type }) => type === 'CopyOnWrite');
    assert.match(`${found?.status} ${found?.reason} ${found?.message}`, expected);
  });
}

test('planBinding() brings new monitors of one cluster to hosts by laying out alone', () => {
  const world = worldOf([{ name: 'ceph' }, east]);
  const before = world.host('ctl1').spec.revision?.current ?? assert.fail();
  world.monHosts['ceph-east'] = '10.1.0.9';
  world.settle();
  const after = world.host('ctl1').spec.revision?.current ?? assert.fail();
  const [one, two] = [before, after].map((name) => world.revisions.get(name)?.data.roles ?? []);
  assert.notEqual(before, after);
  assert.deepEqual(
    two?.map((role) => role.switch),
    one?.map((role) => role.switch),
  );
  const contents = two?.flatMap((role) => role.distribute.files.map(({ content }) => content)) ?? [];
  assert.ok(contents.some((content) => content.includes('10.1.0.9')));
  assert.ok(contents.every((content) => !content.includes('10.1.0.1\n')));
});

for (const [what, backends, [kind, name, spec], says] of [
  [
    'a pool of the binding’s cluster for a back end elsewhere',
    [{ name: 'ceph' }, { ...east, poolRef: { name: 'theirs' } }],
    ['RbdPool', 'theirs', {}],
    /^RbdPool "theirs" is in the cluster of "ceph-main", not in that of "ceph-east": refer to a pool of that cluster\./,
  ],
  [
    'a pool of another cluster for a back end here',
    [{ name: 'ceph', poolRef: { name: 'theirs' } }, east],
    ['RbdPool', 'theirs', { cluster }],
    /^RbdPool "theirs" is in the cluster of "ceph-east", not in that of "ceph-main"/,
  ],
  [
    'a user of the binding’s cluster for a back end elsewhere',
    [{ name: 'ceph' }, { ...east, clientRef: { name: 'theirs' } }],
    ['CephClientAuth', 'theirs', {}],
    /^CephClientAuth "theirs" is in the cluster of "ceph-main", not in that of "ceph-east": refer to a user/,
  ],
  [
    'a user of another cluster for a back end here',
    [{ name: 'ceph', clientRef: { name: 'theirs' } }, east],
    ['CephClientAuth', 'theirs', { cluster }],
    /^CephClientAuth "theirs" belongs to another cluster than the pools of "ceph-main"/,
  ],
  [
    'a user of another cluster where no user of this one could tell',
    [{ name: 'ceph', clientRef: { name: 'theirs' } }],
    ['CephClientAuth', 'theirs', { cluster }],
    /^CephClientAuth "theirs" belongs to another cluster than the pools of "ceph-main"/,
  ],
] as const) {
  test(`planBinding() refuses ${what}`, () => {
    const sections = {
      cinder: { backends },
      ...(backends.length === 1 ? { glance: undefined, cinderBackup: undefined } : {}),
    };
    const world = new World(specWith(hosts, sections));
    world.intrude(kind, name, spec);
    world.settle();
    const { hold } = world.plan();
    assert.deepEqual([hold?.reason, hold?.stalled], ['WrongCluster', true]);
    assert.match(hold?.message ?? '', says);
    assert.equal(world.revisions.size, 0);
  });
}

test('planBinding() does not move what a back end has to another cluster', () => {
  const world = worldOf([{ name: 'ceph' }]);
  world.change(specWith(hosts, { cinder: { backends: [{ name: 'ceph', cluster }] }, nova: undefined }));
  world.settle();
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['WrongCluster', true]);
  assert.match(hold?.message ?? '', /"cloud-cinder-ceph" is in the cluster of "ceph-main".*another name, for what it/);
});

test('planBinding() refuses clusters that would share one file on hosts', () => {
  const world = new World(
    specWith(hosts, { cinder: { backends: [{ name: 'ceph' }, east] }, cephConf: { path: '/etc/ceph/ceph-east.conf' } }),
  );
  assert.match(
    world.plan().hold?.message ?? '',
    /"ceph-main" and, by the back end "east", of "ceph-east" would both be/,
  );
});

test('planBinding() lets an empty back end go, though another cluster has a full pool of its name', () => {
  const world = worldOf([{ name: 'ceph' }, { ...east, pool: { poolName: 'volumes' } }]);
  const work = world.work.bind(world);
  const withImages = (name: string) => {
    world.work = () => {
      work();
      const pool = world.children.RbdPool.get(name);
      if (pool !== undefined) Object.assign(pool, { status: { ...pool.status, usage: { images: 3 } } });
    };
    world.work();
  };
  withImages('cloud-cinder-ceph');
  world.change(specWith(hosts, { cinder: { backends: [{ name: 'ceph' }] } }));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.ok(!world.children.RbdPool.has('cloud-cinder-east'));
  assert.ok(world.children.RbdPool.has('cloud-cinder-ceph'));
});

test('planBinding() keeps volumes of another cluster served', () => {
  const world = worldOf([{ name: 'ceph' }, { ...east, pool: { poolName: 'volumes' } }]);
  const pool = world.children.RbdPool.get('cloud-cinder-east') ?? assert.fail();
  Object.assign(pool, { status: { ...pool.status, usage: { images: 3 } } });
  world.change(specWith(hosts, { cinder: { backends: [{ name: 'ceph' }] } }));
  assert.match(world.plan().hold?.message ?? '', /\[east\] "east" with 3 images in the pool "volumes"/);
});

test('planBinding() in mode Plan foretells what hosts get of each cluster, before anything is there', () => {
  const world = worldOf([{ name: 'ceph' }, east], { mode: 'Plan' });
  const planned = world.revisions.get(world.host('ctl1').spec.revision?.planned ?? '') ?? assert.fail('no plan');
  const files = planned.data.roles.find(({ role }) => role === 'CinderVolume')?.distribute.files ?? [];
  assert.deepEqual(
    files.map(({ path, content }) => [path, /^fsid = (.*)$/m.exec(content)?.[1]]),
    [
      ['/etc/ceph/ceph.conf', main],
      ['/etc/ceph/ceph-east.conf', other],
    ],
  );
  assert.equal(world.plan().hold?.reason, 'ChangesPlanned');
});
