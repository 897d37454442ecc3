import assert from 'node:assert/strict';
import { test } from 'node:test';
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
