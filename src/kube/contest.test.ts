import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContest } from './contest.ts';

const hour = 3_600_000;
const size = 'Set size of pool "x" to 3.';
const rule = 'Set the rule of pool "x".';

test('contested() names a repair that was made three times', () => {
  const contest = createContest();
  for (const round of [0, 1, 2]) {
    assert.deepEqual(contest.contested('ns/x', 1, [size, rule], round * hour), []);
    contest.note('ns/x', 1, [size], round * hour);
  }
  assert.deepEqual(contest.contested('ns/x', 1, [size, rule], 3 * hour), [size]);
  assert.deepEqual(contest.contested('ns/other', 1, [size], 3 * hour), []);
});

test('contested() begins anew after six hours, with another generation, and for an object that is gone', () => {
  const contest = createContest();
  for (const round of [0, 1, 2]) contest.note('ns/x', 1, [size], round);
  assert.deepEqual(contest.contested('ns/x', 1, [size], 5 * hour), [size]);
  assert.deepEqual(contest.contested('ns/x', 1, [size], 7 * hour), []);
  assert.deepEqual(contest.contested('ns/x', 2, [size], 5 * hour), []);
  for (const round of [0, 1, 2]) contest.note('ns/x', 2, [size], round);
  contest.forget('ns/x');
  assert.deepEqual(contest.contested('ns/x', 2, [size], hour), []);
});
