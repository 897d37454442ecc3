import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startCeph } from '../../lab/ceph.ts';
import {
  awaitCloud,
  awaitStatus,
  createVolume,
  openrcBeside,
  openstack,
  openstackJson,
  uploadImage,
} from '../../lab/openstack.ts';
import { startWorld } from '../../lab/world.ts';
import type { Role } from '../../src/api/ceph-openstack-host.ts';
import { binding, type Spec } from '../api-objects.ts';
import { allReady, refusedRequests, soon } from './story.ts';
import { heldBack, ready, seen } from './waiting.ts';

/*
 * A controller whose Glance and Cinder really work, with Keystone, MariaDB and RabbitMQ: after nothing but the binding
 * images, volumes and backups lie in Ceph, some volumes in a second cluster. OpenStack itself is asked whether its services come up.
 */

const roles: readonly Role[] = ['GlanceApi', 'CinderVolume', 'CinderBackup'];
const world = await startWorld({
  hosts: [{ name: 'ctl1', layer: 'openstack', roles }],
  policy: { extraConfig: { 'cinder.conf': { DEFAULT: ['report_interval'] } } },
});
after(() => world[Symbol.asyncDispose]());
const east = await startCeph({
  ...{ suite: 'trixie', name: 'ceph-east', address: await world.network.address() },
  config: { mon_max_pg_per_osd: 2000 },
});
after(() => east[Symbol.asyncDispose]());
const controller = world.host('ctl1');
const backends = [{ name: 'ceph' }, { name: 'east', cluster: { secretName: 'ceph-east' } }];

const cloud = (more: Spec = {}) =>
  binding(
    {
      hosts: [{ name: 'ctl1', address: controller.address, roles }],
      cinder: { backends },
      nova: undefined,
      verification: { openStack: { secretName: 'cloud-admin' } },
      ...more,
    },
    'cloud',
  );

const rbd = async <T>(args: readonly string[], ceph = world.ceph): Promise<T> =>
  JSON.parse(await ceph.rbd([...args, '--format=json']));

describe('with nothing but the binding', () => {
  let image: string;
  let volume: string;
  let elsewhere: string;

  before(async () => {
    await awaitCloud(controller);
    await world.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cloud-admin', namespace: 'openstack' },
      stringData: await openrcBeside(controller),
    });
    await world.connect('ceph-east', { cluster: east });
    await world.startOperator();
    await world.apply(cloud());
    await allReady(world);
    await awaitCloud(controller);
    for (const { name } of backends) {
      await openstack(controller, ['volume', 'type', 'create', '--property', `volume_backend_name=${name}`, name]);
    }
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
    volume = await createVolume(controller, { name: 'story', sizeGiB: 1, imageId: image, type: 'ceph' });
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

  it('a volume made from it in another cluster is a full copy there', async () => {
    elsewhere = await createVolume(controller, { name: 'copy', sizeGiB: 1, imageId: image, type: 'east' });
    await awaitStatus(controller, 'volume', elsewhere, 'available');
    const info = await rbd<{ parent?: object }>(['info', `volumes-east/volume-${elsewhere}`], east);
    assert.equal(info.parent, undefined);
    const { status } = await seen(world, 'cob', 'cloud');
    const { message } = status?.conditions?.find(({ type }) => type === 'CopyOnWrite') ?? {};
    assert.match(message ?? '', /Volumes of "east", in another cluster, are full copies\.$/);
  });

  it('a backup of a volume of either lies in the pool backups', async () => {
    for (const source of [volume, elsewhere]) {
      // The scheduler knows a service that was restarted only once it has reported to it, up to a minute later.
      const id = await soon(world, 'a backup is made', () => backUp(source), { timeoutMs: 120_000 });
      const images = await rbd<string[]>(['ls', 'backups']);
      assert.equal(images.filter((name) => name.startsWith(`volume-${source}.backup`)).length, 1);
      await awaitStatus(controller, 'volume', source, 'available');
      await openstack(controller, ['volume', 'backup', 'delete', id]);
    }
  });

  async function backUp(source: string): Promise<string> {
    const { id } = await openstackJson<{ id: string }>(controller, ['volume', 'backup', 'create', source]);
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
    for (const name of ['cloud-glance', 'cloud-cinder-ceph', 'cloud-cinder-east']) {
      await soon(world, `RbdPool "${name}" tells of its image`, async () => {
        assert.equal((await world.get('rbdpool', name)).status.usage.images, 1);
      });
    }
  });

  it('volume and image can be deleted again, so no right is missing', async () => {
    await openstack(controller, ['volume', 'delete', volume, elsewhere]);
    await vanished('volumes', `volume-${volume}`);
    await vanished('volumes-east', `volume-${elsewhere}`, east);
    await openstack(controller, ['image', 'delete', image]);
    await vanished('images', image);
  });

  it('OpenStack has all services up, each under its name', async () => {
    const { status } = await seen(world, 'cob', 'cloud');
    assert.equal(status?.conditions?.find(({ type }) => type === 'ServicesUp')?.status, 'True');
    assert.equal(
      (await seen(world, 'coh', 'cloud-ctl1')).metadata.annotations?.['cephopenstack.io/on-trial-from'],
      undefined,
    );
    assert.deepEqual((await seen(world, 'coh', 'cloud-ctl1')).status?.services, [
      { binary: 'cinder-backup', host: 'ctl1', stopped: false },
      { binary: 'cinder-volume', host: 'ctl1@ceph', stopped: false },
      { binary: 'cinder-volume', host: 'ctl1@east', stopped: false },
      { binary: 'glance-api', host: 'ctl1', stopped: false },
    ]);
  });

  it('a change with which services run and never report stops the rollout, and the host goes back', async () => {
    const before = await controller.run('sha256sum /etc/cinder/cinder.conf');
    await world.apply(cloud({ extraConfig: { 'cinder.conf': { DEFAULT: { report_interval: '3600' } } } }));
    await soon(world, 'the change is on the host', async () => {
      assert.match(await controller.run('cat /etc/cinder/cinder.conf'), /^report_interval *= *3600$/m);
    });
    const says =
      /cinder-backup as ctl1, cinder-volume as ctl1@ceph, cinder-volume as ctl1@east did not come up, so it is back/;
    await heldBack(world, 'cob', 'cloud', 'OpenStackServiceDown', says, { timeoutMs: 240_000 });
    await ready(world, 'coh', 'cloud-ctl1');
    assert.equal(await controller.run('sha256sum /etc/cinder/cinder.conf'), before);
    await heldBack(world, 'cob', 'cloud', 'OpenStackServiceDown', says);
  });

  it('the binding as it was before ends that, and OpenStack has the services up again', async () => {
    await world.apply(cloud());
    await ready(world, 'cob', 'cloud');
    await soon(world, 'OpenStack has them up', async () => {
      const list = ['volume', 'service', 'list'];
      const services = await openstackJson<{ Binary: string; Host: string; State: string }[]>(controller, list);
      for (const [binary, host] of [
        ['cinder-volume', 'ctl1@ceph'],
        ['cinder-backup', 'ctl1'],
      ]) {
        assert.equal(services.find(({ Binary, Host }) => Binary === binary && Host === host)?.State, 'up', binary);
      }
    });
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});

async function vanished(pool: string, image: string, ceph = world.ceph): Promise<void> {
  await soon(world, `${pool}/${image} is gone`, async () => {
    assert.ok(!(await rbd<string[]>(['ls', pool], ceph)).includes(image));
  });
}
