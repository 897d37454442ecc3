import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatience } from './patience.ts';

const times = (count: number, wait: () => number) => Array.from({ length: count }, wait).map((ms) => ms / 1000);

test('silent() waits twice as long each time, five minutes at most, for each host by itself', () => {
  const patience = createPatience(() => true);
  assert.deepEqual(
    times(6, () => patience.silent('ns/cmp1')),
    [30, 60, 120, 240, 300, 300],
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
