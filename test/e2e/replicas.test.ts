import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { operatorName, startWorld } from '../../lab/world.ts';
import { client, pool } from '../api-objects.ts';
import { pool as cephPool, pools } from './seen-ceph.ts';
import { refusedRequests, soon } from './story.ts';
import { ready } from './waiting.ts';

/** As the lease says (15 s), and what an attempt and the jitter add. */
const takeOverMs = 25_000;

const world = await startWorld();
after(() => world[Symbol.asyncDispose]());

const leads = ({ log }: OperatorProcess) => log.some((line) => line.includes('"This replica leads."'));
const steps = ({ log }: OperatorProcess) => log.filter((line) => line.includes('"verb":'));
const isCaughtUp = ({ log }: OperatorProcess) => log.some((line) => line.includes('"The caches are filled."'));

describe('two replicas', () => {
  let first: OperatorProcess;
  let second: OperatorProcess;
  let third: OperatorProcess;

  it('share one lease: one works, the other stands by with full caches', async () => {
    first = await world.startOperator({ CEPH_LOOK_SECONDS: '2', POD_NAME: 'replica-a' });
    second = await world.startOperator({ CEPH_LOOK_SECONDS: '2', POD_NAME: 'replica-b' });
    const replicas = [first, second];
    await soon(world, 'one leads and both have full caches', () => {
      assert.equal(replicas.filter(leads).length, 1);
      assert.ok(replicas.every(isCaughtUp));
    });
    if (leads(second)) [first, second] = [second, first];

    await world.apply(
      pool({}, 'volumes'),
      client({ access: [{ poolRef: { name: 'volumes' }, mode: 'ReadWrite' }] }, 'cinder'),
    );
    await ready(world, 'rbdpool', 'volumes');
    await ready(world, 'cephclientauth', 'cinder');
    assert.notDeepEqual(steps(first), []);
    assert.deepEqual(steps(second), []);
  });

  it('give over when the leader is killed: the other goes on within the time of the lease', async () => {
    const before = await cephPool(world.ceph, 'volumes');
    await first.kill();
    const began = performance.now();
    await world.apply(pool({ quota: { maxObjects: 1000 } }, 'volumes'), pool({}, 'images'));
    await soon(world, 'the other replica leads', () => assert.ok(leads(second)), { timeoutMs: takeOverMs });
    assert.ok(performance.now() - began < takeOverMs);
    await ready(world, 'rbdpool', 'images');
    await ready(world, 'rbdpool', 'volumes');
    const now = await pools(world.ceph);
    assert.equal(now.get('volumes')?.pool_id, before.pool_id);
    assert.equal(now.get('volumes')?.quota_max_objects, 1000);
    assert.ok(now.has('images'));
  });

  it('give over at once when the leader is stopped', async () => {
    third = await world.startOperator({ CEPH_LOOK_SECONDS: '2', POD_NAME: 'replica-c' });
    await soon(world, 'the third replica has full caches', () => assert.ok(isCaughtUp(third)));
    assert.equal(await second.stop(), 0);
    await soon(world, 'the third replica leads', () => assert.ok(leads(third)), { timeoutMs: 10_000 });
    await world.apply(pool({}, 'backups'));
    await ready(world, 'rbdpool', 'backups');
  });

  it('let go of the lease that they lost, and end', async () => {
    const fourth = await world.startOperator({ CEPH_LOOK_SECONDS: '2', POD_NAME: 'replica-d' });
    await soon(world, 'the fourth replica has full caches', () => assert.ok(isCaughtUp(fourth)));
    const patch = JSON.stringify({ spec: { holderIdentity: 'somebody-else' } });
    await world.kube.kubectl(['-n', operatorName, 'patch', 'lease', operatorName, '--type=merge', '-p', patch]);
    await soon(world, 'the former leader ends', () => assert.ok(!third.running), { timeoutMs: 20_000 });
    await soon(world, 'the fourth replica leads', () => assert.ok(leads(fourth)), { timeoutMs: takeOverMs });
  });

  it('have asked for nothing that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});
