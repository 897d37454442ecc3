import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CephSuite, cephSuites } from '../../lab/ceph.ts';
import { eventually } from '../../lab/eventually.ts';
import { readAutoscaler } from '../../src/ceph/manager.ts';
import { poolMark, poolMarkKey } from '../../src/ceph/marks.ts';
import { cephClient, deleted, dieAtEachStep, rbdPool, startCephWorld, type World } from './ceph-world.ts';

const optionsOf = (pool: Record<string, unknown> | undefined) => pool?.options as Record<string, unknown>;

// Most of the time passes waiting for changes of the map, one a second: two clusters do that side by side.
describe('RbdPool', { concurrency: true }, () => {
  for (const suite of cephSuites) describe(`on ${suite}`, { concurrency: false }, () => poolStories(suite));
});

function poolStories(suite: CephSuite): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({ suite, name: `pools-${suite}`, policy: { delete: true, takeOver: true } });
  });
  after(() => world?.[Symbol.asyncDispose]());

  const pools = async () => (await world.json('osd', 'pool', 'ls', 'detail')) as Record<string, unknown>[];
  const poolNamed = async (name: string) => (await pools()).find((pool) => pool.pool_name === name);

  test('is made as declared, marked and initialised, and then left alone', async () => {
    const resource = rbdPool('whole', {
      replicated: { size: 3, minSize: 2, crushRule: { name: 'by-host', root: 'default', failureDomain: 'host' } },
      placementGroups: { autoscale: 'Disabled', count: 16, targetSizeRatio: '0.53', bulk: true },
      quota: { maxBytes: '10Ti', maxObjects: 5_000_000 },
      compression: { mode: 'Aggressive', algorithm: 'snappy' },
      namespaces: ['tenant-a', 'tenant-b'],
    });
    const first = await world.pool(resource);
    assert.equal(first.hold, undefined);
    const made = await poolNamed('whole');
    assert.ok(made);
    assert.deepEqual(
      [
        made.size,
        made.min_size,
        made.pg_num_target,
        made.pg_autoscale_mode,
        made.quota_max_bytes,
        made.quota_max_objects,
      ],
      [3, 2, 16, 'off', 10 * 2 ** 40, 5_000_000],
    );
    const { target_size_ratio, compression_mode, compression_algorithm } = optionsOf(made);
    assert.equal(Math.fround(Number(target_size_ratio)), Math.fround(0.53));
    assert.deepEqual([compression_mode, compression_algorithm], ['aggressive', 'snappy']);
    assert.match(String(made.flags_names), /bulk/);
    const mark = poolMark({ installation: 'lab', namespace: 'openstack', name: 'whole' });
    assert.deepEqual(made.application_metadata, { rbd: { [poolMarkKey]: mark } });
    const rules = (await world.json('osd', 'crush', 'rule', 'dump')) as { rule_id: number; rule_name: string }[];
    assert.equal(rules.find((rule) => rule.rule_id === made.crush_rule)?.rule_name, 'by-host');
    assert.match(await world.ceph.rbd(['namespace', 'ls', '--pool=whole']), /tenant-a[\s\S]*tenant-b/);
    assert.equal(await world.ceph.rados(['--pool=whole', 'get', 'rbd_info', '-']), 'overwrite validated');
    assert.match(await world.ceph.rados(['--pool=whole', 'ls']), /^rbd_trash$/m);
    assert.deepEqual(first.status.placementGroups, { wanted: 16, now: 16 });

    assert.deepEqual((await world.pool(resource)).did, []);
  });

  test('is scaled by Ceph where the manager can, as the operator sees with its own caps', async () => {
    const autoscaler = await readAutoscaler(world.cluster, new AbortController().signal);
    // Ceph's own command is there with the module, and with it alone.
    const runs = await world.ceph.ceph(['osd', 'pool', 'autoscale-status']).then(
      () => true,
      () => false,
    );
    assert.equal(autoscaler.runs, runs);
    if (!autoscaler.runs) assert.match(autoscaler.why, /cannot load its module pg_autoscaler/);
  });

  test('can hold an image, its snapshot and a clone', async () => {
    await world.pool(rbdPool('holds'));
    await world.ceph.rbd(['create', 'holds/parent', '--size=8M']);
    await world.ceph.rbd(['snap', 'create', 'holds/parent@s']);
    await world.ceph.rbd(['snap', 'protect', 'holds/parent@s']);
    await world.ceph.rbd(['clone', 'holds/parent@s', 'holds/child']);
    assert.deepEqual((await world.pool(rbdPool('holds'))).status.usage, {
      ...((await world.pool(rbdPool('holds'))).status.usage as object),
      images: 2,
    });
  });

  test('is put back when changed by hand, each change named', async () => {
    const resource = rbdPool('drift', {
      replicated: { size: 3, minSize: 2 },
      quota: { maxObjects: 7 },
      compression: { mode: 'None' },
    });
    await world.pool(resource);
    await world.ceph.ceph(['osd', 'pool', 'set', 'drift', 'size', '2']);
    await world.ceph.ceph(['osd', 'pool', 'set-quota', 'drift', 'max_objects', '9']);
    await world.ceph.ceph(['osd', 'pool', 'set', 'drift', 'compression_mode', 'force']);
    const { did } = await world.pool(resource);
    assert.deepEqual(did.toSorted(), [
      'Set compression_mode of pool "drift" from force to unset.',
      'Set min_size of pool "drift" to 2.',
      'Set quota max_objects of pool "drift" from 9 to 7.',
      'Set size of pool "drift" from 2 to 3.',
    ]);
    const repaired = await poolNamed('drift');
    assert.deepEqual([repaired?.size, repaired?.min_size, repaired?.quota_max_objects], [3, 2, 7]);
    assert.equal(optionsOf(repaired).compression_mode, undefined);

    await world.ceph.ceph(['osd', 'pool', 'application', 'disable', 'drift', 'rbd', '--yes-i-really-mean-it']);
    assert.deepEqual((await world.pool(resource)).did, ['Enable RBD on pool "drift" and mark it as ours.']);
  });

  test('loses options that are cleared, and keeps those that are left out', async () => {
    const options = {
      quota: { maxBytes: '1Gi', maxObjects: 9 },
      placementGroups: { targetSizeRatio: '0.2', bulk: true },
    };
    await world.pool(rbdPool('clear', options));
    assert.deepEqual((await world.pool(rbdPool('clear'))).did, []);
    const cleared = {
      quota: { maxBytes: '0', maxObjects: '0' },
      placementGroups: { targetSizeRatio: '0', bulk: false },
    };
    await world.pool(rbdPool('clear', cleared));
    const pool = await poolNamed('clear');
    assert.deepEqual([pool?.quota_max_bytes, pool?.quota_max_objects], [0, 0]);
    assert.equal(optionsOf(pool).target_size_ratio, undefined);
    assert.doesNotMatch(String(pool?.flags_names), /bulk/);
  });

  test('that exists unmarked is refused, then adopted when told so, with its data', async () => {
    await world.ceph.ceph(['osd', 'pool', 'create', 'brown', '8']);
    await world.ceph.rbd(['pool', 'init', 'brown']);
    await world.ceph.rbd(['create', 'brown/disk', '--size=8M']);
    const refused = await world.pool(rbdPool('brown'));
    assert.deepEqual([refused.did, refused.hold?.reason], [[], 'AlreadyExists']);
    const adopted = await world.pool(rbdPool('brown', { adoption: 'IfUnowned' }));
    assert.equal(adopted.hold, undefined);
    assert.deepEqual(adopted.did, ['Record whose pool "brown" is.', 'Enable RBD on pool "brown" and mark it as ours.']);
    assert.match(await world.ceph.rbd(['ls', 'brown']), /disk/);
  });

  test('of another installation is refused, named, and taken over only by force', async () => {
    await world.pool(rbdPool('theirs'));
    const theirs = { installation: 'other', namespace: 'cloud', name: 'volumes' };
    const record = JSON.stringify({ ...theirs, namespaces: [], poolID: (await poolNamed('theirs'))?.pool_id });
    await world.ceph.ceph(['config-key', 'set', 'cephopenstack/pools/theirs', record]);
    await world.ceph.ceph(['osd', 'pool', 'application', 'set', 'theirs', 'rbd', poolMarkKey, poolMark(theirs)]);
    const refused = await world.pool(rbdPool('theirs', { adoption: 'IfUnowned' }));
    assert.equal(refused.hold?.reason, 'OwnedByAnother');
    assert.match(refused.hold?.message ?? '', /"cloud\/volumes" of installation "other"/);
    const taken = await world.pool(rbdPool('theirs', { adoption: 'TakeOver' }));
    assert.equal(taken.hold, undefined);
  });

  test('that two resources declare stays with the first', async () => {
    const first = rbdPool('first', { poolName: 'twice' });
    const second = rbdPool('second', { poolName: 'twice' });
    world.kube.objects.pools = [first, second];
    assert.match((await world.pool(second)).hold?.message ?? '', /RbdPool "first" declared the pool "twice" before/);
    assert.equal((await world.pool(first)).hold, undefined);
    const refused = await world.pool(second);
    assert.deepEqual([refused.did, refused.hold?.reason], [[], 'Conflict']);
    const elsewhere = rbdPool('third', { poolName: 'twice' }, { namespace: 'other' });
    assert.match((await world.pool(elsewhere)).hold?.message ?? '', /belongs to "openstack\/first"/);
    world.kube.objects.pools = [];
  });

  test('with a rule that differs or more placement groups than fit is refused before anything is made', async () => {
    await world.ceph.ceph(['osd', 'crush', 'rule', 'create-replicated', 'taken', 'default', 'osd']);
    const crushRule = { name: 'taken', root: 'default', failureDomain: 'host' };
    assert.equal((await world.pool(rbdPool('ruled', { replicated: { crushRule } }))).hold?.reason, 'CrushRuleDiffers');
    const placementGroups = { autoscale: 'Disabled', count: 4096 };
    const outcome = await world.pool(rbdPool('greedy', { placementGroups }));
    assert.equal(outcome.hold?.reason, 'PlacementGroupBudget');
    assert.deepEqual([await poolNamed('ruled'), await poolNamed('greedy')], [undefined, undefined]);
  });

  test('loses a namespace of its own only when that is empty, and never one that was there', async () => {
    await world.pool(rbdPool('spaces', { namespaces: ['ours', 'full'] }));
    await world.ceph.rbd(['namespace', 'create', 'spaces/theirs']);
    await world.ceph.rbd(['create', 'spaces/full/disk', '--size=8M']);
    const outcome = await world.pool(rbdPool('spaces', { namespaces: [] }));
    assert.deepEqual(outcome.did, [
      'Remove RBD namespace "ours" from pool "spaces".',
      'Record whose pool "spaces" is.',
    ]);
    assert.match(outcome.hold?.message ?? '', /namespace "full".*still holds images/);
    const left = await world.ceph.rbd(['namespace', 'ls', '--pool=spaces']);
    assert.match(left, /full[\s\S]*theirs/);
    assert.doesNotMatch(left, /ours/);
  });

  test('is deleted only when nothing is in it, each blocker named', async () => {
    const resource = rbdPool('doomed', { deletionPolicy: 'Delete', namespaces: ['n'] });
    await world.pool(resource);
    const blocked = async (pattern: RegExp) => {
      const { did, hold } = await world.pool(deleted(resource));
      assert.deepEqual([did, hold?.reason], [[], 'DeletionBlocked']);
      assert.match(hold?.message ?? '', pattern);
    };
    await world.ceph.rbd(['create', 'doomed/disk', '--size=8M']);
    await world.ceph.rbd(['snap', 'create', 'doomed/disk@s']);
    await blocked(/it holds 1 image \(disk\) with 1 snapshot in all/);
    await world.ceph.rbd(['snap', 'rm', 'doomed/disk@s']);
    await world.ceph.rbd(['trash', 'mv', 'doomed/disk']);
    await blocked(/it has 1 image \(disk\) in the trash/);
    await world.ceph.rbd(['trash', 'purge', 'doomed']);
    await world.ceph.rbd(['create', 'doomed/n/disk', '--size=8M']);
    await blocked(/its namespace "n" holds 1 image \(disk\)/);
    await world.ceph.rbd(['rm', 'doomed/n/disk']);
    await world.ceph.rados(['--pool=doomed', '--namespace=x', 'create', 'notes']);
    await blocked(/objects that are not RBD's \(x\/notes\)/);
    await world.ceph.rados(['--pool=doomed', '--namespace=x', 'rm', 'notes']);
    world.kube.objects.clients = [cephClient('cinder', { access: [{ pool: 'doomed', mode: 'ReadOnly' }] })];
    await blocked(/it is used by CephClientAuth "cinder"/);
    world.kube.objects.clients = [];
    await world.ceph.ceph(['osd', 'pool', 'set', 'doomed', 'nodelete', 'true']);
    await blocked(/its flag nodelete is set/);
    await world.ceph.ceph(['osd', 'pool', 'set', 'doomed', 'nodelete', 'false']);

    const gone = await eventually(async () => {
      const outcome = await world.pool(deleted(resource));
      assert.equal(outcome.hold, undefined);
      return outcome;
    });
    assert.deepEqual(gone.did, ['Delete pool "doomed".', 'Remove the record of pool "doomed".']);
    assert.equal(await poolNamed('doomed'), undefined);
    assert.deepEqual((await world.pool(deleted(resource))).did, []);
  });

  test('is let go without contacting anybody when it is retained', async () => {
    const resource = rbdPool('kept', { deletionPolicy: 'Retain', cluster: { secretName: 'gone' } });
    assert.deepEqual(await world.pool(deleted(resource)), { did: [], hold: undefined, status: {} });
    const asked = rbdPool('kept', { deletionPolicy: 'Delete', cluster: { secretName: 'gone' } });
    assert.equal((await world.pool(deleted(asked))).hold?.reason, 'ConnectionGone');
  });

  test('is told apart from one of the same name that was made after ours was removed', async () => {
    await world.pool(rbdPool('again'));
    const name = 'again';
    await world.ceph.ceph(['osd', 'pool', 'rm', name, name, '--yes-i-really-really-mean-it']);
    await world.ceph.ceph(['osd', 'pool', 'create', name, '8']);
    assert.equal((await world.pool(rbdPool(name))).hold?.reason, 'AlreadyExists');
  });

  test('is not made anew in place of one that is gone with images in it', async () => {
    await world.pool(rbdPool('lost'));
    await world.ceph.rbd(['create', '--size=1', 'lost/disk']);
    const { status } = await eventually(async () => {
      const seen = await world.pool(rbdPool('lost'));
      assert.equal((seen.status.usage as { images: number }).images, 1);
      return seen;
    });
    await world.ceph.ceph(['osd', 'pool', 'rm', 'lost', 'lost', '--yes-i-really-really-mean-it']);
    const after = await world.pool({ ...rbdPool('lost'), status });
    assert.deepEqual([after.hold?.reason, after.did, after.status.usage], ['PoolLost', [], status.usage]);
    assert.equal(await poolNamed('lost'), undefined);
    const anew = await world.pool(rbdPool('lost'));
    assert.equal(anew.hold, undefined);
    assert.equal((await poolNamed('lost'))?.pool_name, 'lost');
  });

  test('is made whole after a pass that died at any step', async () => {
    const spec = { replicated: { size: 3, minSize: 1 }, quota: { maxObjects: 7 }, namespaces: ['n'] };
    const deaths = await dieAtEachStep(world, spec);
    for (const { metadata } of deaths) {
      const pool = await poolNamed(metadata.name);
      assert.deepEqual([pool?.min_size, pool?.quota_max_objects], [1, 7]);
      assert.match(await world.ceph.rbd(['namespace', 'ls', `--pool=${metadata.name}`]), /n/);
    }
    assert.deepEqual(
      (await Promise.all(deaths.map((resource) => world.pool(resource)))).flatMap(({ did }) => did),
      [],
    );
  });

  test('of which many are made at once costs as many map changes as one', async () => {
    const epoch = async () => ((await world.json('osd', 'dump')) as { epoch: number }).epoch;
    const before = await epoch();
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        world.pool(rbdPool(`many-${index}`, { placementGroups: { autoscale: 'Disabled', count: 1 } })),
      ),
    );
    assert.deepEqual(
      made.map(({ hold }) => hold),
      made.map(() => undefined),
    );
    // Made one after the other they would take at least four changes each.
    assert.ok((await epoch()) - before < 20, `${(await epoch()) - before} changes of the map`);
  });
}
