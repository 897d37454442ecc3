import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { quickstartHosts, startWorld } from '../../lab/world.ts';
import { poolMarkKey } from '../../src/ceph/marks.ts';
import { client, pool } from '../api-objects.ts';
import { handmadeUuid, makePoolsByHand, wireByHand } from './by-hand.ts';
import { assertDone, planned } from './planned.ts';
import { pool as cephPool, pools, user, users } from './seen-ceph.ts';
import { fileOn, libvirtSecretsOn, traceOf, unitOn } from './seen-host.ts';
import { allReady, applyQuickstart, objects, refusedRequests } from './story.ts';
import { gone, heldBack, ready, remove } from './waiting.ts';

/* Hosts, pools and users that somebody has set up by hand, as the guide says, and that run with it. */

const world = await startWorld({ hosts: quickstartHosts });
after(() => world[Symbol.asyncDispose]());
const { ceph } = world;
const [controller, compute] = [world.host('ctl1'), world.host('cmp1')];
const services = [
  [controller, 'glance-api'],
  [controller, 'cinder-volume'],
  [controller, 'cinder-backup'],
  [compute, 'nova-compute'],
  [compute, 'libvirtd'],
] as const;

const runs = async () => Promise.all(services.map(async ([host, unit]) => (await unitOn(host, unit)).invocation));
const traces = async () => [await traceOf(controller), await traceOf(compute)];
const files = ['/etc/glance/glance-api.conf', '/etc/cinder/cinder.conf', '/etc/ceph/ceph.conf'] as const;
const contents = async () => Promise.all(files.map(async (path) => (await fileOn(controller, path))?.content.reveal()));
const rights = async () => controller.run("stat -c '%n %U:%G %a' /etc/ceph/ceph.conf /etc/ceph/*.keyring");
/** With its own UUID, as a person who adopts a cloud would write it. */
const own = { cinder: { backends: [{ name: 'ceph', libvirtSecret: { uuid: handmadeUuid } }] } };

before(async () => {
  await makePoolsByHand(world);
  await wireByHand(world);
  await world.startOperator({ CEPH_LOOK_SECONDS: '5', HOST_LOOK_SECONDS: '10' });
});

