import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedReads } from './shared-reads.ts';

/** Reads of which each gives the next number, when told to; and a clock that is set by hand. */
function world() {
  let now = 0;
  let begun = 0;
  const open: (() => void)[] = [];
  const shared = createSharedReads(() => now);
  return {
    shared,
    begun: () => begun,
    pass: (ms: number) => {
      now += ms;
    },
    answer: () => {
      for (const resolve of open.splice(0)) resolve();
    },
    read: (signal = new AbortController().signal) =>
      shared.read(
        'osd',
        'dump',
        () => {
          begun += 1;
          const number = begun;
          return new Promise<number>((resolve) => open.push(() => resolve(number)));
        },
        signal,
      ),
  };
}

test('a read under way serves all who ask meanwhile, however long it takes', async () => {
  const { read, answer, pass } = world();
  const first = read();
  pass(60_000);
  const second = read();
  answer();
  assert.deepEqual(await Promise.all([first, second]), [1, 1]);
});

test('an answer serves for a second and no longer', async () => {
  const { read, answer, pass, begun } = world();
  const first = read();
  answer();
  await first;
  pass(999);
  assert.equal(await read(), 1);
  pass(1);
  read();
  assert.equal(begun(), 2);
});

test('a read that began before a write serves nobody who comes after it', async () => {
  const { shared, read, answer } = world();
  const before = read();
  shared.expire('osd');
  const after = read();
  answer();
  assert.deepEqual(await Promise.all([before, after]), [1, 2]);
});

test('a write of another topic leaves an answer as it is', async () => {
  const { shared, read, begun } = world();
  read();
  shared.expire('auth');
  read();
  assert.equal(begun(), 1);
});

test('one who gives up fails alone', async () => {
  const { read, answer } = world();
  const patient = read();
  const hasty = read(AbortSignal.abort(new Error('no time')));
  await assert.rejects(hasty, /no time/);
  answer();
  assert.equal(await patient, 1);
});

test('a failure is not kept', async () => {
  const shared = createSharedReads(() => 0);
  const signal = new AbortController().signal;
  await assert.rejects(
    shared.read('osd', 'dump', () => Promise.reject(new Error('away')), signal),
    /away/,
  );
  assert.equal(await shared.read('osd', 'dump', () => Promise.resolve(7), signal), 7);
});
