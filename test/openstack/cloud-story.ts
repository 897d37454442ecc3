import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { joinCloud } from '../../lab/cloud-compute.ts';
import type { Host } from '../../lab/hosts.ts';
import { awaitCloud, awaitStatus, backUpVolume, createVolume, openstack, openstackJson } from '../../lab/openstack.ts';
import { ask } from '../../lab/openstack-api.ts';
import {
  awaitNova,
  computeOf,
  consoleOf,
  createFlavor,
  createServer,
  guestSays,
  migrateLive,
  uploadGuest,
} from '../../lab/openstack-servers.ts';
import { startWorld, type WorldHost } from '../../lab/world.ts';
import { roles } from '../../src/api/ceph-openstack-host.ts';
import { binding } from '../api-objects.ts';
import { allReady, objects, refusedRequests, soon } from '../e2e/story.ts';

/** The host of a whole OpenStack, and one that becomes a second compute of it. */
export const controller: WorldHost = { name: 'ctl1', layer: 'cloud', roles };
export const secondCompute: WorldHost = { name: 'cmp1', layer: 'compute', roles: ['NovaCompute'] };

export interface Generation {
  readonly name: string;
  /** With two computes guests move between them. */
  readonly machines: readonly WorldHost[];
  /** Of the binding, beside its hosts. */
  readonly fields: Readonly<Record<string, unknown>>;
}

interface RbdInfo {
  readonly size: number;
  readonly block_name_prefix: string;
  readonly parent?: { readonly pool: string; readonly image: string; readonly snapshot: string };
}

/** Hash, owner and mode of everything that services and libvirt are configured with. The package ceph-common brings rbdmap. */
const configurationOf = (host: Host) =>
  host.run(`
    find /etc/glance /etc/cinder /etc/nova /etc/ceph /etc/libvirt -type f ! -name rbdmap -printf '%p %u:%g %m ' -exec sha256sum {} \\; 2>/dev/null |
      sed 's/ [^ ]*$//' | sort
    virsh -q secret-list`);

/**
 * A whole OpenStack that has never heard of Ceph, and one binding: guests boot from clones of an image, volumes come and
 * go, are backed up and restored. In the end the binding is deleted, and every file is as it was.
 */
