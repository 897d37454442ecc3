import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGate } from './gate.ts';

const never = new AbortController().signal;

test('a gate lets so many through, and the others in the order in which they came', async () => {
  const gate = createGate(2);
  const entered: number[] = [];
  const enter = async (id: number) => {
    const place = await gate.enter(never);
    entered.push(id);
    return place;
  };
  const places = [enter(1), enter(2), enter(3), enter(4)];
  const [first, second] = await Promise.all(places.slice(0, 2));
  assert.deepEqual(entered, [1, 2]);
  second?.[Symbol.dispose]();
  await places[2];
  first?.[Symbol.dispose]();
  await places[3];
  assert.deepEqual(entered, [1, 2, 3, 4]);
});

test('a place given back twice counts once', async () => {
  const gate = createGate(1);
  const place = await gate.enter(never);
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  await gate.enter(never);
  await assert.rejects(gate.enter(AbortSignal.timeout(1)), { name: 'TimeoutError' });
});

test('one who gives up leaves the queue', async () => {
  const gate = createGate(1);
  const place = await gate.enter(never);
  const controller = new AbortController();
  const hasty = gate.enter(controller.signal);
  const patient = gate.enter(never);
  controller.abort(new Error('no time'));
  await assert.rejects(hasty, /no time/);
  place[Symbol.dispose]();
  await patient;
});

test('one who has given up before takes no place', async () => {
  const gate = createGate(1);
  await assert.rejects(gate.enter(AbortSignal.abort(new Error('no time'))), /no time/);
  await gate.enter(AbortSignal.timeout(1_000));
});

test('a gate never lets more through at once, and lets all through that are not aborted', async () => {
  const work = fc.record({ turns: fc.nat(5), fails: fc.boolean(), aborted: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (works, count) => {
      const gate = createGate(count);
      let active = 0;
      const pass = async ({ turns, fails }: (typeof works)[number], signal: AbortSignal) => {
        using _place = await gate.enter(signal);
        active += 1;
        assert.ok(active <= count);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        active -= 1;
        if (fails) throw new Error('failed');
        return 'done';
      };
      const run = (one: (typeof works)[number]) => {
        const stop = new AbortController();
        const result = pass(one, stop.signal);
        if (one.aborted) stop.abort(new Error('aborted'));
        return result.catch((error: Error) => error.message);
      };
      const results = await Promise.all(works.map(run));
      for (const [index, { fails, aborted }] of works.entries()) {
        const expected = [fails ? 'failed' : 'done', ...(aborted ? ['aborted'] : [])];
        assert.ok(expected.includes(String(results[index])));
      }
      // Every place is free again.
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: count }, () => gate.enter(signal)));
    }),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 1_000) },
  );
});
