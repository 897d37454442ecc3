import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from './cache.ts';
import type { KubeObject } from './kinds.ts';

const object = (name: string, resourceVersion: string, uid = name, namespace = 'a'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace, uid, resourceVersion, creationTimestamp: '' },
});

/** A store, and what it told: `+x1` new, `x1>x2` changed, `-x2` gone. */
function recorded() {
  const store = createStore();
  const told: string[] = [];
  const word = ({ metadata }: KubeObject) => metadata.name + metadata.resourceVersion;
  store.subscribe(({ before, after }) => {
    if (before === undefined && after !== undefined) told.push(`+${word(after)}`);
    else if (before !== undefined && after === undefined) told.push(`-${word(before)}`);
    else if (before !== undefined && after !== undefined) told.push(`${word(before)}>${word(after)}`);
  });
  return { store, told };
}

test('put() tells what is new and what changed, and nothing twice', () => {
  const { store, told } = recorded();
  for (const version of ['1', '1', '3', '3']) store.put(object('x', version));
  assert.deepEqual(told, ['+x1', 'x1>x3']);
});

test('put() leaves what is newer alone, by number and not by letters', () => {
  const { store, told } = recorded();
  store.put(object('x', '10'));
  store.put(object('x', '9'));
  assert.equal(store.get('a/x')?.metadata.resourceVersion, '10');
  assert.deepEqual(told, ['+x10']);
});

test('note() changes what is there, and brings back nothing that is gone or was replaced', () => {
  const { store, told } = recorded();
  store.note(object('x', '1'));
  store.put(object('x', '2'));
  store.note(object('x', '3'));
  store.note(object('x', '4', 'another'));
  store.remove(object('x', '5'));
  store.note(object('x', '4'));
  assert.deepEqual(told, ['+x2', 'x2>x3', '-x3']);
  assert.equal(store.get('a/x'), undefined);
});

test('remove() does not take away the successor of the object that it names', () => {
  const { store } = recorded();
  store.put(object('x', '7', 'second'));
  store.remove(object('x', '5', 'first'));
  assert.equal(store.get('a/x')?.metadata.uid, 'second');
});

test('replace() tells of deletions that no watch saw, in its namespace only', () => {
  const { store, told } = recorded();
  store.put(object('x', '1'));
  store.put(object('y', '2'));
  store.put(object('z', '3', 'z', 'b'));
  told.length = 0;
  store.replace('a', [object('y', '5'), object('w', '6')]);
  assert.deepEqual(told, ['-x1', 'y2>y5', '+w6']);
  assert.deepEqual(
    store.list('a').map(({ metadata }) => metadata.name),
    ['y', 'w'],
  );
  assert.equal(store.list().length, 3);
  store.replace(undefined, []);
  assert.deepEqual(store.list(), []);
});

test('replace() believes the list even when its versions are older: the server may have been restored', () => {
  const { store } = recorded();
  store.put(object('x', '100'));
  store.replace(undefined, [object('x', '50')]);
  assert.equal(store.get('a/x')?.metadata.resourceVersion, '50');
});

test('put() keeps neither the record of fields nor what kubectl applied, which may be a secret', () => {
  const { store } = recorded();
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"key":"c2VjcmV0"}}', a: 'b' };
  const { metadata, ...rest } = object('x', '1');
  store.put({ ...rest, metadata: { ...metadata, annotations, managedFields: [{}] } as KubeObject['metadata'] });
  assert.deepEqual(store.get('a/x')?.metadata, { ...metadata, annotations: { a: 'b' } });
});
