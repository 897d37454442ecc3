import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { createQueue, type Queue } from './queue.ts';

/** Runs with a clock that only moves when told to. */
async function withClock(check: (queue: Queue, pass: (ms: number) => Promise<void>) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const queue = createQueue({ name: 'test', backoffMs: 100, longestBackoffMs: 1_000 });
  try {
    await check(queue, async (ms) => {
      mock.timers.tick(ms);
      await settle();
    });
  } finally {
    queue.close();
    mock.timers.reset();
  }
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** Takes every key that is ready. */
async function takeAll(queue: Queue, workers: number): Promise<{ keys: string[] }> {
  const taken = { keys: [] as string[] };
  for (let worker = 0; worker < workers; worker++) {
    queue.take().then((key) => {
      if (key !== undefined) taken.keys.push(key);
    });
  }
  await settle();
  return taken;
}

test('add() keeps a key once, however often it is added while it waits', () =>
  withClock(async (queue) => {
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    assert.deepEqual((await takeAll(queue, 5)).keys, ['a', 'b']);
  }));

test('add() gives a key out once more after done(), when it was added while it was worked on', () =>
  withClock(async (queue) => {
    queue.add('a');
    const taken = await takeAll(queue, 3);
    queue.add('a');
    queue.add('a');
    await settle();
    assert.deepEqual(taken.keys, ['a']);
    queue.done('a');
    await settle();
    assert.deepEqual(taken.keys, ['a', 'a']);
    queue.done('a');
    await settle();
    assert.deepEqual(taken.keys, ['a', 'a']);
  }));

test('addAfter() gives the key out when the time has come, at the earliest of several', () =>
  withClock(async (queue, pass) => {
    const taken = await takeAll(queue, 3);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 300);
    queue.addAfter('a', 600);
    await pass(299);
    assert.deepEqual(taken.keys, []);
    await pass(1);
    assert.deepEqual(taken.keys, ['a']);
    queue.done('a');
    await pass(10_000);
    assert.deepEqual(taken.keys, ['a']);
  }));

test('taking a key cancels the look that was planned for later', () =>
  withClock(async (queue, pass) => {
    const taken = await takeAll(queue, 3);
    queue.addAfter('a', 500);
    queue.add('a');
    await settle();
    queue.done('a');
    await pass(1_000);
    assert.deepEqual(taken.keys, ['a']);
  }));

test('addRateLimited() waits twice as long after each failure up to a limit, until forget()', () =>
  withClock(async (queue, pass) => {
    const taken = await takeAll(queue, 20);
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      queue.addRateLimited('a');
      let waited = 0;
      for (const before = taken.keys.length; taken.keys.length === before; waited += 50) await pass(50);
      waits.push(waited);
      queue.done('a');
    }
    assert.deepEqual(waits, [100, 200, 400, 800, 1_000, 1_000]);
    assert.equal(queue.failures('a'), 6);
    queue.forget('a');
    assert.equal(queue.failures('a'), 0);
    queue.addRateLimited('a');
    await pass(100);
    assert.equal(taken.keys.length, 7);
  }));

test('addRateLimited() spreads the failures of many keys beyond a burst of a hundred', () =>
  withClock(async (queue, pass) => {
    const taken = await takeAll(queue, 200);
    for (let key = 0; key < 150; key++) queue.addRateLimited(String(key));
    await pass(100);
    assert.equal(taken.keys.length, 101);
    await pass(1_000);
    assert.equal(taken.keys.length, 111);
    await pass(4_000);
    assert.equal(taken.keys.length, 150);
  }));

test('close() sends all workers home and gives out nothing more', () =>
  withClock(async (queue, pass) => {
    const waiting = [queue.take(), queue.take()];
    queue.addAfter('a', 10);
    queue.close();
    assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
    queue.add('b');
    await pass(1_000);
    assert.equal(await queue.take(), undefined);
  }));

type Move =
  | { readonly do: 'add' | 'addRateLimited' | 'forget'; readonly key: string }
  | { readonly do: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly do: 'take' }
  | { readonly do: 'done'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c');
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constantFrom('add', 'addRateLimited', 'forget'), key }),
  fc.record({ do: fc.constant('addAfter'), key, ms: fc.integer({ min: 0, max: 2_000 }) }),
  fc.record({ do: fc.constant('take') }),
  fc.record({ do: fc.constant('done'), which: fc.nat(5) }),
  fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 1_500 }) }),
);

test('no key is ever with two workers, and every added key is taken after the last add, whatever is done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 60 }), (moves) =>
      withClock(async (queue, pass) => {
        const working: string[] = [];
        const owed = new Set<string>();
        const hand = () =>
          queue.take().then((taken) => {
            if (taken === undefined) return;
            assert.equal(working.includes(taken), false, `${taken} is with two workers`);
            working.push(taken);
            owed.delete(taken);
          });
        for (const step of moves) {
          if (step.do === 'take') hand();
          else if (step.do === 'wait') await pass(step.ms);
          else if (step.do === 'done') {
            const [key] = working.splice(step.which % Math.max(1, working.length), 1);
            if (key !== undefined) queue.done(key);
          } else if (step.do === 'forget') queue.forget(step.key);
          else {
            if (step.do === 'addAfter') queue.addAfter(step.key, step.ms);
            else queue[step.do](step.key);
            owed.add(step.key);
          }
          await settle();
        }
        // In the end all work is put down, and workers come until nothing is owed.
        for (let round = 0; round < 10; round++) {
          for (const key of working.splice(0)) queue.done(key);
          for (let worker = 0; worker < 3; worker++) hand();
          await pass(2_000);
        }
        assert.deepEqual([...owed], []);
      }),
    ),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 1_000) },
  );
});
