import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContest, leaveOutContested, quarrel, repairKey } from './contest.ts';
import type { Repair, Step } from './reconciler.ts';

const hour = 3_600_000;
const size = 'Set size of pool "x" to 3.';
const rule = 'Set the rule of pool "x".';

test('isContested() knows a repair that was made three times', () => {
  const contest = createContest();
  for (const round of [0, 1, 2]) {
    assert.equal(contest.isContested('ns/x', 1, size, round * hour), false);
    contest.note('ns/x', 1, [size, size], round * hour);
  }
  assert.equal(contest.isContested('ns/x', 1, size, 3 * hour), true);
  assert.equal(contest.isContested('ns/x', 1, rule, 3 * hour), false);
  assert.equal(contest.isContested('ns/other', 1, size, 3 * hour), false);
});

test('isContested() begins anew after six hours, with another generation, and for an object that is gone', () => {
  const contest = createContest();
  for (const round of [0, 1, 2]) contest.note('ns/x', 1, [size], round);
  assert.equal(contest.isContested('ns/x', 1, size, 5 * hour), true);
  assert.equal(contest.isContested('ns/x', 1, size, 7 * hour), false);
  assert.equal(contest.isContested('ns/x', 2, size, 5 * hour), false);
  for (const round of [0, 1, 2]) contest.note('ns/x', 2, [size], round);
  contest.forget('ns/x');
  assert.equal(contest.isContested('ns/x', 2, size, hour), false);
});

const keys: readonly (readonly [name: string, step: Step, repair: Repair | undefined, key: string | undefined])[] = [
  ['the sentence alone', { verb: 'a' }, undefined, 'Do a.'],
  ['what is wanted as well', { verb: 'a' }, { wants: '17' }, 'Do a. 17'],
  ['nothing for what only follows', { verb: 'a' }, { uncounted: true }, undefined],
  ['nothing for bookkeeping', { verb: 'a', incidental: true }, undefined, undefined],
];
for (const [name, step, repair, key] of keys) {
  test(`repairKey() is ${name}`, () => {
    const describe = ({ verb }: Step) => `Do ${verb}.`;
    assert.equal(repairKey(step, repair === undefined ? { describe } : { describe, repair: () => repair }), key);
  });
}

const remainders: readonly (readonly [
  name: string,
  plan: readonly string[],
  contested: string,
  alone: string,
  left: readonly string[],
])[] = [
  ['leaves a plan whole that nobody contests', ['ab', 'c'], '', '', ['ab', 'c']],
  ['goes on beside a contested step', ['ab'], 'a', '', ['b']],
  ['holds what comes after it', ['ab', 'c', 'd'], 'a', '', ['b']],
  ['goes on after one that nothing builds on', ['ab', 'c'], 'a', 'a', ['b', 'c']],
  ['drops a stage of which nothing is left', ['a', 'c'], 'a', 'a', ['c']],
  ['holds after the first of several that others build on', ['ab', 'cd', 'e'], 'ad', 'a', ['b', 'c']],
];
for (const [name, plan, contested, alone, left] of remainders) {
  const stages = plan.map((stage) => [...stage].map((verb) => ({ verb })));
  const isContested = ({ verb }: Step) => contested.includes(verb);
  const standsAlone = ({ verb }: Step) => alone.includes(verb);
  test(`leaveOutContested() ${name}`, () => {
    const found = leaveOutContested(stages, isContested, standsAlone, false);
    assert.deepEqual(
      found.stages.map((stage) => stage.map(({ verb }) => verb).join('')),
      left,
    );
    assert.equal(found.contested.map(({ verb }) => verb).join(''), contested);
  });
  test(`leaveOutContested() ${contested === '' ? 'leaves' : 'holds'} an ordered transaction whole: ${name}`, () => {
    const found = leaveOutContested(stages, isContested, standsAlone, true);
    assert.deepEqual(found.stages, contested === '' ? stages : []);
  });
}

test('quarrel() names what is left undone', () => {
  const { reason, message, stalled } = quarrel([size, rule]);
  assert.deepEqual([reason, stalled], ['Contested', true]);
  assert.ok(message.includes(`${size} ${rule}`), message);
});
