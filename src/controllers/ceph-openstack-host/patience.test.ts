import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatience } from './patience.ts';

const times = (count: number, wait: () => number) => Array.from({ length: count }, wait).map((ms) => ms / 1000);

test('silent() waits longer each time, five minutes at most, for each host by itself', () => {
  const patience = createPatience(() => true);
  assert.deepEqual(
    times(8, () => patience.silent('ns/cmp1')),
    [30, 45, 67.5, 101.25, 151.875, 227.8125, 300, 300],
  );
  assert.equal(patience.silent('ns/cmp2'), 30_000);
});

test('silent() begins anew after answered()', () => {
  const patience = createPatience(() => true);
  times(4, () => patience.silent('ns/cmp1'));
  patience.answered('ns/cmp1');
  assert.equal(patience.silent('ns/cmp1'), 30_000);
});

test('silent() forgets hosts that are gone', () => {
  const known = new Set(['ns/cmp1', 'ns/cmp2']);
  const patience = createPatience((key) => known.has(key));
  times(3, () => patience.silent('ns/cmp1'));
  known.delete('ns/cmp1');
  patience.silent('ns/cmp2');
  assert.equal(patience.silent('ns/cmp1'), 30_000);
});
