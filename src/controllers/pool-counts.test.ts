import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import { createPoolCounts } from './pool-counts.ts';

const pool = (name: string): RbdPool =>
  // Sound: nothing else is asked of it.
  ({ metadata: { namespace: 'openstack', name, uid: `uid-of-${name}` } }) as unknown as RbdPool;

function countsAt() {
  const clock = { nowMs: 0 };
  const counts = createPoolCounts(() => clock.nowMs);
  const heard: string[] = [];
  counts.onWanted((key) => heard.push(`count ${key}`));
  counts.onCounted((waiter) => heard.push(`tell ${waiter}`));
  const since = () => heard.splice(0);
  return { clock, counts, since };
}

test('read() has a pool counted that was not lately, and tells who waits for it', () => {
  const { counts, since } = countsAt();
  assert.deepEqual([...counts.read([pool('images'), pool('vms')], 'cloud')], []);
  assert.deepEqual([...counts.read([pool('images')], 'other')], []);
  assert.deepEqual(since(), ['count openstack/images', 'count openstack/vms', 'count openstack/images']);
  counts.note(pool('images'), 3);
  assert.deepEqual(since(), ['tell cloud', 'tell other']);
  assert.deepEqual([...counts.read([pool('images'), pool('vms')], 'cloud')], [['images', 3]]);
  assert.deepEqual(since(), ['count openstack/vms']);
});

test('read() goes by a count for seconds, the last of them while it is counted anew', () => {
  const { clock, counts, since } = countsAt();
  counts.read([pool('images')], 'cloud');
  counts.note(pool('images'), 0);
  since();
  for (const [nowMs, known, heard] of [
    [10_000, [['images', 0]], []],
    [15_000, [['images', 0]], ['count openstack/images']],
    [20_001, [], ['count openstack/images']],
  ] as const) {
    clock.nowMs = nowMs;
    assert.deepEqual([...counts.read([pool('images')], 'cloud')], known);
    assert.deepEqual(since(), heard);
  }
});

test('read() forgets who waits for a pool that nobody asks for any more, as one that is gone', () => {
  for (const [nowMs, told] of [
    [600_000, ['tell cloud']],
    [600_001, []],
  ] as const) {
    const { clock, counts, since } = countsAt();
    counts.read([pool('gone')], 'cloud');
    since();
    clock.nowMs = nowMs;
    counts.read([], 'other');
    counts.note(pool('gone'), 0);
    assert.deepEqual(since(), told);
  }
});

test('note() keeps nothing that nobody waits for', () => {
  const { counts, since } = countsAt();
  counts.note(pool('images'), 3);
  assert.deepEqual(since(), []);
  assert.deepEqual([...counts.read([pool('images')], 'cloud')], []);
});
