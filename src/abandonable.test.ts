import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abandonable } from './abandonable.ts';

const { promise: never } = Promise.withResolvers<never>();

test('abandonable() gives the result of work that ends, whichever it is', async () => {
  const { signal } = new AbortController();
  assert.equal(await abandonable(Promise.resolve('done'), signal), 'done');
  await assert.rejects(abandonable(Promise.reject(new Error('failed')), signal), /failed/);
});

test('abandonable() gives the result of work that ends within the grace after the signal', async () => {
  const work = new Promise((resolve) => setTimeout(resolve, 20, 'done'));
  assert.equal(await abandonable(work, AbortSignal.timeout(5), 10_000), 'done');
});

test('abandonable() gives up work that ignores its signal', async () => {
  await assert.rejects(abandonable(never, AbortSignal.timeout(5), 5), { name: 'TimeoutError' });
  await assert.rejects(abandonable(never, AbortSignal.abort(new Error('over')), 5), /over/);
});

test('abandonable() gives up at once, when there is no grace', async () => {
  const stop = new AbortController();
  const answer = abandonable(never, stop.signal);
  stop.abort(new Error('over'));
  await assert.rejects(answer, /over/);
  await assert.rejects(abandonable(Promise.resolve('done'), stop.signal), /over/);
});

test('abandonable() leaves no failure unhandled, when work fails that was given up', async () => {
  const { promise: work, reject } = Promise.withResolvers<never>();
  await assert.rejects(abandonable(work, AbortSignal.abort(new Error('over'))), /over/);
  reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});
