import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { awaitCloud, awaitStatus, createVolume, openstack, openstackJson, uploadImage } from '../../lab/openstack.ts';
import { startWorld } from '../../lab/world.ts';
import type { Role } from '../../src/api/ceph-openstack-host.ts';
import { binding } from '../api-objects.ts';
import { allReady, refusedRequests, soon } from './story.ts';
import { heldBack } from './waiting.ts';

/*
 * A Glance that keeps images in files is given a store in Ceph, and later a second one. Every image of before is still
 * found, and what is imported from then on becomes raw. The second store and the volumes are on erasure-coded pools.
 */

const roles: readonly Role[] = ['GlanceApi', 'CinderVolume'];
const world = await startWorld({ hosts: [{ name: 'ctl1', layer: 'openstack', roles }], objectStore: 'bluestore' });
after(() => world[Symbol.asyncDispose]());
const controller = world.host('ctl1');
const file = '/etc/glance/glance-api.conf';
const erasureCoded = { dataChunks: 2, codingChunks: 1 };
const fields = {
  hosts: [{ name: 'ctl1', address: controller.address, roles }],
  cinder: { backends: [{ name: 'ceph', pool: { erasureCoded } }] },
  cinderBackup: undefined,
  nova: undefined,
};

interface RbdInfo {
  readonly size: number;
  readonly block_name_prefix: string;
  readonly data_pool?: string;
  readonly parent?: { readonly pool: string; readonly image: string };
}

const rbd = async <T>(args: readonly string[]): Promise<T> =>
  JSON.parse(await world.ceph.rbd([...args, '--format=json']));

let inFile: string;
let ofOneStore: string;
let imported: string;

before(async () => {
  await awaitCloud(controller);
  inFile = await uploadImage(controller, 'in-a-file', 1);
  await world.startOperator();
});

describe('one store', () => {
  before(() => world.apply(binding(fields, 'cloud')));

  it('is refused while it would hide an image in a file', async () => {
    const says = /would hide the images in files in \/var\/lib\/glance\/images \(1\).*enabled_backends = file:file/;
    await heldBack(world, 'coh', 'cloud-ctl1', 'ImagesWouldBeOrphaned', says, { timeoutMs: 120_000 });
    assert.doesNotMatch(await controller.run(`cat ${file}`), /^rbd_store/m);
  });

  it('stands beside that of files in the layout of one store', async () => {
    // As of a release that had no other.
    await setOption('glance_store', 'stores', 'file,http');
    await lookAgain();
    await allReady(world);
    await awaitCloud(controller);
    assert.match(await controller.run(`cat ${file}`), /^stores = file,http,rbd$/m);
    ofOneStore = await uploadImage(controller, 'of-one-store', 1);
    assert.deepEqual(await rbd(['ls', 'images']), [ofOneStore]);
  });
});

