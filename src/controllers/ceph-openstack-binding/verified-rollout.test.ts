import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passRollout } from './verified-rollout.fixture.ts';

const course = { hosts: 500, maxUnavailable: '10%', switchSeconds: 15, reportSeconds: 10 };
/** The canary, and the others fifty at a time. */
const waves = 1 + Math.ceil(499 / 50);

test('a verified rollout over hundreds of hosts takes as many times that of one as there are waves', () => {
  const { seconds, atATime, canarySeconds, longestSeconds, failed } = passRollout(course);
  assert.deepEqual([atATime, failed], [50, 0]);
  assert.ok(canarySeconds >= 15 + 2 * 10, 'two reports are waited for');
  assert.ok(seconds <= waves * longestSeconds, `${seconds} s, with ${longestSeconds} s for one`);
});

test('a rollout that is not verified waits for hosts alone', () => {
  const { reportSeconds: _, ...unasked } = course;
  assert.deepEqual(passRollout(unasked).seconds, waves * 15);
});

test('a change with which no service reports ends with its canary, and one that the canary bears with the next wave', () => {
  const none = passRollout({ ...course, soundHosts: 0 });
  assert.deepEqual([none.failed, none.atATime], [1, 1]);
  assert.ok(none.seconds <= 15 + 120 + 10, `${none.seconds} s`);
  assert.deepEqual(passRollout({ ...course, soundHosts: 1 }).failed, 50);
});
