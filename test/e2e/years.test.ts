import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cephClientRoot } from '../../lab/ceph.ts';
import { formerVersion, type Version } from '../../lab/former-version.ts';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { quickstart } from '../../lab/quickstart.ts';
import { chartFolder } from '../../lab/render-chart.ts';
import { operatorName, quickstartHosts, startWorld, type World } from '../../lab/world.ts';
import { client, pool } from '../api-objects.ts';
import { assertUnchanged, digestOf, evidence, lookedAround, shortLooks } from './evidence.ts';
import { keepLibvirtUp } from './seen-host.ts';
import { allReady, isReady, objects, readyOf, refusedRequests, soon } from './story.ts';
import { heldBack, ready } from './waiting.ts';

/* What a cloud sees of an operator that is upgraded and rolled back, and of a Kubernetes that is lost: nothing. */

let former: Version;
let world: World;
let operator: OperatorProcess;
/** What the user keeps in git. */
let git: {
  readonly binding: Written;
  readonly own: readonly Written[];
  readonly connection: object;
  readonly ssh: object;
};
/** How Ceph and the hosts are once the first operator is done, and for ever after. */
let cloud: readonly string[];

interface Written {
  readonly spec: object;
}

before(async () => {
  former = await formerVersion(await cephClientRoot());
  // Counters of writes are told once in `mgr_stats_period`.
  world = await startWorld({ hosts: quickstartHosts, chart: former.chart, cephConfig: { mgr_stats_period: 1 } });
  await keepLibvirtUp(world.host('cmp1'));
  await world.ceph.ceph(['osd', 'pool', 'create', 'legacy', '8']);
  git = {
    binding: await quickstart(world),
    own: [
      pool({ adoption: 'IfUnowned', quota: { maxObjects: 1000 } }, 'legacy'),
      pool({ namespaces: ['tenant'] }, 'extra'),
      client({ access: [{ poolRef: { name: 'extra' }, mode: 'ReadOnly' }] }, 'cinder-report'),
    ],
    connection: await asWritten('ceph-main'),
    ssh: await asWritten('fleet-ssh'),
  };
});
after(() => world?.[Symbol.asyncDispose]());

/** A Secret as it was applied. */
async function asWritten(name: string): Promise<object> {
  const { apiVersion, kind, type, data } = await world.get('secret', name);
  return { apiVersion, kind, metadata: { name }, type, data };
}

const helm = (...args: readonly string[]) => world.kube.helm([...args, `--namespace=${operatorName}`]);

/** As a Deployment does: the next one is there before the former one goes. */
async function replaceOperator(folder?: string): Promise<void> {
  const next = await world.startOperator(shortLooks, folder);
  await operator.stop();
  operator = next;
}

async function upgrade(): Promise<void> {
  await helm('upgrade', operatorName, chartFolder, '--reset-then-reuse-values');
  await replaceOperator();
}

const applyAll = () => world.apply(git.binding, ...git.own);

/** An empty Kubernetes, with an operator of this installation or another. */
async function loseKubernetes(environment = {}): Promise<void> {
  await operator.stop();
  await world.loseKubernetes();
  operator = await world.startOperator({ ...shortLooks, ...environment });
}

/** Fails unless all are Ready and held, and Ceph and hosts as they were. */
async function allAsBefore(): Promise<void> {
  await lookedAround(world, operator);
  await allReady(world, { timeoutMs: 60_000 });
  await assertUnchanged(world, cloud);
  const free = (await objects(world)).filter(({ metadata }) => metadata.finalizers === undefined);
  assert.deepEqual(free, []);
  assert.deepEqual(await refusedRequests(world), []);
}

