import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CephSuite, cephClientRoot, cephSuites } from '../../lab/ceph.ts';
import { eventually } from '../../lab/eventually.ts';
import { createClusters } from '../../src/ceph/cluster.ts';
import { Secret } from '../../src/secret.ts';
import { cephClient, deleted, rbdPool, startCephWorld, type World } from './ceph-world.ts';

interface User {
  readonly key: string;
  readonly caps: Record<string, string>;
}

const access = [
  { pool: 'volumes', mode: 'ReadWrite' },
  { pool: 'images', mode: 'ReadOnly' },
];
const profile = 'profile rbd pool=volumes, profile rbd-read-only pool=images';

describe('CephClientAuth', { concurrency: true }, () => {
  for (const suite of cephSuites) describe(`on ${suite}`, { concurrency: false }, () => userStories(suite));
  describe('on a cluster that takes aes and aes256k', { concurrency: false }, keyTypeStories);
  describe('under a policy that allows raw caps', { concurrency: false }, rawCapsStories);
});

function userStories(suite: CephSuite): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({ suite, name: `users-${suite}`, policy: { delete: true } });
    await Promise.all(['volumes', 'images'].map((pool) => world.ceph.ceph(['osd', 'pool', 'create', pool, '8'])));
  });
  after(() => world?.[Symbol.asyncDispose]());

  const userNamed = async (entity: string): Promise<User | undefined> => {
    const all = (await world.json('auth', 'ls')) as { auth_dump: (User & { entity: string })[] };
    return all.auth_dump.find((user) => user.entity === entity);
  };
  const secretText = (name: string, key: string) => world.kube.secrets.get(name)?.data[key]?.reveal();

  test('is made with derived caps and a Secret that holds all a client needs, and then left alone', async () => {
    const resource = cephClient('cinder', { access });
    const first = await world.client(resource);
    assert.equal(first.hold, undefined);
    const user = await userNamed('client.cinder');
    assert.deepEqual(user?.caps, { mon: 'profile rbd', osd: profile, mgr: profile });
    assert.equal(secretText('cinder-ceph-client', 'userID'), 'cinder');
    assert.equal(secretText('cinder-ceph-client', 'userKey'), user?.key);
    assert.equal(secretText('cinder-ceph-client', 'keyring'), `[client.cinder]\n\tkey = ${user?.key}\n`);
    assert.equal(secretText('cinder-ceph-client', 'fsid'), world.ceph.fsid);
    assert.match(secretText('cinder-ceph-client', 'ceph.conf') ?? '', /^mon_host = \[v2:/m);
    assert.equal(first.status.keyType, suite === 'forky' ? 'Aes256k' : 'Aes');
    assert.deepEqual(first.status.caps, user?.caps);
    assert.doesNotMatch(JSON.stringify(first), new RegExp((user?.key ?? '-').replaceAll(/[+/=]/g, '.')));
    assert.deepEqual((await world.client(resource)).did, []);
  });

  test('can log in with its Secret and use its pool, and no other', async () => {
    const resource = cephClient('cinder-login', { access: [{ poolRef: { name: 'own' }, mode: 'ReadWrite' }] });
    const own = rbdPool('own');
    world.kube.objects.pools = [own];
    assert.equal((await world.client(resource)).hold?.reason, 'WaitingForPool');
    assert.equal((await world.pool(own)).hold, undefined);
    assert.equal((await world.client(resource)).hold, undefined);
    const key = new Secret(secretText('cinder-login-ceph-client', 'userKey') ?? '');
    await using clusters = createClusters({ root: await cephClientRoot() });
    const entity = 'client.cinder-login';
    const cluster = clusters.get({ monHost: world.ceph.monHost, fsid: world.ceph.fsid, entity, key });
    const signal = AbortSignal.timeout(30_000);
    const foreign = cluster.inPool({ op: 'look', pool: 'volumes' }, 'to look', signal);
    await assert.rejects(foreign, { name: 'Waiting', reason: 'CephAccessDenied' });
    await cluster.inPool({ op: 'create-namespace', pool: 'own', namespace: 'x' }, 'to make a namespace', signal);

    const doomed = deleted({ ...resource, spec: { ...resource.spec, deletionPolicy: 'Delete' as const } });
    const blocked = await world.client(doomed);
    assert.equal(blocked.hold?.reason, 'SessionsOpen');
    assert.match(blocked.hold?.message ?? '', /is logged in from 127\./);
    await clusters[Symbol.asyncDispose]();
    await eventually(async () => assert.equal((await world.client(doomed)).hold, undefined));
    assert.equal(await userNamed(entity), undefined);
    assert.ok(!(await world.ceph.ceph(['config-key', 'ls'])).includes(entity));
  });

  test('gets its caps back when they were changed, and keeps another spelling of the same', async () => {
    const resource = cephClient('cinder-caps', { access });
    await world.client(resource);
    const spelled = "profile 'rbd-read-only' pool images,profile rbd pool=volumes";
    await world.ceph.ceph([
      'auth',
      'caps',
      'client.cinder-caps',
      'mon',
      'allow profile rbd',
      'osd',
      spelled,
      'mgr',
      profile,
    ]);
    assert.deepEqual((await world.client(resource)).did, []);
    await world.ceph.ceph(['auth', 'caps', 'client.cinder-caps', 'mon', 'allow *', 'mds', 'allow *']);
    const { did } = await world.client(resource);
    assert.match(did.join(), /^Change the caps of user "client.cinder-caps" from mds "allow \*", mon "allow \*" to /);
    assert.deepEqual((await userNamed('client.cinder-caps'))?.caps, { mon: 'profile rbd', osd: profile, mgr: profile });
  });

  test('in the style of 2014 can break the lock of a dead client', async () => {
    await world.client(cephClient('glance', { access: [{ pool: 'images', mode: 'ReadWrite' }], capsStyle: 'Legacy' }));
    const { caps } = (await userNamed('client.glance')) ?? {};
    assert.equal(caps?.osd, 'allow class-read object_prefix rbd_children, allow rwx pool=images');
    assert.equal(caps?.mon, 'allow r, allow command "osd blacklist", allow command "osd blocklist"');
    const key = new Secret(secretText('glance-ceph-client', 'userKey') ?? '');
    const cluster = world.clusters.get({ ...world.connection, entity: 'client.glance', key });
    const block = { prefix: 'osd blocklist', blocklistop: 'add', addr: '192.0.2.1:0/1' };
    await cluster.write(block, {}, AbortSignal.timeout(30_000));
  });

  test('that vanished comes back with the same key', async () => {
    const resource = cephClient('cinder-back', { access });
    await world.client(resource);
    const before = await userNamed('client.cinder-back');
    await world.ceph.ceph(['auth', 'rm', 'client.cinder-back']);
    const { did } = await world.client(resource);
    assert.match(did[0] ?? '', /^Put user "client.cinder-back" back with the key that it had/);
    assert.deepEqual(await userNamed('client.cinder-back'), before);
    assert.deepEqual((await world.client(resource)).did, []);
  });

  test('is made whole after a pass that died at any step, with one key', async () => {
    for (const steps of [1, 2, 3, 4]) {
      const resource = cephClient(`cinder-died-${steps}`, { access });
      await world.client(resource, { steps });
      const key = (await userNamed(`client.cinder-died-${steps}`))?.key;
      assert.equal((await world.client(resource)).hold, undefined);
      const made = await userNamed(`client.cinder-died-${steps}`);
      assert.equal(made?.key, key ?? made?.key);
      assert.equal(secretText(`cinder-died-${steps}-ceph-client`, 'userKey'), made?.key);
      assert.deepEqual((await world.client(resource)).did, []);
    }
  });

  test('keeps its Secret as it should be, and refuses one of somebody else', async () => {
    const resource = cephClient('cinder-secret', { access, secret: { name: 'handed-out' } });
    world.kube.secrets.set('handed-out', { data: { userKey: new Secret('theirs') }, keeper: undefined });
    assert.equal((await world.client(resource)).hold?.reason, 'SecretConflict');
    assert.equal(await userNamed('client.cinder-secret'), undefined);
    world.kube.secrets.delete('handed-out');
    await world.client(resource);
    const key = secretText('handed-out', 'userKey');

    world.kube.secrets.set('handed-out', { data: { userKey: new Secret('edited') }, keeper: 'cinder-secret' });
    const edited = await world.client(resource);
    assert.deepEqual(edited.did, ['Correct Secret "handed-out" with the key of user "client.cinder-secret".']);
    world.kube.secrets.delete('handed-out');
    await world.client(resource);
    assert.equal(secretText('handed-out', 'userKey'), key);
  });

  test('that exists unmarked is refused, then adopted with its key', async () => {
    const { key } = await world.ceph.addUser('client.nova', { mon: 'allow r' });
    const refused = await world.client(cephClient('nova', { access }));
    assert.deepEqual([refused.did, refused.hold?.reason], [[], 'AlreadyExists']);
    const adopted = await world.client(cephClient('nova', { access, adoption: 'IfUnowned' }));
    assert.equal(adopted.hold, undefined);
    assert.equal(secretText('nova-ceph-client', 'userKey'), key.reveal());
    assert.equal((await userNamed('client.nova'))?.key, key.reveal());
  });

  test('whose key was changed is somebody else until adopted', async () => {
    const resource = cephClient('cinder-other', { access });
    await world.client(resource);
    await world.ceph.ceph(['auth', 'rm', 'client.cinder-other']);
    await world.ceph.addUser('client.cinder-other', { mon: 'allow r' });
    const { hold } = await world.client(resource);
    assert.equal(hold?.reason, 'AlreadyExists');
    assert.match(hold?.message ?? '', /has another key than the one that was made here/);
  });

  test('out of bounds is refused, whatever is declared', async () => {
    for (const clientName of ['admin', 'bootstrap-osd', 'openstack-operator', 'somebody']) {
      const { did, hold } = await world.client(cephClient('bad', { clientName, access }));
      assert.deepEqual([did, hold?.reason], [[], 'PolicyForbids'], clientName);
    }
    assert.equal(
      (await world.client(cephClient('cinder-raw', { caps: { mon: 'allow *' } }))).hold?.reason,
      'PolicyForbids',
    );
  });

  test('with a type of key that the cluster does not take is refused', async () => {
    const keyType = suite === 'forky' ? 'Aes' : 'Aes256k';
    const { did, hold } = await world.client(cephClient('cinder-typed', { access, keyType }));
    assert.deepEqual([did, hold?.reason], [[], 'KeyTypeUnsupported']);
  });
}

