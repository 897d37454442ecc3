import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Running, startProcess } from '../../lab/process.ts';
import { startWorld } from '../../lab/world.ts';
import { client, pool } from '../api-objects.ts';
import { shownAs } from './health.ts';
import { pools, users } from './seen-ceph.ts';
import { soon } from './story.ts';
import { abandon, gone, heldBack, ready, remove } from './waiting.ts';

/* Pools and users that are to be deleted: what keeps them, what happens to them, and what is left alone. */

const world = await startWorld({ policy: { delete: true } });
after(() => world[Symbol.asyncDispose]());
const { ceph } = world;

const Delete = { deletionPolicy: 'Delete' };
const hasPool = async (name: string) => (await pools(ceph)).has(name);
const hasUser = async (entity: string) => (await users(ceph)).has(entity);
const records = async () => Object.keys(JSON.parse(await ceph.ceph(['config-key', 'dump', '--format=json'])));
const access = (name: string) => ({ access: [{ pool: name, mode: 'ReadWrite' }] });

before(async () => {
  await world.connect('ceph-strict', { policy: {}, userID: 'openstack-operator-strict' });
  await world.startOperator({ CEPH_LOOK_SECONDS: '3' });
});

describe('a pool that is to be deleted stays', () => {
  before(async () => {
    await world.apply(pool({ ...Delete, namespaces: ['tenant-a'] }, 'volumes'));
    await ready(world, 'rbdpool', 'volumes');
  });

  const blocked = async (says: RegExp) => {
    await heldBack(world, 'rbdpool', 'volumes', 'DeletionBlocked', says);
    await shownAs(world, 'Progressing', 'rbdpools');
    assert.ok(await hasPool('volumes'));
  };

  it('while it holds an image, in any namespace, or one in the trash, or a snapshot', async () => {
    await ceph.rbd(['create', 'volumes/disk-1', '--size', '8M']);
    await ceph.rbd(['create', 'volumes/tenant-a/disk-2', '--size', '8M']);
    await ceph.rbd(['snap', 'create', '--no-progress', 'volumes/tenant-a/disk-2@friday']);
    await remove(world, 'rbdpool', 'volumes');
    await blocked(/it holds 1 image \(disk-1\).*namespace "tenant-a" holds 1 image \(disk-2\) with 1 snapshot/);
    await ceph.rbd(['snap', 'rm', '--no-progress', 'volumes/tenant-a/disk-2@friday']);
    await ceph.rbd(['rm', '--no-progress', 'volumes/tenant-a/disk-2']);
    await ceph.rbd(['trash', 'mv', 'volumes/disk-1']);
    await blocked(/: it has 1 image \(disk-1\) in the trash\.$/);
    await ceph.rbd(['trash', 'purge', '--no-progress', 'volumes']);
  });

  it('while it holds an object that is not of RBD', async () => {
    await ceph.rados(['-p', 'volumes', 'put', 'somebody-elses', '-'], { input: 'data' });
    await blocked(/objects that are not RBD's \(somebody-elses\)/);
  });

  it('while a user has access to it', async () => {
    await world.apply(client({ ...Delete, access: [{ poolRef: { name: 'volumes' }, mode: 'ReadWrite' }] }, 'cinder'));
    await ready(world, 'cephclientauth', 'cinder');
    await ceph.rados(['-p', 'volumes', 'rm', 'somebody-elses']);
    await blocked(/it is used by CephClientAuth "cinder"\.$/);
  });

  it('while its flag nodelete is set', async () => {
    await ceph.ceph(['osd', 'pool', 'set', 'volumes', 'nodelete', 'true']);
    await remove(world, 'cephclientauth', 'cinder');
    await gone(world, 'cephclientauth', 'cinder');
    await blocked(/its flag nodelete is set\.$/);
    await ceph.ceph(['osd', 'pool', 'set', 'volumes', 'nodelete', 'false']);
  });

  it('and goes when nothing keeps it any more', async () => {
    await gone(world, 'rbdpool', 'volumes');
    assert.ok(!(await hasPool('volumes')));
    assert.ok(!(await hasUser('client.cinder')));
    assert.deepEqual(
      (await records()).filter((key) => key.includes('volumes') || key.includes('cinder')),
      [],
    );
  });

  it('where the policy does not allow to delete pools', async () => {
    await world.apply(pool({ ...Delete, cluster: { secretName: 'ceph-strict' } }, 'kept'));
    await ready(world, 'rbdpool', 'kept');
    await remove(world, 'rbdpool', 'kept');
    await heldBack(world, 'rbdpool', 'kept', 'PolicyForbids', /delete: true/);
    assert.ok(await hasPool('kept'));
    await abandon(world, 'rbdpool', 'kept');
    await gone(world, 'rbdpool', 'kept');
    assert.ok(await hasPool('kept'));
  });
});

describe('a user that is to be deleted', () => {
  let session: Running;

  it('stays while sessions are open with its key', async () => {
    await world.apply(pool({}, 'images'), client({ ...Delete, ...access('images') }, 'glance'));
    await ready(world, 'rbdpool', 'images');
    await ready(world, 'cephclientauth', 'glance');
    session = await startSession();
    await soon(world, 'the session is seen', async () => {
      assert.ok(session.alive(), session.logTail());
      assert.match(await ceph.ceph(['tell', 'mon.a', 'sessions']), /"client\.glance"/);
    });
    await remove(world, 'cephclientauth', 'glance');
    await heldBack(world, 'cephclientauth', 'glance', 'SessionsOpen', /logged in from/);
    assert.equal((await world.get('cephclientauth', 'glance')).status.openSessions, 1);
    assert.ok(await hasUser('client.glance'));
  });

  it('goes when the last session is closed, and its Secret with it', async () => {
    await session.stop();
    await gone(world, 'cephclientauth', 'glance');
    assert.ok(!(await hasUser('client.glance')));
    await soon(world, 'its Secret is gone', async () => {
      assert.equal(await world.get('secret', 'glance-ceph-client'), undefined);
    });
  });

  async function startSession(): Promise<Running> {
    await ceph.rbd(['create', 'images/watched', '--size', '8M']);
    const keyring = join(ceph.folder, 'data', 'story.keyring');
    await ceph.ceph(['auth', 'get', 'client.glance', '-o', keyring]);
    const args = ['--name', 'client.glance', '--keyring', keyring, 'watch', 'images/watched'];
    // It ends when there is something to read for it, or nothing any more.
    const watch = ['-c', 'sleep 3600 | "$0" "$@"', join(ceph.commands, 'rbd'), ...args];
    return startProcess('sh', watch, { logFile: join(ceph.folder, 'session.out') });
  }
});

describe('with deletionPolicy Retain', () => {
  it('pool and user stay as they are, with their marks, and may be taken up again', async () => {
    await world.apply(pool({}, 'backups'), client(access('backups'), 'cinder-backup'));
    await ready(world, 'rbdpool', 'backups');
    await ready(world, 'cephclientauth', 'cinder-backup');
    const [poolBefore, userBefore, recordsBefore] = await traces();
    await remove(world, 'cephclientauth', 'cinder-backup');
    await remove(world, 'rbdpool', 'backups');
    await gone(world, 'cephclientauth', 'cinder-backup');
    await gone(world, 'rbdpool', 'backups');
    assert.deepEqual(await traces(), [poolBefore, userBefore, recordsBefore]);

    // As after a restore from a backup of Kubernetes: the marks name the same objects.
    await world.apply(pool({}, 'backups'), client(access('backups'), 'cinder-backup'));
    await ready(world, 'rbdpool', 'backups');
    await ready(world, 'cephclientauth', 'cinder-backup');
    const [poolNow, userNow] = await traces();
    assert.equal(poolNow.id, poolBefore.id);
    assert.ok(userBefore.key !== undefined && userNow.key?.equals(userBefore.key));
  });

  it('nothing is contacted: they go with Ceph away', async () => {
    await ceph.stopMon();
    try {
      await remove(world, 'cephclientauth', 'cinder-backup');
      await remove(world, 'rbdpool', 'backups');
      await gone(world, 'cephclientauth', 'cinder-backup');
      await gone(world, 'rbdpool', 'backups');
    } finally {
      await ceph.startMon();
    }
    assert.ok(await hasPool('backups'));
    assert.ok(await hasUser('client.cinder-backup'));
  });

  async function traces() {
    const user = (await users(ceph)).get('client.cinder-backup');
    const found = (await pools(ceph)).get('backups');
    return [
      { id: found?.pool_id, mark: found?.application_metadata },
      { key: user?.key, caps: user?.caps },
      (await records()).filter((key) => key.includes('backup')).sort(),
    ] as const;
  }
});

describe('with Ceph away', () => {
  it('what is to be deleted waits, says so, and goes when Ceph is back', async () => {
    await world.apply(pool(Delete, 'vms'), client({ ...Delete, ...access('vms') }, 'nova'));
    await ready(world, 'rbdpool', 'vms');
    await ready(world, 'cephclientauth', 'nova');
    await ceph.stopMon();
    await remove(world, 'cephclientauth', 'nova');
    await remove(world, 'rbdpool', 'vms');
    await heldBack(world, 'rbdpool', 'vms', 'CephUnreachable');
    await heldBack(world, 'cephclientauth', 'nova', 'CephUnreachable');
    await ceph.startMon();
    await gone(world, 'cephclientauth', 'nova');
    await gone(world, 'rbdpool', 'vms');
    assert.ok(!(await hasPool('vms')));
    assert.ok(!(await hasUser('client.nova')));
  });

  it('what is abandoned goes without a word to Ceph', async () => {
    await world.apply(pool(Delete, 'vms'));
    await ready(world, 'rbdpool', 'vms');
    await ceph.stopMon();
    await remove(world, 'rbdpool', 'vms');
    await abandon(world, 'rbdpool', 'vms');
    await gone(world, 'rbdpool', 'vms');
    await ceph.startMon();
    assert.ok(await hasPool('vms'));
  });
});

describe('what is not ours', () => {
  it('is not deleted with an object that was refused for it', async () => {
    await ceph.ceph(['osd', 'pool', 'create', 'by-hand']);
    await world.apply(pool(Delete, 'by-hand'));
    await heldBack(world, 'rbdpool', 'by-hand', 'AlreadyExists', /adoption/);
    await remove(world, 'rbdpool', 'by-hand');
    await gone(world, 'rbdpool', 'by-hand');
    assert.ok(await hasPool('by-hand'));
  });

  it('is not deleted when the object is gone that marked it, and another has it now', async () => {
    await world.apply(pool(Delete, 'first'));
    await ready(world, 'rbdpool', 'first');
    await world.apply(pool({ ...Delete, poolName: 'first' }, 'second'));
    await heldBack(world, 'rbdpool', 'second', ['Conflict', 'OwnedByAnother'], /first/);
    await remove(world, 'rbdpool', 'second');
    await gone(world, 'rbdpool', 'second');
    assert.ok(await hasPool('first'));
    await ready(world, 'rbdpool', 'first');
  });
});
