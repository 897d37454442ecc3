import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import type { Resource } from '../api/resource.ts';
import { createStore } from './cache.ts';
import type { Client } from './client.ts';
import { keyOf, poolKind } from './kinds.ts';
import { createStatusWriter } from './status-writer.ts';

/** An object, a writer that says "ours" of it, and somebody who writes over that; the clock is set by hand. */
function quarrelling() {
  const store = createStore();
  const clock = { ms: 0 };
  const metadata = { namespace: 'ns', name: 'x', uid: 'u', creationTimestamp: '', resourceVersion: '1', generation: 1 };
  let object = { apiVersion: '', kind: 'RbdPool', metadata, spec: {} } as Resource;
  const put = (change: object, generation = object.metadata.generation): Resource => {
    const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    object = { ...object, ...change, metadata: { ...object.metadata, generation, resourceVersion } };
    store.put(object);
    return object;
  };
  put({});
  const client = { applyStatus: async (_: unknown, { status }: { status: object }) => put({ status }) };
  const writer = createStatusWriter(poolKind, client as unknown as Client, store, () => clock.ms);
  return {
    clock,
    writer,
    /** Whether it is answered, when somebody writes over it. */
    async overwritten(by: string): Promise<boolean> {
      put({ status: { poolID: by } });
      return writer.write(store.get(keyOf(object)) as RbdPool, { poolID: 'ours' });
    },
    say: (what: string) => writer.write(store.get(keyOf(object)) as RbdPool, { poolID: what }),
    edit: () => void put({}, object.metadata.generation + 1),
  };
}

test('write() answers who keeps writing over a status three times at once, then once a minute', async () => {
  const { say, overwritten, clock } = quarrelling();
  assert.equal(await say('ours'), true);
  for (const _ of [1, 2, 3]) assert.equal(await overwritten('theirs'), true);
  for (const _ of [1, 2, 3]) assert.equal(await overwritten('theirs'), false);
  clock.ms += 60_000;
  assert.equal(await overwritten('theirs'), true);
  assert.equal(await overwritten('theirs'), false);
});

test('write() says our own news at once, after a quarrel too', async () => {
  const { say, overwritten, clock, edit } = quarrelling();
  await say('ours');
  for (const _ of [1, 2, 3, 4]) await overwritten('theirs');
  edit();
  assert.equal(await say('ours'), true, 'a change of the spec is answered');
  for (const _ of [1, 2, 3, 4]) await overwritten('theirs');
  clock.ms += 60_000;
  assert.equal(await say('ours'), true);
  for (const news of ['new', 'newer', 'newest']) assert.equal(await say(news), true);
  assert.equal(await say('newest'), false);
});
