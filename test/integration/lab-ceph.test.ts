import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../lab/cache.ts';
import { type Ceph, cephClientRoot, startCeph } from '../../lab/ceph.ts';
import { startTimeOf, sweepLeftovers } from '../../lab/leftovers.ts';
import { run } from '../../lab/process.ts';
import type { Secret } from '../../src/secret.ts';
import type { LoginAnswer, LoginOrder } from './lab-ceph-login.ts';

let reef: Ceph;
let tentacle: Ceph;
before(async () => {
  const both = [
    startCeph({ suite: 'trixie', name: 'lab-reef', config: { mon_max_pg_per_osd: 2000 } }),
    startCeph({ suite: 'forky', name: 'lab-tentacle', allowAes: true }),
  ] as const;
  [reef, tentacle] = await Promise.all(both);
});
after(() => Promise.all([reef, tentacle].map((ceph) => ceph[Symbol.asyncDispose]())));

const json = async (ceph: Ceph, ...args: string[]) => JSON.parse(await ceph.ceph([...args, '--format=json']));

test('startCeph() runs clusters of two suites side by side', async () => {
  assert.match(await reef.ceph(['versions']), /18\.2\.\d+/);
  assert.match(await tentacle.ceph(['versions']), /20\.2\.\d+/);
  assert.notEqual(reef.fsid, tentacle.fsid);
  for (const ceph of [reef, tentacle]) {
    const { fsid, osdmap } = await json(ceph, 'status');
    assert.deepEqual([fsid, osdmap.num_up_osds, osdmap.num_in_osds], [ceph.fsid, 3, 3]);
  }
});

test('a pool takes images, its copies on three hosts', async () => {
  for (const ceph of [reef, tentacle]) {
    await ceph.ceph(['osd', 'pool', 'create', 'volumes', '8']);
    await ceph.rbd(['pool', 'init', 'volumes']);
    await ceph.rbd(['create', 'volumes/disk', '--size', '8M']);
    assert.equal(JSON.parse(await ceph.rbd(['info', 'volumes/disk', '--format=json'])).size, 8 << 20);
    assert.match(await ceph.rados(['--pool=volumes', 'ls']), /^rbd_directory$/m);
    const { nodes } = await json(ceph, 'osd', 'tree');
    assert.equal(nodes.filter(({ type }: { type: string }) => type === 'host').length, 3);
  }
});

test('config reaches the cluster', async () => {
  assert.equal((await reef.ceph(['config', 'show', 'mon.a', 'mon_max_pg_per_osd'])).trim(), '2000');
});

test('a cluster at a given address takes free ports there', async () => {
  await using other = await startCeph({ suite: 'trixie', name: 'lab-address', address: reef.address });
  assert.notEqual(other.monHost, reef.monHost);
  assert.equal((await json(other, 'status')).fsid, other.fsid);
});

test('a frozen mon answers nobody until it is thawed', async () => {
  reef.freezeMon();
  await assert.rejects(reef.ceph(['--connect-timeout=2', 'mon', 'stat']), /timed out|TimedOut/i);
  reef.thawMon();
  assert.match(await reef.ceph(['mon', 'stat']), /quorum/);
});

test('a stopped mon comes back with what it knew', async () => {
  await reef.ceph(['config-key', 'set', 'lab/kept', 'yes']);
  await reef.stopMon();
  await assert.rejects(reef.ceph(['--connect-timeout=1', 'mon', 'stat']));
  await reef.startMon();
  assert.equal((await reef.ceph(['config-key', 'get', 'lab/kept'])).trim(), 'yes');
});

test("addUser() makes keys of the cluster's own type, and of type aes where that is allowed", async () => {
  const caps = { mon: 'profile rbd', osd: 'profile rbd pool=volumes' };
  const { key } = await tentacle.addUser('client.modern', caps);
  const { key: aes } = await tentacle.addUser('client.old', caps, { keyType: 'aes' });
  const { key: reefs } = await reef.addUser('client.old', caps);
  assert.deepEqual(
    [key, aes, reefs].map((each) => each.reveal().length),
    [60, 40, 40],
  );
  assert.equal((await tentacle.addUser('client.modern', caps)).key.equals(key), true);
});

test('cephClientRoot() holds a librados that logs in to 18.2 and 20.2 with any type of key', async () => {
  const root = await cephClientRoot();
  assert.match(await run('chroot', [root, 'ceph', '--version']), /version 20\.2\.\d+/);
  const caps = { mon: 'allow r' };
  const logins = [
    { ceph: reef, key: reef.adminKey, entity: 'client.admin' },
    { ceph: tentacle, key: tentacle.adminKey, entity: 'client.admin' },
    { ceph: tentacle, key: (await tentacle.addUser('client.aes', caps, { keyType: 'aes' })).key, entity: 'client.aes' },
  ];
  for (const { ceph, key, entity } of logins) {
    assert.deepEqual(await login(root, ceph, entity, key), { code: 0, fsid: ceph.fsid });
  }
});

test('the leftovers of an owner that was killed with SIGKILL are swept', async () => {
  const script = `
    const { cephClientRoot, startCeph } = await import('./lab/ceph.ts');
    const ceph = await startCeph({ suite: 'trixie', name: 'lab-killed' });
    ceph.freezeMon();
    console.log(ceph.folder);
    console.log(await cephClientRoot());
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(owner.stdout)[Symbol.asyncIterator]();
  const folder = (await lines.next()).value ?? '';
  const root = (await lines.next()).value ?? '';
  const pids = await processesIn(folder);
  assert.equal(pids.length, 5);
  assert.equal(existsSync(join(root, projectRoot, 'package.json')), true);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  sweepLeftovers();

  for (const path of [folder, root]) assert.equal(existsSync(path), false);
  for (const pid of pids) assert.equal(startTimeOf(pid), undefined);
  assert.equal((await readFile('/proc/self/mountinfo', 'utf8')).includes(folder), false);
  assert.equal(existsSync(join(projectRoot, 'package.json')), true);
});

/** What a child process in a root folder gets when it logs in to a cluster. */
async function login(root: string, ceph: Ceph, entity: string, key: Secret): Promise<LoginAnswer> {
  const child = spawn('chroot', [root, process.execPath, join(import.meta.dirname, 'lab-ceph-login.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = once(child, 'message');
  const ended = once(child, 'exit');
  const order: LoginOrder = { entity, key: key.reveal(), monHost: ceph.monHost };
  child.send(order);
  const first = await Promise.race([answer, ended.then(([code]) => assert.fail(`the child ended with code ${code}`))]);
  await ended;
  return first[0];
}

/** The processes whose arguments name a folder. */
async function processesIn(folder: string): Promise<number[]> {
  const pids = (await run('ls', ['/proc'])).split('\n').filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    pids.map(async (pid) => (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).includes(folder)),
  );
  return pids.filter((_, index) => named[index]).map(Number);
}
