import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Invalid } from '../errors.ts';
import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import type { KubeObject, SecretObject } from '../kube/kinds.ts';
import { Secret } from '../secret.ts';
import { policyIn, secretReader } from './secrets.ts';

test('policyIn() takes no policy for the strict one', () => {
  const policy = policyIn({}, 'ceph-main');
  assert.equal(policy.delete, false);
  assert.equal(policy.takeOver, false);
});

for (const text of ['', '  \n', '# nothing yet\n']) {
  test(`policyIn() takes a policy that says nothing for the strict one: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(policyIn({ policy: new Secret(text) }, 'ceph-main'), policyIn({}, 'ceph-main'));
  });
}

test('policyIn() reads YAML', () => {
  assert.equal(policyIn({ policy: new Secret('delete: true\npools: [images]\n') }, 'ceph-main').delete, true);
});

for (const [what, policy] of [
  ['no YAML', 'a: [b'],
  ['an unknown key', 'rootPlease: true'],
  ['a wrong type', 'delete: perhaps'],
  ['no mapping', 'all'],
  ['several documents', 'delete: true\n---\ndelete: false\n'],
] as const) {
  test(`policyIn() names the Secret when its policy is ${what}`, () => {
    assert.throws(
      () => policyIn({ policy: new Secret(policy) }, 'ceph-main'),
      (error) => error instanceof Invalid && /Secret "ceph-main": [^\n]+\.$/.test(error.message),
    );
  });
}

/** An API server with one Secret, and a watch that may lag behind it. */
function kubernetes() {
  let reads = 0;
  let now = 0;
  const world: { stored: SecretObject | undefined; seen: SecretObject | undefined } = {
    stored: undefined,
    seen: undefined,
  };
  const client: Pick<Client, 'get'> = {
    async get<T extends KubeObject>() {
      reads += 1;
      return world.stored as KubeObject | undefined as T | undefined;
    },
  };
  const cache: Pick<Cache, 'get'> = {
    get: <T extends KubeObject>() => world.seen as KubeObject | undefined as T | undefined,
  };
  const reader = secretReader(client, cache, () => now);
  return {
    world,
    reader,
    pass: (ms: number) => {
      now += ms;
    },
    reads: () => reads,
    read: async () => (await reader.readSecret('ns', 's', new AbortController().signal))?.key?.reveal(),
  };
}

function secretAt(resourceVersion: string, key: string): SecretObject {
  const metadata = { name: 's', namespace: 'ns', uid: 'u', resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: { key: Buffer.from(key).toString('base64') } };
}

test('secretReader() asks once for a Secret that does not change, and again when it did', async () => {
  const { world, read, reads } = kubernetes();
  world.stored = world.seen = secretAt('1', 'a');
  assert.deepEqual([await read(), await read(), await read()], ['a', 'a', 'a']);
  assert.equal(reads(), 1);
  world.stored = world.seen = secretAt('2', 'b');
  assert.equal(await read(), 'b');
  assert.equal(reads(), 2);
});

test('secretReader() asks once for all who want a Secret at the same time', async () => {
  const { world, read, reads } = kubernetes();
  world.stored = world.seen = secretAt('1', 'a');
  assert.deepEqual(await Promise.all([read(), read(), read()]), ['a', 'a', 'a']);
  assert.equal(reads(), 1);
});

test('secretReader() believes a write of ours before the watch has shown it, and not for long', async () => {
  const { world, reader, read, reads, pass } = kubernetes();
  world.stored = secretAt('5', 'ours');
  reader.wrote(world.stored);
  assert.equal(await read(), 'ours');
  assert.equal(reads(), 0);
  world.stored = undefined;
  pass(3_000);
  assert.equal(await read(), undefined);
});

test('secretReader() keeps nothing of a Secret that is gone', async () => {
  const { world, reader, read, reads } = kubernetes();
  world.stored = world.seen = secretAt('1', 'a');
  await read();
  reader.gone({ namespace: 'ns', name: 's' });
  assert.equal(await read(), 'a');
  assert.equal(reads(), 2);
});

test('secretReader() keeps nothing that the watch does not show, and so would not show as gone', async () => {
  const { world, read, reads } = kubernetes();
  world.stored = secretAt('1', 'a');
  assert.deepEqual([await read(), await read()], ['a', 'a']);
  assert.equal(reads(), 2);
});

test('readWhole() gives the owners and the contents, in which nobody sees a key', async () => {
  const { world, reader } = kubernetes();
  const secret = secretAt('1', 'a');
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"stringData":{"key":"a"}}' };
  const owner = { apiVersion: 'cephopenstack.io/v1alpha1', kind: 'CephClientAuth', name: 'c', uid: 'u' };
  const metadata = { ...secret.metadata, annotations, ownerReferences: [owner] };
  world.stored = world.seen = { ...secret, metadata };
  const found = await reader.readWhole({ namespace: 'ns', name: 's' }, new AbortController().signal);
  assert.equal(
    JSON.stringify(found),
    JSON.stringify({ resourceVersion: '1', ownerReferences: [owner], data: { key: '***' } }),
  );
});

test('secretReader() sees at once that a Secret is gone', async () => {
  const { world, read } = kubernetes();
  world.stored = world.seen = secretAt('1', 'a');
  await read();
  world.stored = world.seen = undefined;
  assert.equal(await read(), undefined);
});