export async function tellCloudStory({ name, machines, fields }: Generation): Promise<void> {
  const world = await startWorld({ hosts: machines, policy: { delete: true } });
  after(() => world[Symbol.asyncDispose]());
  const cloud = world.host(controller.name);

  const rbd = async <T>(args: readonly string[]): Promise<T> =>
    JSON.parse(await world.ceph.rbd([...args, '--format=json']));

  /** What the guest wrote into the first object of an image in Ceph. */
  async function answerIn(image: string): Promise<string> {
    const { block_name_prefix } = await rbd<RbdInfo>(['info', image]);
    const pool = image.split('/')[0] ?? '';
    const content = await world.ceph.rados(['-p', pool, 'get', `${block_name_prefix}.0000000000000000`, '-']);
    return /seen-by-the-guest:([a-z0-9-]*)/.exec(content)?.[1] ?? '';
  }

  /** The addresses of those who have an image in Ceph open. */
  async function watchersOf(image: string): Promise<string[]> {
    const { watchers } = await rbd<{ watchers: { address: string }[] }>(['status', image]);
    return watchers.map(({ address }) => address.replace(/:.*/, ''));
  }

  async function volumeGone(id: string): Promise<void> {
    await soon(world, `volume ${id} is gone`, async () => {
      await assert.rejects(ask(cloud, 'volumev3', `/volumes/${id}`), /answered 404/);
    });
  }

  describe(`wired as ${name} would`, () => {
    const words = `image-${randomBytes(6).toString('hex')}`;
    const migrates = machines.includes(secondCompute);
    const configuration = () => Promise.all(machines.map(({ name }) => configurationOf(world.host(name))));
    let untouched: readonly string[];
    let image: string;
    let volume: string;
    let fromVolume: string;
    let fromImage: string;
    let data: string;

    before(async () => {
      await awaitCloud(cloud);
      await world.startOperator();
      if (migrates) await joinCloud(cloud, world.host(secondCompute.name));
      untouched = await configuration();
      const hosts = machines.map(({ name, roles }) => ({ name, address: world.host(name).address, roles }));
      const life = { deletionPolicy: 'Delete', hostRemoval: 'Clean' };
      await world.apply(binding({ hosts, nova: { ephemeral: {} }, ...life, ...fields }, 'cloud'));
      await allReady(world);
      await awaitCloud(cloud);
      const computes = hosts.map(({ name }) => name);
      await awaitNova(cloud, computes);
      await createFlavor(cloud);
    });

    it('an image lies in images, and a volume made from it is its clone in volumes', async () => {
      image = await uploadGuest(cloud, 'guest', words);
      volume = await createVolume(cloud, { name: 'root', sizeGiB: 1, imageId: image });
      await awaitStatus(cloud, 'volume', volume, 'available');
      const { parent } = await rbd<RbdInfo>(['info', `volumes/volume-${volume}`]);
      assert.deepEqual([parent?.pool, parent?.image, parent?.snapshot], ['images', image, 'snap']);
    });

    it('a guest boots from the volume, reads the image through it and writes to it', async () => {
      fromVolume = await createServer(cloud, { name: 'from-volume', volume });
      await guestSays(cloud, fromVolume, `guest: disk vda of 2097152 sectors says '${words}'`);
      assert.equal(await answerIn(`volumes/volume-${volume}`), words);
    });

    it('a guest boots from the image: its disk is a clone in vms', async () => {
      fromImage = await createServer(cloud, { name: 'from-image', image });
      await guestSays(cloud, fromImage, `guest: disk vda of 2097152 sectors says '${words}'`);
      const { parent } = await rbd<RbdInfo>(['info', `vms/${fromImage}_disk`]);
      assert.deepEqual([parent?.pool, parent?.image, parent?.snapshot], ['images', image, 'snap']);
      assert.equal(await answerIn(`vms/${fromImage}_disk`), words);
    });

    if ('cephConf' in fields) {
      it('each guest has a socket to look into its client of Ceph', async () => {
        const guests = (await cloud.run('pgrep -x qemu-system-x86')).trim().split('\n');
        const sockets = await cloud.run('ls /run/ceph-guests');
        assert.equal(guests.length, 2);
        for (const pid of guests) {
          const socket = sockets.split('\n').find((name) => name.startsWith(`ceph-client.cinder.${pid}.`));
          assert.ok(socket, `${pid} is not among ${sockets}`);
          const look = `ceph --admin-daemon /run/ceph-guests/${socket} config get rbd_cache`;
          assert.deepEqual(JSON.parse(await cloud.run(look)), { rbd_cache: 'true' });
        }
      });
    }

    it('a volume is attached to a running guest', async () => {
      data = await createVolume(cloud, { name: 'data', sizeGiB: 1 });
      await awaitStatus(cloud, 'volume', data, 'available');
      await openstack(cloud, ['server', 'add', 'volume', fromImage, data]);
      await guestSays(cloud, fromImage, "guest: disk vdb of 2097152 sectors says ''");
      await awaitStatus(cloud, 'volume', data, 'in-use');
    });

    if (migrates) {
      it('the guest is migrated live: it goes on with the same disks, which the other host now has open', async () => {
        const disks = [`vms/${fromImage}_disk`, `volumes/volume-${data}`];
        const objectsOf = (disk: string) => rbd<RbdInfo>(['info', disk]).then((info) => info.block_name_prefix);
        const before = await Promise.all(disks.map(objectsOf));
        const from = await computeOf(cloud, fromImage);
        const compute = world.host(secondCompute.name);
        const [source, target] = from === cloud.name ? [cloud, compute] : [compute, cloud];
        for (const disk of disks) assert.deepEqual(await watchersOf(disk), [source.address]);
        await migrateLive(cloud, fromImage, target.name);
        assert.equal(await computeOf(cloud, fromImage), target.name);
        for (const disk of disks) {
          const watchers = async () => assert.deepEqual(await watchersOf(disk), [target.address]);
          await soon(world, `${disk} has moved`, watchers);
        }
        assert.deepEqual(await Promise.all(disks.map(objectsOf)), before);
        assert.deepEqual(await rbd(['ls', 'vms']), [`${fromImage}_disk`]);
      });
    }

    it('the volume is detached, as the guest says, which never started again', async () => {
      await openstack(cloud, ['server', 'remove', 'volume', fromImage, data]);
      await guestSays(cloud, fromImage, 'guest: disk vdb is gone');
      // On another compute the console begins anew: had the guest, too, it would say so.
      const starts = (await consoleOf(cloud, fromImage)).match(/guest: started/g) ?? [];
      assert.equal(starts.length, migrates ? 0 : 1);
      await awaitStatus(cloud, 'volume', data, 'available');
      await openstack(cloud, ['volume', 'delete', data]);
    });

    it('a snapshot of the volume in use becomes a volume, which is its clone', async () => {
      const args = ['volume', 'snapshot', 'create', '--force', '--volume', volume, 'shot'];
      const { id } = await openstackJson<{ id: string }>(cloud, args);
      await awaitStatus(cloud, 'volume snapshot', id, 'available');
      const copy = await openstackJson<{ id: string }>(cloud, ['volume', 'create', '--snapshot', id, 'copy']);
      await awaitStatus(cloud, 'volume', copy.id, 'available');
      const { parent } = await rbd<RbdInfo>(['info', `volumes/volume-${copy.id}`]);
      assert.deepEqual([parent?.image, parent?.snapshot], [`volume-${volume}`, `snapshot-${id}`]);
      await openstack(cloud, ['volume', 'delete', copy.id]);
      await volumeGone(copy.id);
      await openstack(cloud, ['volume', 'snapshot', 'delete', id]);
    });

    it('a snapshot of a guest becomes an image', async () => {
      const args = ['server', 'image', 'create', '--name', 'shot', fromImage];
      const { id } = await openstackJson<{ id: string }>(cloud, args);
      await awaitStatus(cloud, 'image', id, 'active');
      assert.equal(await answerIn(`images/${id}`), words);
      await openstack(cloud, ['image', 'delete', id]);
    });

    it('a volume is backed up, and what is restored can be booted', async () => {
      await openstack(cloud, ['server', 'delete', '--wait', fromVolume]);
      await awaitStatus(cloud, 'volume', volume, 'available');
      const backup = await backUpVolume(cloud, volume);
      const backups = await rbd<string[]>(['ls', 'backups']);
      assert.equal(backups.filter((each) => each.startsWith(`volume-${volume}`)).length, 1);
      const restored = await createVolume(cloud, { name: 'restored', sizeGiB: 1 });
      await awaitStatus(cloud, 'volume', restored, 'available');
      await openstack(cloud, ['volume', 'backup', 'restore', '--force', backup, restored]);
      await awaitStatus(cloud, 'volume', restored, 'available');
      const server = await createServer(cloud, { name: 'restored', volume: restored });
      await guestSays(cloud, server, `guest: disk vda of 2097152 sectors says '${words}'`);
      await openstack(cloud, ['server', 'delete', '--wait', server]);
      await awaitStatus(cloud, 'volume', restored, 'available');
      await openstack(cloud, ['volume', 'delete', restored]);
      await openstack(cloud, ['volume', 'backup', 'delete', backup]);
    });

    it('each user can do its own part, and no other', async () => {
      const may = async (user: string, ...args: readonly string[]): Promise<boolean> =>
        cloud.run(`timeout 20 rbd --id ${user} ${args.join(' ')}`).then(
          () => true,
          () => false,
        );
      const pools = ['images', 'volumes', 'backups', 'vms'];
      const rights = { glance: ['images'], cinder: ['images', 'volumes', 'vms'], 'cinder-backup': ['backups'] };
      for (const [user, own] of Object.entries(rights)) {
        for (const pool of pools)
          assert.equal(await may(user, 'ls', pool), own.includes(pool), `${user} reads ${pool}`);
      }
      assert.equal(await may('cinder', 'create', '--size=1', 'images/by-cinder'), false);
    });

    it('all is deleted again, so no right is missing', async () => {
      await openstack(cloud, ['server', 'delete', '--wait', fromImage]);
      await openstack(cloud, ['volume', 'delete', volume]);
      await volumeGone(volume);
      await openstack(cloud, ['image', 'delete', image]);
      await openstack(cloud, ['flavor', 'delete', 'small']);
      for (const pool of ['images', 'volumes', 'backups', 'vms']) {
        await soon(world, `${pool} is empty`, async () => assert.deepEqual(await rbd(['ls', pool]), []));
      }
    });

    it('the binding is deleted, and the host is configured as before, byte for byte', async () => {
      await world.kubectl(['delete', 'cephopenstackbinding', 'cloud', '--wait=false']);
      await soon(world, 'all is gone', async () => assert.deepEqual(await objects(world), []), { timeoutMs: 300_000 });
      assert.deepEqual(await configuration(), untouched);
      assert.doesNotMatch(await world.ceph.ceph(['osd', 'pool', 'ls']), /images|volumes|backups|vms/);
    });
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
}