function keyTypeStories(): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({ suite: 'forky', name: 'users-aes', allowAes: true });
    await world.ceph.ceph(['osd', 'pool', 'create', 'volumes', '8']);
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const keyType of ['Aes', 'Aes256k'] as const) {
    test(`gets a key of type ${keyType}, and never another in place`, async () => {
      const spec = { access: [{ pool: 'volumes', mode: 'ReadWrite' }] };
      const name = `cinder-${keyType.toLowerCase()}`;
      const outcome = await world.client(cephClient(name, { ...spec, keyType }));
      assert.deepEqual([outcome.hold, outcome.status.keyType], [undefined, keyType]);
      const other = await world.client(cephClient(name, { ...spec, keyType: keyType === 'Aes' ? 'Aes256k' : 'Aes' }));
      assert.deepEqual([other.did, other.hold?.reason], [[], 'KeyTypeUnsupported']);
      assert.match(other.hold?.message ?? '', /never changed in place/);
    });
  }
}

function rawCapsStories(): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({ suite: 'trixie', name: 'users-raw', policy: { rawCaps: true } });
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('gives caps to the letter, but no profile that Ceph would ignore', async () => {
    const caps = { mon: 'allow r', osd: 'allow class-read object_prefix rbd_children, allow rwx pool=volumes' };
    assert.equal((await world.client(cephClient('cinder', { caps }))).hold, undefined);
    const all = (await world.json('auth', 'get', 'client.cinder')) as User[];
    assert.deepEqual(all[0]?.caps, caps);
    const { hold } = await world.client(cephClient('glance', { caps: { osd: 'profile rdb pool=images' } }));
    assert.match(hold?.message ?? '', /profile "rdb", which Ceph does not know/);
  });
}
