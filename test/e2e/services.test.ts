import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { awaitCloud, awaitStatus, createVolume, openstack, openstackJson, uploadImage } from '../../lab/openstack.ts';
import { startWorld } from '../../lab/world.ts';
import type { Role } from '../../src/api/ceph-openstack-host.ts';
import { binding } from '../api-objects.ts';
import { allReady, refusedRequests, soon } from './story.ts';
import { seen } from './waiting.ts';

/*
 * A controller whose Glance and Cinder really work, with Keystone, MariaDB and RabbitMQ: after nothing but the binding
 * images, volumes and backups lie in Ceph.
 */

const roles: readonly Role[] = ['GlanceApi', 'CinderVolume', 'CinderBackup'];
const world = await startWorld({ hosts: [{ name: 'ctl1', layer: 'openstack', roles }] });
after(() => world[Symbol.asyncDispose]());
const controller = world.host('ctl1');

const rbd = async <T>(args: readonly string[]): Promise<T> =>
  JSON.parse(await world.ceph.rbd([...args, '--format=json']));

describe('with nothing but the binding', () => {
  let image: string;
  let volume: string;

  before(async () => {
    await awaitCloud(controller);
    await world.startOperator();
    await world.apply(
      binding({ hosts: [{ name: 'ctl1', address: controller.address, roles }], nova: undefined }, 'cloud'),
    );
    await allReady(world);
    await awaitCloud(controller);
  });

  it('an image uploaded to Glance lies in the pool images', async () => {
    image = await uploadImage(controller, 'story', 24);
    const info = await rbd<{ size: number }>(['info', `images/${image}`]);
    assert.equal(info.size, 24 * 1024 * 1024);
    const snapshots = await rbd<{ name: string; protected: string }[]>(['snap', 'ls', `images/${image}`]);
    assert.deepEqual(
      snapshots.map(({ name }) => name),
      ['snap'],
    );
  });

  it('a volume made from it is a copy-on-write clone in the pool volumes', async () => {
    volume = await createVolume(controller, { name: 'story', sizeGiB: 1, imageId: image });
    await awaitStatus(controller, 'volume', volume, 'available');
    const info = await rbd<{ size: number; parent?: { pool: string; image: string; snapshot: string } }>([
      'info',
      `volumes/volume-${volume}`,
    ]);
    assert.equal(info.size, 1024 ** 3);
    assert.deepEqual(
      { pool: info.parent?.pool, image: info.parent?.image, snapshot: info.parent?.snapshot },
      { pool: 'images', image, snapshot: 'snap' },
    );
    const { status } = await seen(world, 'cob', 'cloud');
    assert.equal(status?.conditions?.find(({ type }) => type === 'CopyOnWrite')?.status, 'True');
  });

  it('a backup of the volume lies in the pool backups', async () => {
    // The scheduler knows a service that was restarted only once it has reported to it, up to a minute later.
    const id = await soon(world, 'a backup is made', backUp, { timeoutMs: 120_000 });
    const images = await rbd<string[]>(['ls', 'backups']);
    assert.equal(images.filter((name) => name.startsWith(`volume-${volume}.backup`)).length, 1);
    await awaitStatus(controller, 'volume', volume, 'available');
    await openstack(controller, ['volume', 'backup', 'delete', id]);
  });

  async function backUp(): Promise<string> {
    const { id } = await openstackJson<{ id: string }>(controller, ['volume', 'backup', 'create', volume]);
    await awaitStatus(controller, 'volume backup', id, 'available').catch(async ({ message }: Error) => {
      const shown = ['volume', 'backup', 'show', id];
      const { fail_reason } = await openstackJson<{ fail_reason: string }>(controller, shown);
      await openstack(controller, ['volume', 'backup', 'delete', id]);
      throw new Error(`${message}: ${fail_reason}`);
    });
    return id;
  }

  it('what is in use is seen in the status of the pools', async () => {
    // The next look may be a minute away: a change of the object brings it about.
    await world.kubectl(['annotate', 'rbdpool', '--all', 'story=looked']);
    for (const name of ['cloud-glance', 'cloud-cinder-ceph']) {
      await soon(world, `RbdPool "${name}" tells of its image`, async () => {
        assert.equal((await world.get('rbdpool', name)).status.usage.images, 1);
      });
    }
  });

  it('volume and image can be deleted again, so no right is missing', async () => {
    await openstack(controller, ['volume', 'delete', volume]);
    await vanished('volumes', `volume-${volume}`);
    await openstack(controller, ['image', 'delete', image]);
    await vanished('images', image);
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});

async function vanished(pool: string, image: string): Promise<void> {
  await soon(world, `${pool}/${image} is gone`, async () => {
    assert.ok(!(await rbd<string[]>(['ls', pool])).includes(image));
  });
}
