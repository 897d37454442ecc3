import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startCeph } from '../../lab/ceph.ts';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { freePorts } from '../../lab/ports.ts';
import { startWorld } from '../../lab/world.ts';
import { client, pool } from '../api-objects.ts';
import { brokersOf } from './broker-process.ts';
import { pool as cephPool, users } from './seen-ceph.ts';
import { isReady, objects, readyOf, soon } from './story.ts';
import { heldBack, ready } from './waiting.ts';

/*
 * Two clusters, one of which goes away in every way there is: that is said within a bounded time and mends itself, and
 * the objects of the other cluster notice nothing.
 */

/** The library's own deadlines for a command (15 s) and for connecting (10 s), the operator's grace, and a look's pace. */
const namedMs = 60_000;

const world = await startWorld();
after(() => world[Symbol.asyncDispose]());
const other = await startCeph({ suite: 'trixie', name: 'ceph-other', config: { mon_max_pg_per_osd: 2000 } });
after(() => other[Symbol.asyncDispose]());

const there = { cluster: { secretName: 'ceph-other' } };
const readWrite = (name: string) => ({ access: [{ poolRef: { name }, mode: 'ReadWrite' }] });
let operator: OperatorProcess;
const [metricsPort] = await freePorts(1, '127.0.0.1');

/** How many objects of a kind are being looked at. */
async function activeWorkers(controller: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const line = new RegExp(`^controller_runtime_active_workers{controller="${controller}"} (\\d+)$`, 'm').exec(text);
  return Number(line?.[1]);
}

before(async () => {
  await world.connect('ceph-other', { cluster: other });
  operator = await world.startOperator({ CEPH_LOOK_SECONDS: '3', METRICS_ADDRESS: `127.0.0.1:${metricsPort}` });
  await world.apply(
    pool({}, 'volumes'),
    client(readWrite('volumes'), 'cinder'),
    pool({ ...there, quota: { maxObjects: 1000 } }, 'elsewhere'),
    client({ ...there, ...readWrite('elsewhere') }, 'cinder-elsewhere'),
  );
  await allFourReady();
});

async function allFourReady(): Promise<void> {
  await ready(world, 'rbdpool', 'volumes');
  await ready(world, 'cephclientauth', 'cinder');
  await ready(world, 'rbdpool', 'elsewhere');
  await ready(world, 'cephclientauth', 'cinder-elsewhere');
}

/** While `during` runs, the other cluster's objects are Ready, or on their way, whenever one looks. */
async function undisturbed(during: () => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const disturbances: string[] = [];
  const watching = (async () => {
    while (!ended.signal.aborted) {
      for (const object of await objects(world, 'rbdpools,cephclientauths')) {
        const { secretName } = object.spec.cluster as { secretName: string };
        const reason = readyOf(object)?.reason ?? 'Progressing';
        if (secretName !== 'ceph-other' || isReady(object) || reason === 'Progressing') continue;
        disturbances.push(`${object.kind}/${object.metadata.name}: ${reason}`);
      }
      await setTimeout(1_000);
    }
  })();
  try {
    await during();
  } finally {
    ended.abort();
    await watching;
  }
  assert.deepEqual(disturbances, []);
}

/** What the other cluster's users want meanwhile: something new, and something repaired. */
async function changesElsewhere(name: string): Promise<void> {
  await other.ceph(['osd', 'pool', 'set-quota', 'elsewhere', 'max_objects', '7']);
  await world.apply(pool(there, name));
  await ready(world, 'rbdpool', name);
  assert.equal((await cephPool(other, name)).pool_name, name);
  await soon(world, 'the quota is repaired', async () => {
    assert.equal((await cephPool(other, 'elsewhere')).quota_max_objects, 1000);
  });
}