describe('hosts wired by hand', () => {
  let runsBefore: readonly string[];
  let poolsBefore: Awaited<ReturnType<typeof pools>>;
  let usersBefore: Awaited<ReturnType<typeof users>>;
  let contentsBefore: readonly (string | undefined)[];
  let rightsBefore: string;

  before(async () => {
    runsBefore = await runs();
    poolsBefore = await pools(ceph);
    usersBefore = await users(ceph);
    contentsBefore = await contents();
    // As one finds it that was copied by root.
    await controller.run('chown root:root /etc/ceph/ceph.conf && chmod 664 /etc/ceph/ceph.conf');
    rightsBefore = await rights();
  });

  it('are not touched, nor their pools and users, until adoption says so', async () => {
    const tracesBefore = await traces();
    await applyQuickstart(world, own);
    for (const section of ['glance', 'cinder-ceph', 'backup', 'nova']) {
      await heldBack(world, 'rbdpool', `cloud-${section}`, 'AlreadyExists', /adoption: IfUnowned/);
    }
    for (const section of ['glance', 'cinder-ceph', 'backup']) {
      await heldBack(world, 'cephclientauth', `cloud-${section}`, ['AlreadyExists', 'WaitingForPool']);
    }
    await heldBack(world, 'cob', 'cloud', ['AlreadyExists', 'WaitingForPool', 'WaitingForClient'], /cloud-/);
    assert.deepEqual(await pools(ceph), poolsBefore);
    assert.deepEqual(await users(ceph), usersBefore);
    assert.deepEqual(await traces(), tracesBefore);
  });

  let said: Awaited<ReturnType<typeof objects>>;

  it('are planned to be adopted with no restart, by keys that no Secret holds yet', async () => {
    const tracesBefore = await traces();
    await applyQuickstart(world, { ...own, adoption: 'IfUnowned', mode: 'Plan' });
    const plan = await planned(world, /^RbdPool "cloud-glance": /, /^CephClientAuth "cloud-glance": /, /^On cmp1/);
    assert.deepEqual(
      plan.filter((line) => /Restart|keyring|libvirt's secret|not created yet/.test(line)),
      [],
    );
    said = await objects(world);
    assert.deepEqual(await traces(), tracesBefore);
    assert.deepEqual(await pools(ceph), poolsBefore);
    assert.deepEqual(await users(ceph), usersBefore);
  });

  it('are adopted with no restart when it does', async () => {
    await applyQuickstart(world, { ...own, adoption: 'IfUnowned' });
    await allReady(world);
    assertDone(world, said);
    assert.deepEqual(await runs(), runsBefore);
    // What they say was right already.
    const [glance, cinder] = await contents();
    assert.deepEqual([glance, cinder], contentsBefore.slice(0, 2));
  });

  it('keep their pools, their keys and their libvirt secret', async () => {
    for (const [name, { pool_id }] of poolsBefore) {
      assert.equal((await cephPool(ceph, name)).pool_id, pool_id);
      assert.ok(name.startsWith('.') || (await cephPool(ceph, name)).application_metadata.rbd?.[poolMarkKey]);
    }
    for (const entity of ['client.glance', 'client.cinder', 'client.cinder-backup']) {
      const [was, now] = [usersBefore.get(entity), await user(ceph, entity)];
      assert.ok(was !== undefined && now.key.equals(was.key));
      assert.match(now.caps.mon ?? '', /profile rbd/);
    }
    const secrets = await libvirtSecretsOn(compute);
    assert.deepEqual([...secrets.keys()], [handmadeUuid]);
    assert.ok(secrets.get(handmadeUuid)?.value?.equals((await user(ceph, 'client.cinder')).key));
  });

  it('stay as they are when nothing is to be adopted any more', async () => {
    const groups = async () =>
      [...(await pools(ceph)).values()].map((pool) => [pool.pool_name, pool.flags_names, pool.options]);
    const before = await groups();
    await applyQuickstart(world, { ...own, adoption: 'Never' });
    await allReady(world);
    assert.deepEqual(await groups(), before);
  });

  it('get back what was there before when they are given back', async () => {
    await applyQuickstart(world, { ...own, adoption: 'IfUnowned', hostRemoval: 'Clean' });
    await allReady(world);
    await remove(world, 'cob', 'cloud');
    await gone(world, 'cob', 'cloud');
    assert.deepEqual(await runs(), runsBefore);
    assert.deepEqual(await contents(), contentsBefore);
    assert.deepEqual(await rights(), rightsBefore);
    assert.deepEqual([...(await libvirtSecretsOn(compute)).keys()], [handmadeUuid]);
    assert.equal(await fileOn(controller, '/var/lib/ceph-openstack-operator/manifest.json'), undefined);
  });
});

describe('a pool and a user that exist', () => {
  before(async () => {
    await ceph.ceph(['osd', 'pool', 'create', 'extra', '8']);
    await ceph.ceph(['auth', 'get-or-create', 'client.cinder-extra', 'mon', 'allow r']);
  });
  const access = { access: [{ pool: 'extra', mode: 'ReadWrite' }] };

  it('are refused, with what is there and what to set', async () => {
    await world.apply(pool({}, 'extra'), client(access, 'cinder-extra'));
    await heldBack(world, 'rbdpool', 'extra', 'AlreadyExists', /"extra".*adoption: IfUnowned/);
    await heldBack(
      world,
      'cephclientauth',
      'cinder-extra',
      'AlreadyExists',
      /client\.cinder-extra.*adoption: IfUnowned/,
    );
    assert.deepEqual((await cephPool(ceph, 'extra')).application_metadata, {});
    assert.deepEqual((await user(ceph, 'client.cinder-extra')).caps, { mon: 'allow r' });
  });

  it('are adopted when told so', async () => {
    const [poolBefore, userBefore] = [await cephPool(ceph, 'extra'), await user(ceph, 'client.cinder-extra')];
    const adopt = { adoption: 'IfUnowned' };
    await world.apply(pool(adopt, 'extra'), client({ ...access, ...adopt }, 'cinder-extra'));
    await ready(world, 'rbdpool', 'extra');
    await ready(world, 'cephclientauth', 'cinder-extra');
    assert.equal((await cephPool(ceph, 'extra')).pool_id, poolBefore.pool_id);
    assert.ok((await user(ceph, 'client.cinder-extra')).key.equals(userBefore.key));
  });
});

describe('two resources for one thing', () => {
  const adopt = { adoption: 'IfUnowned' };

  it('the second pool is refused, naming the first', async () => {
    const before = await pools(ceph);
    await world.apply(pool({ ...adopt, poolName: 'extra', replicated: { size: 2 } }, 'extra-too'));
    await heldBack(world, 'rbdpool', 'extra-too', ['Conflict', 'OwnedByAnother'], /"(openstack\/)?extra"/);
    assert.deepEqual(await pools(ceph), before);
    await ready(world, 'rbdpool', 'extra');
  });

  it('the second user is refused, naming the first', async () => {
    const access = { access: [{ pool: 'images', mode: 'ReadWrite' }] };
    await world.apply(client({ ...adopt, ...access, clientName: 'cinder-extra' }, 'cinder-extra-too'));
    const says = /"(openstack\/)?cinder-extra"/;
    await heldBack(world, 'cephclientauth', 'cinder-extra-too', ['Conflict', 'OwnedByAnother'], says);
    assert.doesNotMatch((await user(ceph, 'client.cinder-extra')).caps.osd ?? '', /images/);
    await ready(world, 'cephclientauth', 'cinder-extra');
  });

  it('what another installation has marked is refused, and taken over only where the policy allows it', async () => {
    await ceph.ceph(['osd', 'pool', 'create', 'theirs', '8']);
    await ceph.ceph(['osd', 'pool', 'application', 'enable', 'theirs', 'rbd']);
    const mark = ['osd', 'pool', 'application', 'set', 'theirs', 'rbd', poolMarkKey, 'elsewhere.0123456789abcdef'];
    await ceph.ceph(mark);
    await world.apply(pool(adopt, 'theirs'));
    await heldBack(world, 'rbdpool', 'theirs', 'OwnedByAnother', /elsewhere/);
    await world.apply(pool({ adoption: 'TakeOver' }, 'theirs'));
    await heldBack(world, 'rbdpool', 'theirs', 'PolicyForbids', /takeOver/);
    assert.equal(
      (await cephPool(ceph, 'theirs')).application_metadata.rbd?.[poolMarkKey],
      'elsewhere.0123456789abcdef',
    );

    await world.connect('ceph-main', { policy: { takeOver: true }, userID: 'openstack-operator-lenient' });
    await ready(world, 'rbdpool', 'theirs');
    assert.match((await cephPool(ceph, 'theirs')).application_metadata.rbd?.[poolMarkKey] ?? '', /^lab\./);
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});
