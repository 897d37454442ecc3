import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CephSuite } from '../../lab/ceph.ts';
import { eventually } from '../../lab/eventually.ts';
import { poolMark, poolMarkKey } from '../../src/ceph/marks.ts';
import { cephClient, deleted, dieAtEachStep, rbdPool, startCephWorld, type World } from './ceph-world.ts';

// Most of the time passes waiting for changes of the map, one a second, which stories can share.
describe('RbdPool with erasureCoded', { concurrency: true }, () => {
  for (const suite of ['bookworm', 'trixie', 'forky'] as const)
    describe(`on ${suite}`, { concurrency: true }, () => erasureStories(suite));
});

const erasureCoded = { dataChunks: 2, codingChunks: 1 };
const placementGroups = { autoscale: 'Disabled', count: 4 };
const mebibyte = 'x'.repeat(1 << 20);

function erasureStories(suite: CephSuite): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({
      suite,
      name: `erasure-${suite}`,
      objectStore: 'bluestore',
      policy: { delete: true },
    });
  });
  after(() => world?.[Symbol.asyncDispose]());

  const poolNamed = async (name: string) =>
    ((await world.json('osd', 'pool', 'ls', 'detail')) as Record<string, unknown>[]).find(
      (pool) => pool.pool_name === name,
    );
  const rados = (pool: string, ...args: string[]) => world.ceph.rados([`--pool=${pool}`, ...args]);
  const info = async (image: string) => JSON.parse(await world.ceph.rbd(['info', image, '--format=json']));

  test('stands for two pools, made as declared, and then left alone', async () => {
    const resource = rbdPool('whole', {
      replicated: { size: 2 },
      erasureCoded: { ...erasureCoded, plugin: 'isa', failureDomain: 'host' },
      placementGroups: { ...placementGroups, targetSizeRatio: '0.5', bulk: true },
      quota: { maxBytes: '1Gi' },
      compression: { mode: 'Aggressive', algorithm: 'snappy' },
      namespaces: ['n'],
    });
    const first = await world.pool(resource);
    assert.equal(first.hold, undefined);
    const [whole, data] = [await poolNamed('whole'), await poolNamed('whole-data')];
    assert.deepEqual([whole?.type, whole?.size, whole?.quota_max_bytes], [1, 2, 0]);
    assert.deepEqual([data?.type, data?.size, data?.quota_max_bytes, data?.pg_num_target], [3, 3, 2 ** 30, 4]);
    assert.match(String(data?.flags_names), /ec_overwrites/);
    assert.match(String(data?.flags_names), /bulk/);
    assert.equal((data?.options as Record<string, unknown> | undefined)?.compression_mode, 'aggressive');
    const owner = { installation: 'lab', namespace: 'openstack', name: 'whole', part: 'data' } as const;
    assert.deepEqual(data?.application_metadata, { rbd: { [poolMarkKey]: poolMark(owner) } });
    const profile = (await world.json('osd', 'erasure-code-profile', 'get', 'whole-data')) as Record<string, string>;
    assert.deepEqual([profile.k, profile.m, profile.plugin], ['2', '1', 'isa']);
    assert.match(await world.ceph.rbd(['config', 'pool', 'get', 'whole', 'rbd_default_data_pool']), /whole-data/);
    assert.deepEqual((first.status.dataPool as Record<string, unknown>).poolID, data?.pool_id);
    assert.deepEqual((await world.pool(resource)).did, []);
  });

  test('has images of its users keep their data in the erasure-coded pool, clones and namespaces too', async () => {
    const volumes = rbdPool('volumes', { erasureCoded, placementGroups, namespaces: ['tenant'] });
    const images = rbdPool('images', { erasureCoded, placementGroups });
    const vms = rbdPool('vms', { placementGroups });
    world.kube.objects.pools = [volumes, images, vms];
    const made = await Promise.all([volumes, images, vms].map((pool) => world.pool(pool)));
    assert.deepEqual(
      made.map(({ hold }) => hold),
      made.map(() => undefined),
    );
    const access = [
      { poolRef: { name: 'volumes' }, mode: 'ReadWrite' },
      { poolRef: { name: 'vms' }, mode: 'ReadWrite' },
      { poolRef: { name: 'images' }, mode: 'ReadOnly' },
    ];
    const cinder = cephClient('cinder', { access });
    const { hold, status } = await world.client(cinder);
    assert.equal(hold, undefined);
    const { osd } = status.caps as Record<string, string>;
    assert.match(osd ?? '', /profile rbd pool=volumes-data, .*profile rbd-read-only pool=images-data/);
    const keyring = join(world.ceph.folder, 'data', 'cinder.keyring');
    await writeFile(keyring, world.kube.secrets.get('cinder-ceph-client')?.data.keyring?.reveal() ?? '');
    const asCinder = (args: string[], input?: string) =>
      world.ceph.rbd(['--id=cinder', `--keyring=${keyring}`, ...args], input === undefined ? {} : { input });

    await world.ceph.rbd(['import', '-', 'images/base'], { input: mebibyte });
    await world.ceph.rbd(['snap', 'create', 'images/base@s']);
    await world.ceph.rbd(['snap', 'protect', 'images/base@s']);
    await asCinder(['clone', 'images/base@s', 'volumes/clone']);
    await asCinder(['clone', 'images/base@s', 'vms/clone']);
    await asCinder(['create', 'volumes/tenant/new', '--size=8M']);
    await asCinder(['import', '-', 'volumes/new'], mebibyte);
    await asCinder(['bench', '--io-type=write', '--io-pattern=rand', '--io-total=1M', '--io-size=4K', 'volumes/clone']);

    assert.equal(await asCinder(['export', 'volumes/new', '-']), mebibyte);
    for (const image of ['images/base', 'volumes/clone', 'volumes/new', 'volumes/tenant/new']) {
      assert.equal((await info(image)).data_pool, `${image.split('/')[0]}-data`, image);
    }
    // Whoever shares the user of Cinder, as Nova does, goes by the pool, not by the user.
    assert.equal((await info('vms/clone')).data_pool, undefined);
    assert.match(await rados('volumes-data', 'ls'), /^rbd_data\.\d+\./m);
    assert.doesNotMatch(await rados('volumes', 'ls'), /^rbd_data/m);

    // Kept, and declared again without the pool of the data.
    const again = rbdPool('volumes', { namespaces: ['tenant'] });
    world.kube.objects.pools = [again, images, vms];
    assert.equal((await world.pool(again)).hold?.reason, 'WrongPoolType');
    const kept = await world.client(cinder);
    assert.deepEqual([kept.did, kept.hold?.reason], [[], 'WaitingForPool']);
    assert.match(kept.hold?.message ?? '', /keeps its caps, which reach the pools? .*"volumes-data"/);
    assert.equal(await asCinder(['export', 'volumes/new', '-']), mebibyte);
    world.kube.objects.pools = [];
  });

  test('is put back when changed by hand, each change named', async () => {
    const resource = rbdPool('drift', { erasureCoded, placementGroups, quota: { maxObjects: 7 } });
    await world.pool(resource);
    const yes = '--yes-i-really-mean-it';
    await world.ceph.ceph(['osd', 'pool', 'application', 'disable', 'drift-data', 'rbd', yes]);
    await world.ceph.ceph(['osd', 'pool', 'set-quota', 'drift-data', 'max_objects', '9']);
    await world.ceph.rbd(['config', 'pool', 'rm', 'drift', 'rbd_default_data_pool']);
    assert.deepEqual((await world.pool(resource)).did.toSorted(), [
      'Enable RBD on pool "drift-data" and mark it as ours.',
      'Have new images of pool "drift" keep their data in "drift-data".',
      'Set quota max_objects of pool "drift-data" from 9 to 7.',
    ]);
    await world.ceph.rbd(['config', 'pool', 'set', 'drift', 'rbd_default_data_pool', 'elsewhere']);
    assert.deepEqual((await world.pool(resource)).did, [
      'Have new images of pool "drift" keep their data in "drift-data" instead of "elsewhere".',
    ]);
    await world.ceph.rbd(['create', 'drift/disk', '--size=8M']);
    assert.equal((await info('drift/disk')).data_pool, 'drift-data');
  });

  test('is adopted with the images that it holds, and only as it was made', async () => {
    await world.ceph.ceph(['osd', 'erasure-code-profile', 'set', 'by-hand', 'k=2', 'm=1']);
    await world.ceph.ceph(['osd', 'pool', 'create', 'brown-ec', '4', '4', 'erasure', 'by-hand']);
    await world.ceph.ceph(['osd', 'pool', 'set', 'brown-ec', 'allow_ec_overwrites', 'true']);
    await world.ceph.ceph(['osd', 'pool', 'application', 'enable', 'brown-ec', 'rbd']);
    await world.ceph.ceph(['osd', 'pool', 'create', 'brown', '4']);
    await world.ceph.rbd(['pool', 'init', 'brown']);
    await world.ceph.rbd(['import', '--data-pool=brown-ec', '-', 'brown/disk'], { input: mebibyte });
    const spec = { erasureCoded: { ...erasureCoded, dataPoolName: 'brown-ec' } };
    assert.equal((await world.pool(rbdPool('brown', spec))).hold?.reason, 'AlreadyExists');
    const wider = { erasureCoded: { dataChunks: 4, codingChunks: 2, dataPoolName: 'brown-ec' }, adoption: 'IfUnowned' };
    const refused = await world.pool(rbdPool('brown', wider));
    assert.deepEqual([refused.did, refused.hold?.reason], [[], 'ErasureProfileDiffers']);
    const adopted = await world.pool(rbdPool('brown', { ...spec, adoption: 'IfUnowned' }));
    assert.equal(adopted.hold, undefined);
    assert.deepEqual(adopted.did.at(-1), 'Have new images of pool "brown" keep their data in "brown-ec".');
    assert.equal(await world.ceph.rbd(['export', 'brown/disk', '-']), mebibyte);
  });

  test('is deleted only when nothing is in either pool, the pool of the data last', async () => {
    const resource = rbdPool('doomed', { deletionPolicy: 'Delete', erasureCoded, placementGroups });
    await world.pool(resource);
    const blocked = async (pattern: RegExp) => {
      const { did, hold } = await world.pool(deleted(resource));
      assert.deepEqual([did, hold?.reason], [[], 'DeletionBlocked']);
      assert.match(hold?.message ?? '', pattern);
    };
    await world.ceph.rbd(['import', '-', 'doomed/disk'], { input: mebibyte });
    await blocked(/"doomed" .* holds 1 image \(disk\).*"doomed-data" .* holds data of images in the pool "doomed"/);
    await world.ceph.rbd(['rm', 'doomed/disk']);
    await world.ceph.ceph(['osd', 'pool', 'create', 'alien', '4']);
    await world.ceph.rbd(['pool', 'init', 'alien']);
    await world.ceph.rbd(['import', '--data-pool=doomed-data', '-', 'alien/disk'], { input: mebibyte });
    await blocked(/^The pool "doomed-data" cannot be deleted: it holds data of images in the pool "alien"\.$/);
    await world.ceph.rbd(['rm', 'alien/disk']);
    await world.ceph.rados(['--pool=doomed-data', 'put', 'notes', '-'], { input: mebibyte });
    await blocked(/"doomed-data" .* objects that are not RBD's \(notes\)/);
    await rados('doomed-data', 'rm', 'notes');

    const gone = await eventually(async () => {
      const outcome = await world.pool(deleted(resource));
      assert.equal(outcome.hold, undefined);
      return outcome;
    });
    assert.deepEqual(gone.did, [
      'Delete pool "doomed".',
      'Remove the record of pool "doomed".',
      'Delete pool "doomed-data".',
      'Remove the record of pool "doomed-data".',
    ]);
    assert.deepEqual([await poolNamed('doomed'), await poolNamed('doomed-data')], [undefined, undefined]);
    // The profile and the rule of before are used again, or are in the way.
    const other = await world.pool(rbdPool('doomed', { erasureCoded: { dataChunks: 3, codingChunks: 1 } }));
    assert.deepEqual([other.did, other.hold?.reason], [[], 'ErasureProfileDiffers']);
    assert.equal((await world.pool(rbdPool('doomed', { erasureCoded, placementGroups }))).hold, undefined);
  });

  test('is made whole after a pass that died at any step', async () => {
    const spec = { erasureCoded, placementGroups: { autoscale: 'Disabled', count: 1 }, quota: { maxObjects: 7 } };
    for (const { metadata } of await dieAtEachStep(world, spec)) {
      const data = await poolNamed(`${metadata.name}-data`);
      assert.deepEqual([data?.type, data?.quota_max_objects], [3, 7]);
      const option = ['config', 'pool', 'get', metadata.name, 'rbd_default_data_pool'];
      assert.match(await world.ceph.rbd(option), new RegExp(`${metadata.name}-data`));
    }
  });
}
