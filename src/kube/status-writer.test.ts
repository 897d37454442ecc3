import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import type { Resource } from '../api/resource.ts';
import { createStore } from './cache.ts';
import type { Client } from './client.ts';
import { keyOf, poolKind } from './kinds.ts';
import { createStatusWriter, type Written } from './status-writer.ts';

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
  const write = (status: Readonly<Record<string, unknown>>) =>
    writer.write(store.get(keyOf(object)) as RbdPool, status);
  return {
    clock,
    put,
    write,
    /** Whether it is answered, when somebody writes over it. */
    async overwritten(by: string, ours = 'ours'): Promise<Written> {
      put({ status: { poolID: by } });
      return write({ poolID: ours });
    },
    say: (what: string) => write({ poolID: what }),
    edit: () => void put({}, object.metadata.generation + 1),
  };
}

test('write() answers who keeps writing over a status three times at once, then once a minute', async () => {
  const { say, overwritten, clock } = quarrelling();
  assert.equal(await say('ours'), 'written');
  for (const _ of [1, 2, 3]) assert.equal(await overwritten('theirs'), 'written');
  for (const _ of [1, 2, 3]) assert.deepEqual(await overwritten('theirs'), { afterMs: 60_000 });
  clock.ms += 45_000;
  assert.deepEqual(await overwritten('theirs'), { afterMs: 15_000 });
  clock.ms += 15_000;
  assert.equal(await overwritten('theirs'), 'written');
  assert.deepEqual(await overwritten('theirs'), { afterMs: 60_000 });
});

test('write() says our own news at once, after a quarrel too', async () => {
  const { say, overwritten, clock, edit } = quarrelling();
  await say('ours');
  for (const _ of [1, 2, 3, 4]) await overwritten('theirs');
  edit();
  assert.equal(await say('ours'), 'written', 'a change of the spec is answered');
  for (const _ of [1, 2, 3, 4]) await overwritten('theirs');
  clock.ms += 60_000;
  assert.equal(await say('ours'), 'written');
  for (const news of ['new', 'newer', 'newest']) assert.equal(await say(news), 'written');
  assert.equal(await say('newest'), 'nothing');
});

test('write() says our own news at once while the word of who keeps writing over it stands', async () => {
  const { say, overwritten, clock } = quarrelling();
  await say('ours');
  for (const _ of [1, 2, 3, 4]) await overwritten('theirs');
  clock.ms += 30_000;
  assert.deepEqual(await say('ours'), { afterMs: 30_000 });
  assert.equal(await say('news'), 'written');
  assert.deepEqual(await overwritten('theirs', 'news'), { afterMs: 60_000 });
  assert.equal(await overwritten('theirs', 'newer'), 'written');
});

test('write() says each of two words that take turns once a minute', async () => {
  const { say, overwritten } = quarrelling();
  await say('ours');
  for (const _ of [1, 2, 3]) await overwritten('theirs');
  const answers = [await overwritten('theirs', 'under way'), await overwritten('theirs', 'ours')];
  assert.deepEqual(answers, ['written', { afterMs: 60_000 }]);
  assert.deepEqual(await overwritten('theirs', 'under way'), { afterMs: 60_000 });
});

test('write() takes another time of a condition for no news', async () => {
  const { write, put } = quarrelling();
  const conditions = (lastTransitionTime: string) => [{ type: 'Ready', status: 'True', lastTransitionTime }];
  const answers: unknown[] = [];
  for (const [index] of [1, 2, 3, 4, 5].entries()) {
    answers.push(await write({ poolID: 'ours', conditions: conditions(`2026-01-01T00:00:0${index}Z`) }));
    put({ status: { poolID: 'theirs' } });
  }
  assert.deepEqual(answers, [...Array(4).fill('written'), { afterMs: 60_000 }]);
});
