import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { Invalid } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import { createPoolCounts } from '../pool-counts.ts';
import { childMetadata } from './children.ts';
import type { BindingKube } from './kube.ts';
import { observe } from './observe.ts';
import { revisionName } from './revisions.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const spec = specWith({ ctl1: ['GlanceApi'], cmp1: ['NovaCompute'] });

function bindingAt(created: string, name: string, namespace = 'openstack', said = spec): CephOpenStackBinding {
  const { binding } = new World(said);
  return {
    ...binding,
    metadata: { ...binding.metadata, name, namespace, uid: `${namespace}/${name}`, creationTimestamp: created },
  };
}

function kubeWith(bindings: readonly CephOpenStackBinding[]): BindingKube {
  const none = () => [];
  const never = () => assert.fail('observing never writes');
  return {
    bindings: () => bindings,
    pools: none,
    clients: none,
    hosts: none,
    revisions: none,
    refused: () => new Map(),
    apply: never,
    createRevision: never,
    delete: never,
  };
}

const signal = new AbortController().signal;
const noSecrets = { readSecret: async () => undefined };
const openStack = { view: async () => undefined };
const counts = createPoolCounts();

test('observe() gives a host to the older of two bindings, and of two as old to the first by name', async () => {
  const old = bindingAt('2026-01-01T00:00:00Z', 'zebra');
  const twin = bindingAt('2026-01-01T00:00:00Z', 'zebra', 'other');
  const young = bindingAt('2026-01-02T00:00:00Z', 'ant');
  const kube = kubeWith([young, twin, old]);
  const claims = async (binding: CephOpenStackBinding) =>
    Object.fromEntries(
      (await observe(binding, { kube, openStack, counts, secrets: noSecrets }, signal)).claimedByOthers,
    );
  assert.deepEqual(await claims(twin), { ctl1: 'openstack/zebra', cmp1: 'openstack/zebra' });
  assert.deepEqual(await claims(young), { ctl1: 'openstack/zebra', cmp1: 'openstack/zebra' });
  assert.deepEqual(await claims(old), {});
});

test('observe() gives a host to the older binding, where only one of them writes its port', async () => {
  const at = (port: number | undefined, created: string, name: string) => {
    const hosts = spec.hosts.map((host) => ({ ...host, ...(port === undefined ? {} : { port }) }));
    return bindingAt(created, name, 'openstack', { ...spec, hosts });
  };
  const claimed = async (first: number | undefined, second: number | undefined) => {
    const young = at(second, '2026-01-02T00:00:00Z', 'ant');
    const kube = kubeWith([young, at(first, '2026-01-01T00:00:00Z', 'zebra')]);
    return (await observe(young, { kube, openStack, counts, secrets: noSecrets }, signal)).claimedByOthers.size;
  };
  assert.deepEqual([await claimed(undefined, 22), await claimed(22, undefined), await claimed(22, 22)], [2, 2, 2]);
  assert.equal(await claimed(22, 2222), 0);
});

test('observe() finds the pools that other bindings of the namespace use, too', async () => {
  const sharing = specWith(
    { ctl1: ['GlanceApi'] },
    { cinder: { backends: [{ name: 'ceph', poolRef: { name: 'shared' } }] } },
  );
  const first = bindingAt('2026-01-01T00:00:00Z', 'cloud', 'openstack', sharing);
  const second = bindingAt('2026-01-02T00:00:00Z', 'cloud2', 'openstack', sharing);
  const elsewhere = bindingAt('2026-01-02T00:00:00Z', 'cloud', 'other', sharing);
  const used = async (...bindings: readonly [CephOpenStackBinding, ...CephOpenStackBinding[]]) =>
    (
      await observe(bindings[0], { kube: kubeWith(bindings), openStack, counts, secrets: noSecrets }, signal)
    ).poolsOfOthers.has('shared');
  assert.equal(await used(first, second), true);
  assert.equal(await used(first, elsewhere), false);
  assert.equal(await used(first), false);
});

test('observe() tells revisions whose content somebody changed from those that are as they were made', async () => {
  const binding = bindingAt('2026-01-01T00:00:00Z', 'cloud');
  const data = { roles: [] };
  const revision = (name: string, content: unknown) => ({
    ...{ apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1, data: content },
    metadata: { ...childMetadata(binding, name), uid: name, resourceVersion: '1', creationTimestamp: '' },
  });
  const [sound, altered] = [revisionName(binding, data), revisionName(binding, { roles: [], more: 1 } as typeof data)];
  const kube = { ...kubeWith([binding]), revisions: () => [revision(sound, data), revision(altered, data)] };
  const seen = await observe(binding, { kube, openStack, counts, secrets: noSecrets }, signal);
  const names = [seen.revisions, seen.alteredRevisions].map((revisions) => revisions.map(({ name }) => name));
  assert.deepEqual(names, [[sound], [altered]]);
});

test('observe() reads the policy of the SSH Secret, and refuses one that it cannot read', async () => {
  const binding = bindingAt('2026-01-01T00:00:00Z', 'cloud');
  const kube = kubeWith([binding]);
  const withPolicy = (policy: string) => ({
    readSecret: async (_: string, name: string) => (name === 'fleet-ssh' ? { policy: new Secret(policy) } : undefined),
  });
  const { policy } = await observe(binding, { kube, openStack, counts, secrets: withPolicy('takeOver: true') }, signal);
  assert.equal(policy?.takeOver, true);
  await assert.rejects(observe(binding, { kube, openStack, counts, secrets: withPolicy('{') }, signal), Invalid);
  assert.equal((await observe(binding, { kube, openStack, counts, secrets: noSecrets }, signal)).policy, undefined);
});

test('observe() reads no Secret of a binding that is deleted: they may be gone', async () => {
  const binding = bindingAt('2026-01-01T00:00:00Z', 'cloud');
  const deleted = { ...binding, metadata: { ...binding.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
  const secrets = { readSecret: () => assert.fail('a Secret was read') };
  await observe(deleted, { kube: kubeWith([deleted]), openStack, counts, secrets }, signal);
});
