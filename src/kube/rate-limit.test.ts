import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRateLimit, createSlots } from './rate-limit.ts';

test('createRateLimit() lets a burst pass and then makes wait, until aborted', async () => {
  const limit = createRateLimit({ perSecond: 0.001, burst: 3 });
  for (let call = 0; call < 3; call++) await limit.take();
  await assert.rejects(limit.take(AbortSignal.timeout(10)), { name: 'AbortError' });
});

test('createSlots() never lets more go on at once, and lets all that are not aborted go on', async () => {
  const work = fc.record({ turns: fc.nat(5), fails: fc.boolean(), aborted: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (works, count) => {
      const inSlot = createSlots(count);
      let active = 0;
      const run = async ({ turns, fails, aborted }: (typeof works)[number]) => {
        const stop = new AbortController();
        const result = inSlot(async () => {
          active += 1;
          assert.ok(active <= count);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          active -= 1;
          if (fails) throw new Error('failed');
          return 'done';
        }, stop.signal);
        if (aborted) stop.abort(new Error('aborted'));
        return result.catch((error: Error) => error.message);
      };
      const results = await Promise.all(works.map(run));
      for (const [index, { fails, aborted }] of works.entries()) {
        const expected = [fails ? 'failed' : 'done', ...(aborted ? ['aborted'] : [])];
        assert.ok(expected.includes(String(results[index])));
      }
      // Every slot is free again.
      const last = Array.from({ length: count }, () => inSlot(async () => 'free', AbortSignal.abort()));
      assert.deepEqual(await Promise.all(last), Array(count).fill('free'));
    }),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 1_000) },
  );
});
