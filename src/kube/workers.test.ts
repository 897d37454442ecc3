import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from './cache.ts';
import { type KubeObject, poolKind } from './kinds.ts';
import { createQueue } from './queue.ts';
import type { Registered } from './registration.ts';
import { isWorthALook, wireQueue } from './workers.ts';

const object = (change: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'RbdPool',
  metadata: {
    name: 'x',
    namespace: 'a',
    uid: '1',
    resourceVersion: '1',
    creationTimestamp: '',
    generation: 1,
    ...change,
  },
});
const ours = 'cephopenstack.io/finalizer';

const changes: [string, KubeObject | undefined, KubeObject | undefined, boolean][] = [
  ['a new object', undefined, object(), true],
  ['an object that is gone', object(), undefined, true],
  ['another under the same name', object(), object({ uid: '2' }), true],
  ['a new generation', object(), object({ generation: 2 }), true],
  ['a deletion', object(), object({ deletionTimestamp: 'now' }), true],
  ['an annotation', object(), object({ annotations: { 'cephopenstack.io/abandon': 'true' } }), true],
  ['a label', object(), object({ labels: { a: 'b' } }), true],
  ['our finalizer taken away', object({ finalizers: [ours] }), object({ finalizers: [] }), true],
  ['our finalizer set', object(), object({ finalizers: [ours] }), false],
  ['a foreign finalizer set', object({ finalizers: [ours] }), object({ finalizers: [ours, 'b'] }), false],
  ['our own status', object(), object({ resourceVersion: '2' }), false],
];
for (const [what, before, after, expected] of changes) {
  test(`isWorthALook() is ${expected}, when it is ${what}`, () => {
    const change = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
    assert.equal(isWorthALook(change), expected);
  });
}

test('wireQueue() has news from beyond Kubernetes wake a key', async () => {
  const queue = createQueue({ name: 'toy' });
  const ways: ((key: string) => void)[] = [];
  const registration = { onNews: (wake: (key: string) => void) => ways.push(wake) };
  // Sound: nothing else of it is asked for.
  wireQueue({ kind: poolKind, registration } as unknown as Registered, () => createStore(), queue);
  ways.at(0)?.('a/x');
  assert.equal(await queue.take(), 'a/x');
  queue.close();
});