describe('an operator that is upgraded', () => {
  it('leaves to the next version a cloud that is wired and in use', async () => {
    operator = await world.startOperator(shortLooks, former.folder);
    await applyAll();
    await allReady(world);
    for (const image of ['images/one', 'volumes/one', 'extra/one']) await world.ceph.rbd(['create', image, '--size=1']);
    await lookedAround(world, operator);
    cloud = await evidence(world);
    for (const kind of ['pool ', 'user ', 'config-key ', 'ctl1: ', 'cmp1: secret ']) {
      const found = cloud.find((line) => line.startsWith(kind));
      assert.ok(found, `of ${kind}nothing was seen`);
    }
  });

  it('changes nothing in Ceph and on hosts', async () => {
    await upgrade();
    await allAsBefore();
  });

  it('can be rolled back, also from what the newer version has made and changed', async () => {
    const spec = { ...git.binding.spec, nova: { ephemeral: {}, diskCacheModes: ['network=writeback', 'file=none'] } };
    git = { ...git, binding: { ...git.binding, spec }, own: [...git.own, pool({ namespaces: ['tenant'] }, 'late')] };
    await applyAll();
    await allReady(world);
    await lookedAround(world, operator);
    cloud = await evidence(world);

    await helm('rollback', operatorName, '1');
    await replaceOperator(former.folder);
    await allAsBefore();
  });

  it('changes nothing in Ceph and on hosts when it is upgraded again', async () => {
    await upgrade();
    await allAsBefore();
  });
});

describe('a Kubernetes that is lost', () => {
  it('is made good by the operator and what is in git', async (t) => {
    const keys = await keptKeys();
    await loseKubernetes();

    await t.test('objects wait for the Secret of their connection', async () => {
      await applyAll();
      const says = /connection Secret "ceph-main" does not exist: create it/;
      await heldBack(world, 'rbdpool', 'extra', 'ConnectionMissing', says);
      await heldBack(world, 'cephclientauth', 'cinder-report', 'ConnectionMissing', says);
      await heldBack(world, 'cob', 'cloud', 'WaitingForPool', says);
    });

    await t.test('hosts wait for the SSH Secret', async () => {
      await world.apply(git.connection);
      await ready(world, 'cephclientauth', 'cinder-report');
      await heldBack(world, 'cob', 'cloud', 'HostsNotReady', /SSH Secret "fleet-ssh" does not exist: create it/);
      await assertUnchanged(world, cloud);
    });

    await t.test('with both all is Ready, and nothing has changed in Ceph and on hosts', async () => {
      await world.apply(git.ssh);
      await allReady(world);
      await allAsBefore();
      assert.deepEqual(await keptKeys(), keys);
    });
  });

  it('is refused the cloud under another name of the installation, which names the former one', async () => {
    await loseKubernetes({ INSTALLATION: 'elsewhere' });
    await world.apply(git.connection, git.ssh, git.binding, ...git.own);
    await soon(world, 'everything is refused', async () => {
      const found = await objects(world);
      assert.equal(found.length, 14);
      for (const object of found) {
        assert.equal(readyOf(object)?.reason, 'OwnedByAnother', object.metadata.name);
        assert.match(readyOf(object)?.message ?? '', /installation "lab"/);
      }
    });
    await lookedAround(world, operator);
    await assertUnchanged(world, cloud);
  });

  it('has next to nothing planned under the former name, before anything may be done', async () => {
    await operator.stop();
    operator = await world.startOperator(shortLooks);
    const inPlanMode = [git.binding, ...git.own].map((one) => ({ ...one, spec: { ...one.spec, mode: 'Plan' } }));
    await world.apply(...inPlanMode);
    const secret = 'Create Secret "cinder-report-ceph-client" with the key of user "client.cinder-report".';
    await soon(world, 'plans are told', async () => {
      const others = (await objects(world)).filter((object) => !isReady(object));
      const planned = others.map(({ metadata, status }) => [metadata.name, status?.plan]);
      assert.deepEqual(planned, [['cinder-report', [secret]]]);
    });
    await assertUnchanged(world, cloud);
    await applyAll();
    await allReady(world);
    await allAsBefore();
  });
});

/** What the operator keeps for clients, by the Secret's name. */
async function keptKeys(): Promise<object> {
  const { items } = JSON.parse(await world.kubectl(['get', 'secrets', '-o', 'json']));
  return Object.fromEntries(
    items
      .filter(({ data }: { data: object }) => 'keyring' in data)
      .map(({ metadata, data }: { metadata: { name: string }; data: object }) => [
        metadata.name,
        digestOf(JSON.stringify(data)),
      ]),
  );
}
