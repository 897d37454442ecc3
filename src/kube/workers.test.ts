import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from './deadline.ts';
import type { KubeObject } from './kinds.ts';
import { isWorthALook } from './workers.ts';

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

test('within() gives the result of work that ends, also when it ends after the signal', async () => {
  const signal = AbortSignal.timeout(5);
  const work = new Promise((resolve) => setTimeout(resolve, 20, 'done'));
  assert.equal(await within(work, signal, 10_000), 'done');
});

test('within() gives up work that ignores its signal', async () => {
  const { promise: never } = Promise.withResolvers<never>();
  await assert.rejects(within(never, AbortSignal.timeout(5), 5), { name: 'TimeoutError' });
  await assert.rejects(within(never, AbortSignal.abort(new Error('over')), 5), /over/);
});