describe('two stores, and images that are converted', () => {
  const glance = { stores: [{ name: 'rbd' }, { name: 'fast', pool: { erasureCoded } }], imageConversion: 'Raw' };

  before(() => world.apply(binding({ ...fields, glance }, 'cloud')));

  it('they stand beside one that somebody has named, in the other layout alone', async () => {
    await heldBack(world, 'coh', 'cloud-ctl1', 'ImagesWouldBeOrphaned', /./, { timeoutMs: 120_000 });
    await setOption('DEFAULT', 'enabled_backends', 'file:file');
    await lookAgain();
    await allReady(world);
    await awaitCloud(controller);
    const text = await controller.run(`cat ${file}`);
    assert.match(text, /^enabled_backends = file:file,rbd:rbd,fast:rbd$/m);
    assert.doesNotMatch(text, /^(stores|default_store) *=/m);
  });

  it('images of before are found, in a file as well as in Ceph', async () => {
    for (const [image, store] of [
      [inFile, 'file'],
      [ofOneStore, 'rbd'],
    ] as const) {
      await openstack(controller, ['image', 'save', '--file', '/tmp/saved', image]);
      assert.equal((await controller.run('stat -c %s /tmp/saved')).trim(), String(1024 * 1024));
      assert.equal((await shown(image)).properties.stores, store);
    }
  });

  it('a QCOW2 image that is imported into the second store is raw in its pool', async () => {
    await controller.run('qemu-img convert -f raw -O qcow2 /tmp/saved /tmp/small.qcow2');
    imported = await imageOf('imported');
    await openstack(controller, ['image', 'stage', '--file', '/tmp/small.qcow2', imported]);
    await openstack(controller, ['image', 'import', imported, '--method', 'glance-direct', '--store', 'fast']);
    await awaitStatus(controller, 'image', imported, 'active');
    assert.equal((await shown(imported)).disk_format, 'raw');
    assert.deepEqual(await rbd(['ls', 'images-fast']), [imported]);
    const { size, data_pool, block_name_prefix } = await rbd<RbdInfo>(['info', `images-fast/${imported}`]);
    assert.deepEqual([size, data_pool], [1024 * 1024, 'images-fast-data']);
    assert.match(await world.ceph.rados(['-p', 'images-fast-data', 'ls']), new RegExp(block_name_prefix));
  });

  it('one that is uploaded without an import stays what it is, in the first store', async () => {
    const uploaded = await imageOf('uploaded', '--file', '/tmp/small.qcow2');
    assert.equal((await shown(uploaded)).disk_format, 'qcow2');
    assert.ok((await rbd<string[]>(['ls', 'images'])).includes(uploaded));
    await openstack(controller, ['image', 'delete', uploaded]);
  });

  it('a volume made from an image in the second store is its clone, and its data lie in the pool of the volumes', async () => {
    const volume = await createVolume(controller, { name: 'of-fast', sizeGiB: 1, imageId: imported });
    await awaitStatus(controller, 'volume', volume, 'available');
    const { parent, data_pool } = await rbd<RbdInfo>(['info', `volumes/volume-${volume}`]);
    assert.deepEqual([parent?.pool, parent?.image, data_pool], ['images-fast', imported, 'volumes-data']);
    await openstack(controller, ['volume', 'delete', volume]);
    await vanished('volumes', `volume-${volume}`);
  });

  it('a store does not go while its pool holds an image', async () => {
    await world.apply(binding({ ...fields, glance: { stores: [{ name: 'rbd' }] } }, 'cloud'));
    const says = /Glance would not find the images in the pool "images-fast" \(1\)/;
    await heldBack(world, 'cob', 'cloud', 'ImagesWouldBeOrphaned', says);
    await openstack(controller, ['image', 'delete', inFile, ofOneStore, imported]);
    await vanished('images', ofOneStore);
    await vanished('images-fast', imported);
    assert.equal(await controller.run('ls /var/lib/glance/images'), '');
    await world.kubectl(['annotate', 'rbdpool', '--all', 'story=emptied']);
    await allReady(world);
    assert.match(await controller.run(`cat ${file}`), /^enabled_backends = file:file,rbd:rbd$/m);
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});

/** Sets an option of Glance by hand. */
async function setOption(section: string, name: string, value: string): Promise<void> {
  await controller.run(`sed -i '/^\\[${section}\\]$/a ${name} = ${value}' ${file}`);
}

async function lookAgain(): Promise<void> {
  await world.kubectl(['annotate', '--overwrite', 'coh', '--all', `story=${Date.now()}`]);
}

/** A QCOW2 image; without `--file` the client would read it from what is no terminal. */
async function imageOf(name: string, ...more: readonly string[]): Promise<string> {
  const create = `openstack image create --disk-format qcow2 --container-format bare ${more.join(' ')} ${name} -f json`;
  return JSON.parse(await controller.run(`. /root/openrc && script -qec '${create}' /dev/null`)).id;
}

function shown(image: string): Promise<{ disk_format: string; properties: { stores?: string } }> {
  return openstackJson(controller, ['image', 'show', image]);
}

async function vanished(pool: string, image: string): Promise<void> {
  await soon(world, `${pool}/${image} is gone`, async () => {
    assert.ok(!(await rbd<string[]>(['ls', pool])).includes(image));
  });
}