/** Waits until both objects of the first cluster say that it does not answer. */
async function bothNamed(): Promise<void> {
  for (const [kind, name] of [
    ['rbdpool', 'volumes'],
    ['cephclientauth', 'cinder'],
  ] as const) {
    const sentence = await heldBack(world, kind, name, 'CephUnreachable', /monitor|connect|Ceph/i, {
      timeoutMs: namedMs,
    });
    assert.doesNotMatch(sentence, /\n|undefined|\[object/);
  }
}

describe('a monitor that is frozen', () => {
  it('is named within a bounded time, and disturbs nobody else', async () => {
    world.ceph.freezeMon();
    await undisturbed(async () => {
      await bothNamed();
      await changesElsewhere('elsewhere-frozen');
    });
  });

  it('is named to objects that are new', async () => {
    await world.apply(pool({}, 'late'));
    await heldBack(world, 'rbdpool', 'late', 'CephUnreachable', /./, { timeoutMs: namedMs });
  });

  it('is forgotten when it answers again', async () => {
    const id = (await identity()).poolId;
    world.ceph.thawMon();
    await allFourReady();
    await ready(world, 'rbdpool', 'late');
    assert.equal((await cephPool(world.ceph, 'volumes')).pool_id, id);
  });
});

describe('the only monitor gone', () => {
  it('is named within a bounded time, and disturbs nobody else', async () => {
    await world.ceph.stopMon();
    await undisturbed(async () => {
      await bothNamed();
      await changesElsewhere('elsewhere-gone');
    });
  });

  it('is forgotten when it is back', async () => {
    await world.ceph.startMon();
    await allFourReady();
  });
});

describe('the process that talks to Ceph', () => {
  for (const [signal, how] of [
    ['SIGKILL', /The Ceph client process was killed/],
    ['SIGSEGV', /The Ceph client process ended \(SIGSEGV\)/],
  ] as const) {
    it(`is started again when it ends by ${signal}, and what waited for it says so`, async () => {
      const was = await identity();
      const brokers = await brokersOf(operator);
      assert.equal(brokers.length, 2);
      const from = operator.log.length;
      // Held still, so that calls are under way when it ends.
      for (const pid of brokers) process.kill(pid, 'SIGSTOP');
      await soon(world, 'looks at both clusters are under way', async () => {
        assert.equal(await activeWorkers('rbdpool'), (await objects(world, 'rbdpools')).length);
      });
      for (const pid of brokers) {
        process.kill(pid, signal);
        if (signal !== 'SIGKILL') process.kill(pid, 'SIGCONT');
      }
      await allFourReady();
      assert.ok(operator.running);
      assert.ok(
        operator.log.slice(from).some((line) => line.includes('"CephUnreachable"') && how.test(line)),
        'nobody was told',
      );
      const now = await brokersOf(operator);
      assert.equal(now.length, 2);
      assert.ok(now.every((pid) => !brokers.includes(pid)));
      assert.deepEqual(await identity(), was);
    });
  }

  it('is killed and started again when it hangs', async () => {
    const was = await identity();
    const brokers = await brokersOf(operator);
    for (const pid of brokers) process.kill(pid, 'SIGSTOP');
    await soon(
      world,
      'both processes are others',
      async () => {
        const now = await brokersOf(operator);
        assert.equal(now.length, 2);
        assert.ok(now.every((pid) => !brokers.includes(pid)));
      },
      { timeoutMs: namedMs },
    );
    await allFourReady();
    assert.deepEqual(await identity(), was);
  });
});

/** What must be the same before and after. */
async function identity(): Promise<{ poolId: unknown; elsewhereId: number; keys: readonly string[] }> {
  const { status } = await world.get('rbdpool', 'volumes');
  const keyOf = async (name: string) => (await world.get('cephclientauth', name)).status.keyFingerprint;
  return {
    poolId: status.poolID,
    elsewhereId: (await cephPool(other, 'elsewhere')).pool_id,
    keys: [await keyOf('cinder'), await keyOf('cinder-elsewhere')],
  };
}

it('nobody was made twice', async () => {
  const { poolId } = await identity();
  assert.equal((await cephPool(world.ceph, 'volumes')).pool_id, poolId);
  assert.ok((await users(world.ceph)).has('client.cinder'));
  assert.ok((await users(other)).has('client.cinder-elsewhere'));
});
