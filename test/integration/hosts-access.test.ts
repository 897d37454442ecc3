import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Ceph, startCeph } from '../../lab/ceph.ts';
import { type Host, startHost } from '../../lab/hosts.ts';
import { type Network, startNetwork } from '../../lab/network.ts';
import { type AccessCheck, lookAtNothing } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { SshConnection } from '../../src/hosts/ssh-access.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import type { HostStep } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';

const never = new AbortController().signal;
let network: Network;
let ceph: Ceph;
let host: Host;
let pool: SshPool;
let connection: SshConnection;

before(async () => {
  network = await startNetwork();
  ceph = await startCeph({ suite: 'trixie', address: await network.address() });
  host = await startHost({ name: 'ctl1', layer: 'controller', network });
  pool = new SshPool();
  const access = { privateKey: network.sshKey.privateKey, knownHosts: host.knownHostsLine, user: 'ops', port: 22 };
  connection = pool.connection({ name: host.name, address: host.address, access });
  await ceph.ceph(['osd', 'pool', 'create', 'images', '8']);
  await ceph.ceph(['osd', 'pool', 'create', 'other', '8']);
  await ceph.rbd(['pool', 'init', 'images']);
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await ceph?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

const glance: AccessCheck = {
  user: 'glance',
  entity: 'client.glance',
  conf: '/etc/ceph/ceph.conf',
  pool: 'images',
  interpreter: 'python3',
};

async function problems(...access: readonly AccessCheck[]): Promise<readonly string[]> {
  const facts = await observeHost(connection, { ...lookAtNothing, access }, never);
  assert.deepEqual(
    facts.access.map(({ check }) => check),
    access,
  );
  return facts.access.map((found) => (found.ok ? 'ok' : found.problem));
}

function apply(...steps: readonly HostStep[]): Promise<void> {
  return applySteps(connection, steps, () => undefined, never);
}

function write(path: string, text: string, owner: string, mode: string): HostStep {
  return { verb: 'write-file', path, content: new Secret(text), owner, group: owner, mode, expected: 'absent' };
}

test('each thing that keeps a service from Ceph is told by name, until nothing does', async () => {
  const [noConf] = await problems(glance);
  assert.match(noConf ?? '', /User "glance" cannot read Ceph's configuration \(\/etc\/ceph\/ceph\.conf: No such file/);

  const conf = `[global]\nfsid = ${ceph.fsid}\nmon host = ${ceph.monHost}\n`;
  await apply(
    { verb: 'make-directory', path: '/etc/ceph', owner: 'root', group: 'root', mode: '0755' },
    write('/etc/ceph/ceph.conf', conf, 'root', '0644'),
  );
  const [noBinding] = await problems(glance);
  assert.match(noBinding ?? '', /Python's rbd module does not load for user "glance" \(No module named 'ra?[bd]/);

  await apply({ verb: 'install-packages', packages: ['python3-rados', 'python3-rbd'] });
  const [noKeyring] = await problems(glance);
  assert.match(
    noKeyring ?? '',
    /cannot read the keyring of client\.glance \(\/etc\/ceph\/ceph\.client\.glance\.keyring: No such/,
  );

  const { key } = await ceph.addUser('client.glance', { mon: 'profile rbd', osd: 'profile rbd pool=images' });
  const path = '/etc/ceph/ceph.client.glance.keyring';
  const keyring = `[client.glance]\n\tkey = ${key.reveal()}\n`;
  await apply(write(path, keyring, 'cinder', '0600'));
  const [notReadable] = await problems(glance);
  assert.match(notReadable ?? '', /cannot read the keyring .*: Permission denied\)/);

  await apply({ verb: 'set-permissions', path, owner: 'glance', group: 'glance', mode: '0640' });
  const found = await problems(
    glance,
    { ...glance, pool: 'other' },
    { ...glance, pool: 'none' },
    { ...glance, user: 'cinder' },
    { ...glance, user: 'nobody-here' },
    { ...glance, interpreter: 'python2' },
  );
  assert.equal(found[0], 'ok');
  assert.match(found[1] ?? '', /^client\.glance cannot open pool "other" \(.*permission error.*\)\.$/i);
  assert.match(found[2] ?? '', /^client\.glance cannot open pool "none" \(.*object not found.*\)\.$/);
  assert.match(found[3] ?? '', /^User "cinder" cannot read the keyring/);
  assert.equal(found[4], 'There is no user "nobody-here".');
  assert.equal(found[5], 'There is no python2.');

  // Who may list images may still not reach their data.
  await ceph.rbd(['config', 'pool', 'set', 'images', 'rbd_default_data_pool', 'other']);
  const [noData] = await problems(glance);
  assert.match(
    noData ?? '',
    /^client\.glance cannot open the pool in which images of "images" keep .* \(other: .*perm/i,
  );
  for (const osd of [
    'profile rbd pool=images, profile rbd pool=other',
    'profile rbd-read-only pool=images, profile rbd-read-only pool=other',
    'allow class-read object_prefix rbd_children, allow rwx pool=images, allow rwx pool=other',
    'allow class-read object_prefix rbd_children, allow rx pool=images, allow rx pool=other',
  ]) {
    await ceph.ceph(['auth', 'caps', 'client.glance', 'mon', 'profile rbd', 'osd', osd]);
    assert.deepEqual(await problems(glance), ['ok'], osd);
  }
  assert.equal(await ceph.rados(['--pool=other', 'ls']), '');
  assert.equal(await host.run('ls /tmp /var/log/ceph /run/ceph 2>/dev/null | grep -v : | grep -v systemd || true'), '');
});

test('a key that Ceph does not know, and a mon that does not answer, are told in bounded time', async () => {
  await ceph.ceph(['auth', 'rm', 'client.glance']);
  const [unknown] = await problems(glance);
  assert.match(unknown ?? '', /^Ceph does not let client\.glance in/);
  ceph.freezeMon();
  const started = performance.now();
  const [late] = await problems(glance);
  ceph.thawMon();
  assert.match(late ?? '', /^Ceph did not answer client\.glance in time/);
  assert.ok(performance.now() - started < 30_000);
});
