import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Ceph, type CephSuite, cephClientRoot, cephSuites, startCeph } from '../../lab/ceph.ts';
import { errno } from '../../src/ceph/broker-protocol.ts';
import { CephError, type Cluster, type Clusters, createClusters, type MonCommand } from '../../src/ceph/cluster.ts';
import { keyTypeOf } from '../../src/ceph/key.ts';
import { readMonMap } from '../../src/ceph/monitors.ts';
import { readOsdMap } from '../../src/ceph/osd-map.ts';
import { readUser } from '../../src/ceph/users.ts';

/*
 * What the plans rely on of Ceph, and what would surprise whoever trusts an answer of 0. As administrator, since
 * it is Ceph that is asked here, not the operator.
 */
describe('Ceph', { concurrency: true }, () => {
  for (const suite of cephSuites) describe(`on ${suite}`, { concurrency: false }, () => traps(suite));
});

function traps(suite: CephSuite): void {
  let ceph: Ceph;
  let clusters: Clusters;
  let cluster: Cluster;
  before(async () => {
    ceph = await startCeph({ suite, name: `traps-${suite}`, config: { mon_max_pg_per_osd: 100 } });
    clusters = createClusters({ root: await cephClientRoot() });
    const { monHost, fsid, adminKey: key } = ceph;
    cluster = clusters.get({ monHost, fsid, key, entity: 'client.admin' });
    await write({ prefix: 'osd pool create', pool: 'p', pg_num: 8, autoscale_mode: 'off' });
  });
  after(async () => {
    await clusters?.[Symbol.asyncDispose]();
    await ceph?.[Symbol.asyncDispose]();
  });

  const soon = () => AbortSignal.timeout(60_000);
  const write = (command: MonCommand, input?: string) =>
    cluster.write(command, input === undefined ? {} : { input }, soon());
  const pool = async (name = 'p') => (await readOsdMap(cluster, soon())).pools.find((found) => found.name === name);
  const refused = (rc: number) => (error: unknown) => error instanceof CephError && error.rc === rc;

  test('answers 0 to making a pool that is there, whatever it is like', async () => {
    await write({ prefix: 'osd pool create', pool: 'p', pg_num: 64, size: 2 });
    assert.deepEqual([(await pool())?.pgNum, (await pool())?.size], [8, 3]);
  });

  test('answers 0 to making a pool whose name begins with a dot, and makes none but in 16.2', async () => {
    await write({ prefix: 'osd pool create', pool: '.hidden', pg_num: 1 });
    assert.equal((await pool('.hidden')) !== undefined, suite === 'bookworm');
  });

  test('ignores arguments that it does not know', async () => {
    await write({ prefix: 'osd pool create', pool: 'p', bogus: 1 });
  });

  test('refuses a number where a string belongs', async () => {
    await assert.rejects(write({ prefix: 'osd pool set', pool: 'p', var: 'size', val: 2 }), refused(errno.EINVAL));
  });

  test('resets min_size when the size is set', async () => {
    await write({ prefix: 'osd pool set', pool: 'p', var: 'min_size', val: '1' });
    await write({ prefix: 'osd pool set', pool: 'p', var: 'size', val: '2' });
    await write({ prefix: 'osd pool set', pool: 'p', var: 'size', val: '3' });
    assert.equal((await pool())?.minSize, 2);
  });

  test('keeps a ratio to the precision of a float32 at least, and forgets it at 0', async () => {
    await write({ prefix: 'osd pool set', pool: 'p', var: 'target_size_ratio', val: '0.1' });
    assert.equal(Math.fround((await pool())?.targetSizeRatio ?? 0), Math.fround(0.1));
    await write({ prefix: 'osd pool set', pool: 'p', var: 'target_size_ratio', val: '0' });
    assert.equal((await pool())?.targetSizeRatio ?? 0, 0);
  });

  test('forgets compression at "unset"', async () => {
    await write({ prefix: 'osd pool set', pool: 'p', var: 'compression_mode', val: 'force' });
    await write({ prefix: 'osd pool set', pool: 'p', var: 'compression_mode', val: 'unset' });
    assert.equal((await pool())?.compressionMode, undefined);
  });

  test('answers 0 to making a rule that is there, whatever it says', async () => {
    await write({ prefix: 'osd crush rule create-replicated', name: 'replicated_rule', root: 'default', type: 'osd' });
    await write({ prefix: 'osd crush rule create-replicated', name: 'replicated_rule', root: 'default', type: 'rack' });
  });

  test('refuses metadata of an application that is not enabled', async () => {
    const set = { prefix: 'osd pool application set', pool: 'p', app: 'rbd', key: 'k', value: 'v' };
    await assert.rejects(write(set), refused(errno.ENOENT));
  });

  test('refuses RBD on a pool of another application', async () => {
    await write({ prefix: 'osd pool create', pool: 'gateway', pg_num: 1, autoscale_mode: 'off' });
    await write({ prefix: 'osd pool application enable', pool: 'gateway', app: 'rgw' });
    const init = cluster.inPool({ op: 'init-pool', pool: 'gateway', hasSnapshots: true }, 'to initialise', soon());
    await assert.rejects(init, refused(errno.EPERM));
  });

  test('refuses more placement groups than OSDs bear', async () => {
    await assert.rejects(write({ prefix: 'osd pool create', pool: 'q', pg_num: 256 }), refused(errno.ERANGE));
    assert.equal(await pool('q'), undefined);
  });

  test('answers 0 to removing what is not there', async () => {
    await write({ prefix: 'osd pool rm', pool: 'no', pool2: 'no', yes_i_really_really_mean_it: true });
    await write({ prefix: 'auth rm', entity: 'client.no' });
    await write({ prefix: 'config-key rm', key: 'cephopenstack/no' });
  });

  test('gives a user with the same caps again, and refuses others, byte for byte', async () => {
    const make = (osd: string) => ({
      prefix: 'auth get-or-create',
      entity: 'client.c',
      caps: ['mon', 'allow r', 'osd', osd],
    });
    await write(make('allow r pool=p'));
    await write(make('allow r pool=p'));
    await assert.rejects(write(make('allow r  pool=p')), refused(errno.EINVAL));
  });

  test('stores a profile that it does not know, which grants nothing', async () => {
    await write({ prefix: 'auth caps', entity: 'client.c', caps: ['osd', 'profile bogus'] });
    assert.deepEqual((await readUser(cluster, 'client.c', soon()))?.caps, { osd: 'profile bogus' });
  });

  test('keeps config-keys of a user that is removed', async () => {
    await write({ prefix: 'config-key set', key: 'cephopenstack/users/client.c', val: '{}' });
    await write({ prefix: 'auth rm', entity: 'client.c' });
    const text = await cluster.read({ prefix: 'config-key dump', key: 'cephopenstack/users/client.c' }, soon());
    assert.deepEqual(JSON.parse(text), { 'cephopenstack/users/client.c': '{}' });
  });

  test('says which types of key it takes, and mints the one that it prefers', async () => {
    const type = suite === 'forky' ? 'Aes256k' : 'Aes';
    assert.deepEqual((await readMonMap(cluster, soon())).keyTypes, [type]);
    await write({ prefix: 'auth get-or-create', entity: 'client.t', caps: ['mon', 'allow r'] });
    const user = await readUser(cluster, 'client.t', soon());
    assert.equal(user && keyTypeOf(user.key), type);
  });

  test("knows nothing of a monitor's ceph.conf in its store of configuration", async () => {
    const stored = await cluster.read({ prefix: 'config get', who: 'mon', key: 'mon_max_pg_per_osd' }, soon());
    assert.equal(stored.trim(), '250');
  });
}
