import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Ceph, cephClientRoot, startCeph } from '../../lab/ceph.ts';
import { eventually } from '../../lab/eventually.ts';
import { parsePolicy } from '../../src/api/policy.ts';
import { type Cluster, createClusters } from '../../src/ceph/cluster.ts';
import type { Connection } from '../../src/ceph/connection.ts';
import { operatorCaps } from '../../src/ceph/operator-caps.ts';
import { readOsdMap } from '../../src/ceph/osd-map.ts';
import { operatorEntity } from './ceph-world.ts';

let ceph: Ceph;
let root: string;
let connection: Connection;
before(async () => {
  root = await cephClientRoot();
  ceph = await startCeph({ suite: 'trixie', name: 'broker' });
  const { key } = await ceph.addUser(operatorEntity, operatorCaps(parsePolicy({})));
  connection = { monHost: ceph.monHost, entity: operatorEntity, key, fsid: ceph.fsid };
});
after(() => ceph?.[Symbol.asyncDispose]());

const soon = () => AbortSignal.timeout(60_000);
// A child may be slow to start where much is going on.
const quick = { timeouts: { connectSeconds: 3, monSeconds: 2, osdSeconds: 2 }, graceMs: 5_000 };
const connect = (change: Partial<Connection> = {}) => {
  const clusters = createClusters({ root, ...quick });
  const cluster = clusters.get({ ...connection, ...change });
  return { cluster, [Symbol.asyncDispose]: () => clusters[Symbol.asyncDispose]() };
};

const unreachable = { name: 'Waiting', reason: 'CephUnreachable' };
const works = async (cluster: Cluster) => (await cluster.read({ prefix: 'fsid' }, soon())).includes(ceph.fsid);
const isGone = (pid: number) => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });

function pidOf(cluster: Cluster): number {
  assert.ok(cluster.brokerPid);
  return cluster.brokerPid;
}

test('many who read the same thing at once cost one command', async () => {
  await using world = connect();
  const maps = await Promise.all(Array.from({ length: 200 }, () => readOsdMap(world.cluster, soon())));
  assert.equal(new Set(maps).size, 1);
});

test('a write of our own is seen by the next read', async () => {
  await using world = connect();
  for (const round of [1, 2, 3]) {
    const name = `fresh-${round}`;
    await world.cluster.write({ prefix: 'osd pool create', pool: name, pg_num: 1 }, {}, soon());
    assert.ok((await readOsdMap(world.cluster, soon())).pools.some((pool) => pool.name === name));
  }
});

test('the key stands neither in the arguments nor in the environment of the child', async () => {
  await using world = connect();
  await works(world.cluster);
  for (const file of ['cmdline', 'environ']) {
    const text = readFileSync(`/proc/${pidOf(world.cluster)}/${file}`, 'latin1');
    assert.ok(!text.includes(connection.key.reveal()), file);
  }
});

for (const signal of ['SIGKILL', 'SIGSEGV'] as const) {
  test(`a child that dies of ${signal} fails what was in flight, and is replaced`, async () => {
    await using world = connect();
    await works(world.cluster);
    ceph.freezeMon();
    const pending = world.cluster.read({ prefix: 'df' }, soon());
    const pid = pidOf(world.cluster);
    process.kill(pid, signal);
    try {
      await assert.rejects(pending, unreachable);
    } finally {
      ceph.thawMon();
    }
    assert.ok(await eventually(() => works(world.cluster)));
    assert.notEqual(pidOf(world.cluster), pid);
  });
}

test('a child that hangs is killed and replaced', async () => {
  await using world = connect();
  await works(world.cluster);
  const pid = pidOf(world.cluster);
  process.kill(pid, 'SIGSTOP');
  await assert.rejects(world.cluster.read({ prefix: 'mon dump' }, soon()), unreachable);
  isGone(pid);
  assert.ok(await eventually(() => works(world.cluster)));
});

test('a frozen monitor is waited for no longer than the deadline, by hundreds too, and the session goes on', async () => {
  await using world = connect();
  await works(world.cluster);
  const pid = pidOf(world.cluster);
  ceph.freezeMon();
  try {
    const reads = await Promise.allSettled(
      Array.from({ length: 300 }, () =>
        world.cluster.shared({ command: { prefix: 'df' }, parse: (json) => json }, soon()),
      ),
    );
    for (const read of reads) {
      assert.equal(read.status, 'rejected');
      assert.match(String(read.reason), /The monitors at .* did not answer "df" in time/);
    }
    // A caller with less patience gives up alone.
    await assert.rejects(world.cluster.read({ prefix: 'df' }, AbortSignal.timeout(100)), { name: 'TimeoutError' });
  } finally {
    ceph.thawMon();
  }
  assert.ok(await eventually(() => works(world.cluster)));
  assert.equal(pidOf(world.cluster), pid);
});

test('the only monitor gone and back is named, then forgotten', async () => {
  await using world = connect();
  await works(world.cluster);
  await ceph.stopMon();
  await assert.rejects(world.cluster.read({ prefix: 'mon dump' }, soon()), unreachable);
  await ceph.startMon();
  assert.ok(await eventually(() => works(world.cluster)));
});

test('an address where nobody answers is named within the deadline', async () => {
  await using world = connect({ monHost: '[v2:127.0.0.1:1,v1:127.0.0.1:2]' });
  await assert.rejects(works(world.cluster), {
    ...unreachable,
    message: 'No monitor answers at [v2:127.0.0.1:1,v1:127.0.0.1:2].',
  });
});

test('a name that means no address is told from a refusal', async () => {
  await using world = connect({ monHost: 'nobody.invalid' });
  await assert.rejects(works(world.cluster), unreachable);
});

test('a wrong user or key is told from silence', async () => {
  await using world = connect({ entity: 'client.nobody' });
  await assert.rejects(works(world.cluster), { name: 'Waiting', reason: 'CephAccessDenied' });
});

test('another cluster behind the address is refused', async () => {
  await using world = connect({ fsid: '00000000-0000-4000-8000-000000000000' });
  await assert.rejects(works(world.cluster), { name: 'Invalid', reason: 'WrongCluster' });
});

test('caps that were widened apply without a restart of the operator', async () => {
  const entity = 'client.narrow';
  const { key } = await ceph.addUser(entity, { mon: 'allow command "mon dump"' });
  await using world = connect({ entity, key });
  await assert.rejects(world.cluster.read({ prefix: 'osd dump' }, soon()), {
    reason: 'CephAccessDenied',
    message: /^Ceph denies "osd dump" to client\.narrow/,
  });
  await ceph.ceph(['auth', 'caps', entity, 'mon', 'allow r']);
  await eventually(() => world.cluster.read({ prefix: 'osd dump' }, soon()));
});

test('a child ends when its operator is killed', async () => {
  const order = { root, connection: { ...connection, key: connection.key.reveal() } };
  const operator = spawn(process.execPath, [new URL('./ceph-operator-to-kill.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  operator.send(order);
  const [pid] = (await once(operator, 'message')) as [number];
  process.kill(pid, 0);
  operator.kill('SIGKILL');
  await eventually(() => isGone(pid));
});

test('a child with nothing to do ends', async () => {
  await using clusters = createClusters({ root, ...quick, idleMs: 100 });
  const cluster = clusters.get(connection);
  await works(cluster);
  const pid = pidOf(cluster);
  await eventually(() => isGone(pid));
  assert.ok(await works(clusters.get(connection)));
});
