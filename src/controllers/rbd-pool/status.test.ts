import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coarse, coarseCount } from './status.ts';

for (const [count, shown] of [
  [0, 0],
  [1, 1],
  [2, 2],
  [4, 2],
  [5, 5],
  [9, 5],
  [10, 10],
  [19, 10],
  [49, 20],
  [99, 50],
  [100, 100],
  [12_345, 10_000],
] as const) {
  test(`coarseCount() shows ${count} as ${shown}`, () => assert.equal(coarseCount(count), shown));
}

test('coarse() shows two digits of mebibytes', () => {
  assert.deepEqual([coarse(0), coarse(1000), coarse(1234 * 2 ** 20)], [0, 0, 1200 * 2 ** 20]);
});
