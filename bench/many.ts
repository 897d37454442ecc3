import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { dump } from 'js-yaml';
import type { World } from '../lab/world.ts';
import { createClient } from '../src/kube/client.ts';
import { secretKind } from '../src/kube/kinds.ts';
import { createTransport } from '../src/kube/transport.ts';
import { type Figure, seconds, timed, usageOf } from './figures.ts';

const pools = Array.from({ length: 20 }, (_, index) => `bench-${index}`);
const users = Array.from({ length: 100 }, (_, index) => `cinder-bench-${index}`);
const apiVersion = 'cephopenstack.io/v1alpha1';
const cluster = { secretName: 'ceph-main' };

const objects = [
  ...pools.map((name) => ({
    ...{ apiVersion, kind: 'RbdPool', metadata: { name } },
    spec: { cluster, placementGroups: { autoscale: 'Disabled', count: 1 } },
  })),
  ...users.map((name, index) => ({
    ...{ apiVersion, kind: 'CephClientAuth', metadata: { name } },
    spec: { cluster, access: [{ poolRef: { name: pools[index % pools.length] }, mode: 'ReadWrite' }] },
  })),
];

/** 20 pools and 100 users from nothing, and the pass over them when all is settled, beside the CLI making the same reads. */
export async function benchMany(world: World): Promise<readonly Figure[]> {
  const first = await world.startOperator({ LOG_LEVEL: 'warn' });
  await working(first.metricsUrl);
  const text = objects.map((object) => dump(object)).join('---\n');
  const begin = performance.now();
  await world.kubectl(['apply', '--server-side', '-f', '-'], { input: text });
  const applied = performance.now() - begin;
  await allReady(world);
  const made = performance.now() - begin;
  await first.stop();

  const second = await world.startOperator({ LOG_LEVEL: 'warn', CEPH_LOOK_SECONDS: '5' });
  await passes(second.metricsUrl, objects.length);
  const epoch = await osdEpoch(world);
  const writes = (await world.kube.requests()).filter(isWrite).length;
  const cpu = usageOf(second.pid).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const from = await count(second.metricsUrl, 'controller_runtime_reconcile_total');
  const busyFrom = await count(second.metricsUrl, 'workqueue_work_duration_seconds_sum');
  await sleep(30_000);
  const looks = ((await count(second.metricsUrl, 'controller_runtime_reconcile_total')) - from) / objects.length;
  const busy = (await count(second.metricsUrl, 'workqueue_work_duration_seconds_sum')) - busyFrom;
  const usage = usageOf(second.pid);
  const cpuPerLook = (usage.reduce((sum, { cpuMs }) => sum + cpuMs, 0) - cpu) / looks;
  const wrote = (await world.kube.requests()).filter(isWrite).length - writes;
  const moved = (await osdEpoch(world)) - epoch;
  // Another can lead only when this one is gone.
  await second.stop();
  const { started, settled } = await wholePasses(world);

  const cli = await timed(async () => {
    await world.ceph.ceph(['osd', 'dump', '--format=json']);
    for (const user of users) await world.ceph.ceph(['auth', 'get', `client.${user}`, '--format=json']);
  });
  const [operator, ...brokers] = usage;
  return [
    { what: '20 pools and 100 users: kubectl apply alone', value: seconds(applied) },
    { what: '20 pools and 100 users: from nothing to Ready', value: seconds(made), goal: 'at most 6 s' },
    { what: 'settled pass over all 120, wall', value: seconds(settled), goal: 'at most 0.3 s' },
    { what: 'the first pass over all 120 after a restart, wall, with connecting to Ceph', value: seconds(started) },
    { what: 'settled pass over all 120, CPU of operator and broker', value: seconds(cpuPerLook) },
    {
      what: 'settled pass over all 120, time that workers were busy (they overlap)',
      value: seconds((busy / looks) * 1000),
    },
    { what: `settled, ${looks.toFixed(1)} looks: writes to Kubernetes`, value: String(wrote), goal: '0' },
    { what: `settled, ${looks.toFixed(1)} looks: OSD map epochs`, value: String(moved), goal: '0' },
    { what: 'the same reads by the ceph CLI, one after the other', value: seconds(cli.ms) },
    { what: 'memory of the operator', value: `${operator?.residentMiB.toFixed(0)} MiB` },
    { what: 'memory of the broker', value: `${brokers[0]?.residentMiB.toFixed(0)} MiB` },
  ];
}

/**
 * How long one pass over every object takes: `started` from the moment an operator leads, with the Ceph client still to be
 * started; `settled` in an operator at work, when all wake at once since the connection Secret's metadata changed, from
 * the request for that on (the median of seven).
 */
async function wholePasses(world: World): Promise<{ started: number; settled: number }> {
  const operator = await world.startOperator({ LOG_LEVEL: 'info', CEPH_LOOK_SECONDS: '3600' });
  const { promise: leads, resolve } = Promise.withResolvers<number>();
  operator.onLine((line) => {
    if (line.includes('This replica leads')) resolve(performance.now());
  });
  const begin = await leads;
  await passes(operator.metricsUrl, objects.length);
  const started = performance.now() - begin;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(world.kube.kubeconfig);
  const transport = createTransport(kubeConfig);
  const client = createClient(transport);
  const secret = { namespace: world.namespace, name: 'ceph-main' };
  const settled: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    // Longer than a shared answer of Ceph serves.
    await sleep(3_000);
    const from = await count(operator.metricsUrl, 'controller_runtime_reconcile_total');
    const change = performance.now();
    await client.mergePatch(secretKind, secret, { metadata: { annotations: { bench: String(round) } } });
    await passes(operator.metricsUrl, from + objects.length);
    // The first call of a client connects.
    if (round > 0) settled.push(performance.now() - change);
  }
  await transport.close();
  await operator.stop();
  return { started, settled: settled.sort((a, b) => a - b)[Math.floor(settled.length / 2)] ?? Number.NaN };
}

function isWrite({ verb, uri }: { verb: string; uri: string }): boolean {
  return ['create', 'update', 'patch', 'delete'].includes(verb) && !uri.includes('/leases') && !uri.includes('/token');
}

async function allReady(world: World): Promise<void> {
  const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  for (const until = performance.now() + 180_000; ; await sleep(100)) {
    const states = await world.kubectl(['get', 'rbdpools,cephclientauths', '-o', `jsonpath=${ready}`]);
    if (states.split('\n').filter((state) => state === 'True').length >= objects.length) return;
    if (performance.now() > until) throw new Error('Not all pools and users were Ready within three minutes.');
  }
}

async function working(url: string): Promise<void> {
  for (;;) {
    const leads = await count(url, 'leader_election_master_status').catch(() => 0);
    if (leads === 1) return;
    await sleep(50);
  }
}

async function passes(url: string, wanted: number): Promise<void> {
  for (const until = performance.now() + 120_000; performance.now() < until; await sleep(10)) {
    if ((await count(url, 'controller_runtime_reconcile_total').catch(() => 0)) >= wanted) return;
  }
  throw new Error('The operator did not pass over all objects within two minutes.');
}

/** The sum over all series of a metric. */
async function count(url: string, name: string): Promise<number> {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

async function osdEpoch(world: World): Promise<number> {
  return JSON.parse(await world.ceph.ceph(['osd', 'dump', '--format=json'])).epoch;
}
