import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { type Node, startNode } from '../../lab/node.ts';
import { type Image, operatorImage } from '../../lab/operator-image.ts';
import { installOperator } from '../../lab/operator-release.ts';
import { run } from '../../lab/process.ts';
import { operatorName, quickstartHosts, startWorld, type World } from '../../lab/world.ts';
import { pool } from '../api-objects.ts';
import { pools, users } from '../e2e/seen-ceph.ts';
import { keepLibvirtUp, keyOn, traceOf, unitOn } from '../e2e/seen-host.ts';
import { allReady, applyQuickstart, refusedRequests } from '../e2e/story.ts';
import { ready } from '../e2e/waiting.ts';

/* The operator as people run it: its image in Pods of a node, installed, upgraded, rolled back and uninstalled by helm. */

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

const units = {
  'glance-api': 'ctl1',
  'cinder-volume': 'ctl1',
  'cinder-backup': 'ctl1',
  'nova-compute': 'cmp1',
} as const;
const keyring = '/etc/ceph/ceph.client.cinder.keyring';
const program = '/opt/ceph-openstack-operator';
const replicas = 2;

let image: Image;
let world: World;
let node: Node;
before(async () => {
  [image, world] = await Promise.all([operatorImage(), startWorld({ hosts: quickstartHosts, forPods: true })]);
  node = await startNode({ kube: world.kube, network: world.network, images: [image.archive] });
  await keepLibvirtUp(world.host('cmp1'));
});
after(async () => {
  await node?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

const inOperatorNamespace = (...args: readonly string[]) => world.kube.kubectl(['--namespace', operatorName, ...args]);

const helm = (...args: readonly string[]) => world.kube.helm([...args, `--namespace=${operatorName}`]);

const install = (verb: 'install' | 'upgrade' = 'install', ...values: readonly string[]) =>
  installOperator(world, image, {
    verb,
    values: [`replicas=${replicas},look.cephSeconds=5,look.hostSeconds=10`, ...values],
  });

async function pods(): Promise<readonly Pod[]> {
  const found: Pod[] = JSON.parse(await inOperatorNamespace('get', 'pods', '-o', 'json')).items;
  return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function settledPods(): Promise<readonly string[]> {
  return eventually(async () => {
    const found = await pods();
    assert.equal(found.length, replicas);
    for (const { status } of found) {
      assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      assert.equal(status.containerStatuses?.[0]?.restartCount, 0);
    }
    return found.map(({ metadata }) => metadata.name);
  });
}

async function leader(): Promise<string> {
  const holder = await inOperatorNamespace('get', 'lease', operatorName, '-o', 'jsonpath={.spec.holderIdentity}');
  assert.notEqual(holder, '');
  return holder.replace(/_[^_]*$/, '');
}

/** All that the operator could change on hosts, and the pools. */
async function trace(): Promise<readonly string[]> {
  const hosts = await Promise.all([...world.hosts.values()].map(traceOf));
  return [...hosts.flat(), ...(await pools(world.ceph)).keys()];
}

/** Which run of each service there is. */
async function runs(): Promise<Readonly<Record<string, string>>> {
  const found = Object.entries(units).map(async ([unit, host]) => {
    const { invocation } = await unitOn(world.host(host), `${unit}.service`);
    return [unit, invocation] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

const inPod = (pod: string, ...command: readonly string[]) => inOperatorNamespace('exec', pod, '--', ...command);

test('make image says what is missing, where nothing can build one', async () => {
  const made = run('make', ['image', 'BUILDER=no-such-builder'], { cwd: projectRoot });
  await assert.rejects(made, /none of no-such-builder works here\. Install one/);
});

test('helm install brings two Pods up where only the restricted profile is let in', async () => {
  await install();
  const [pod = ''] = await settledPods();
  const status = await inPod(pod, 'cat', '/proc/1/status');
  assert.match(status, /^Uid:\s+65532\s/m);
  assert.match(status, /^CapEff:\s+0+$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match(status, /^Seccomp:\s+2$/m);
  await assert.rejects(inPod(pod, 'touch', `${program}/x`), /Read-only file system/);
});

test('helm test finds the operator ready by the name of its Service', async () => {
  await node.publishServices();
  assert.match(await helm('test', operatorName, '--timeout=60s'), /Phase: +Succeeded/);
});

test('the image holds the program on its PATH, and lists of what it is made of', async () => {
  const [pod = ''] = await settledPods();
  const caps = await inPod(pod, 'ceph-openstack-operator', 'caps');
  assert.equal(caps, await run(process.execPath, [join(projectRoot, 'src/main.ts'), 'caps']));
  const { version, dependencies } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
  assert.equal((await inPod(pod, 'ceph-openstack-operator', '--version')).trim(), version);
  assert.match(await inPod(pod, 'ceph-openstack-operator', '--help'), /^Usage: ceph-openstack-operator /);
  const parts = async (list: string) => {
    const { components } = JSON.parse(await inPod(pod, 'cat', `${program}/sbom/${list}.cdx.json`));
    return new Map<string, string>(components.map((one: { name: string; version: string }) => [one.name, one.version]));
  };
  const npm = await parts('npm');
  for (const [name, version] of Object.entries(dependencies)) assert.equal(npm.get(name), version, name);
  assert.equal(npm.has('typescript'), false);
  assert.match((await parts('debian')).get('librbd1') ?? '', /^20\.2\./);
});

test('the quickstart becomes Ready from a Pod', async () => {
  await applyQuickstart(world);
  await allReady(world);
  const found = await users(world.ceph);
  for (const [host, name] of [
    ['ctl1', 'glance'],
    ['cmp1', 'cinder'],
  ] as const) {
    const key = await keyOn(world.host(host), `/etc/ceph/ceph.client.${name}.keyring`);
    assert.equal(key?.reveal(), found.get(`client.${name}`)?.key.reveal());
  }
});

test('another Pod goes on, when the leader is deleted', async () => {
  const former = await leader();
  await inOperatorNamespace('delete', 'pod', former, '--wait=false');
  await world.apply(pool({}, 'extra'));
  await ready(world, 'rbdpool', 'extra', { timeoutMs: 20_000 });
  assert.ok((await pools(world.ceph)).has('extra'));
  // The one that stood by, or the one in the place of the deleted, which may be quicker.
  assert.notEqual(await leader(), former);
  await settledPods();
});

test('helm upgrade and rollback change Pods, and nothing in the world', async () => {
  const before = await trace();
  const former = await settledPods();
  await install('upgrade', 'log.level=debug');
  for (const name of await settledPods()) {
    assert.equal(former.includes(name), false);
    assert.match(await inPod(name, 'cat', '/proc/1/environ'), /LOG_LEVEL=debug/);
  }
  await helm('rollback', operatorName, '1', '--wait', '--timeout=90s');
  for (const name of await settledPods()) assert.match(await inPod(name, 'cat', '/proc/1/environ'), /LOG_LEVEL=info/);
  await world.apply(pool({ quota: { maxObjects: 1000 } }, 'extra'));
  await ready(world, 'rbdpool', 'extra');
  assert.deepEqual(await trace(), before);
});

test('the operator asked for nothing that the chart does not allow', async () => {
  assert.deepEqual(await refusedRequests(world), []);
});

test('helm uninstall takes the Pods and leaves the rest, which a new install goes on with', async () => {
  const before = await runs();
  await helm('uninstall', operatorName, '--wait', '--timeout=90s');
  await eventually(async () => assert.deepEqual(await pods(), []));
  assert.match(await world.kubectl(['get', 'cephopenstack', '-o', 'name']), /cephopenstackbinding\S*\/cloud\n/);
  const host = world.host('cmp1');
  await host.run(`rm ${keyring}`);
  await install();
  await eventually(async () => assert.ok(await keyOn(host, keyring), 'the keyring is not back'));
  await allReady(world);
  assert.deepEqual(await runs(), before);
});
