import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, Resource } from '../api/resource.ts';
import {
  isSameStatus,
  type Judgement,
  joinSentences,
  limitPlan,
  renderStatus,
  surplusPatch,
  wasReady,
} from './status.ts';

const earlier = '2026-01-01T00:00:00Z';
const now = '2026-02-02T00:00:00Z';
const ready: Judgement = { ready: true, reason: 'Converged', message: 'All is as it should be.' };
const stalled: Judgement = { ready: false, reason: 'AlreadyExists', message: 'It exists.', abnormal: 'Stalled' };

function resource(status?: Record<string, unknown>, generation = 1): Resource {
  return { metadata: { generation }, spec: {}, ...(status === undefined ? {} : { status }) } as unknown as Resource;
}
const condition = (type: Condition['type'], status: Condition['status'], more: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: 'Converged',
  message: 'All is as it should be.',
  observedGeneration: 1,
  lastTransitionTime: earlier,
  ...more,
});
const conditionsOf = (status: Record<string, unknown>) =>
  Object.fromEntries((status.conditions as Condition[]).map((one) => [one.type, one]));

test('renderStatus() shows Ready alone, when all is well', () => {
  assert.deepEqual(renderStatus(1, resource(), ready, { fields: { poolID: 7 }, conditions: [] }, now), {
    poolID: 7,
    observedGeneration: 1,
    conditions: [condition('Ready', 'True', { lastTransitionTime: now })],
  });
});

test('renderStatus() shows what is abnormal beside Ready, with the same reason', () => {
  const { Ready, Stalled, Reconciling } = conditionsOf(renderStatus(1, resource(), stalled, undefined, now));
  assert.deepEqual([Ready?.status, Ready?.reason, Ready?.message], ['False', 'AlreadyExists', 'It exists.']);
  assert.deepEqual([Stalled?.status, Stalled?.reason], ['True', 'AlreadyExists']);
  assert.equal(Reconciling, undefined);
});

test('renderStatus() moves the time of a condition only when its status changes', () => {
  const before = resource({ conditions: [condition('Ready', 'False', { reason: 'Failed' })] });
  assert.equal(conditionsOf(renderStatus(1, before, stalled, undefined, now)).Ready?.lastTransitionTime, earlier);
  assert.equal(conditionsOf(renderStatus(1, before, ready, undefined, now)).Ready?.lastTransitionTime, now);
});

test("renderStatus() keeps the kind's fields and conditions, when nothing could be observed", () => {
  const before = resource({
    poolID: 7,
    plan: ['Old.'],
    observedGeneration: 1,
    conditions: [condition('Ready', 'True'), condition('AccessVerified', 'True'), condition('Reconciling', 'True')],
  });
  const status = renderStatus(2, before, stalled, undefined, now);
  assert.equal(status.poolID, 7);
  assert.equal(status.plan, undefined);
  assert.equal(status.observedGeneration, 2);
  assert.deepEqual(Object.keys(conditionsOf(status)), ['Ready', 'Stalled', 'AccessVerified']);
  assert.equal(conditionsOf(status).AccessVerified?.observedGeneration, 1);
});

test('isSameStatus() sees no change in what renderStatus() gives again, whatever the order and the hour', () => {
  const seen = { fields: { poolID: 7, usage: undefined }, conditions: [condition('AccessVerified', 'True')] };
  const first = renderStatus(1, resource(), ready, seen, earlier);
  const stored = { ...first, conditions: (first.conditions as Condition[]).toReversed() };
  const again = renderStatus(1, resource(stored), ready, seen, now);
  assert.equal(isSameStatus(stored as Resource['status'], again), true);
});

test('isSameStatus() looks past the conditions that others keep', () => {
  const status = renderStatus(1, resource(), ready, undefined, now);
  const foreign = { type: 'Audited', status: 'True', reason: 'Yes', message: '' } as unknown as Condition;
  const stored = { ...status, conditions: [...(status.conditions as Condition[]), foreign] };
  assert.equal(isSameStatus(stored as Resource['status'], status), true);
});

test('isSameStatus() sees another message, field or generation', () => {
  const status = renderStatus(1, resource(), ready, { fields: { poolID: 7 }, conditions: [] }, now);
  const before = status as Resource['status'];
  const others: Record<string, unknown>[] = [
    renderStatus(1, resource(), { ...ready, message: 'Other.' }, { fields: { poolID: 7 }, conditions: [] }, now),
    renderStatus(1, resource(), ready, { fields: { poolID: 8 }, conditions: [] }, now),
    renderStatus(2, resource(), ready, { fields: { poolID: 7 }, conditions: [] }, now),
    renderStatus(1, resource(), { ...ready, plan: ['A.'] }, { fields: { poolID: 7 }, conditions: [] }, now),
  ];
  for (const other of others) assert.equal(isSameStatus(before, other), false);
  assert.equal(isSameStatus(undefined, status), false);
});

const ours = renderStatus(1, resource(), ready, { fields: { revision: { current: 'a' } }, conditions: [] }, now);
const foreign = condition('Audited' as Condition['type'], 'True');
const surpluses: [string, Record<string, unknown>, Record<string, unknown> | undefined][] = [
  ['nothing where all is ours, or a condition that is not', { conditions: [foreign, condition('Ready', 'True')] }, {}],
  ['a field that is not said', { plan: ['Do harm.'] }, { plan: null }],
  ['a field within one', { revision: { current: 'a', next: 'b' } }, { revision: { next: null } }],
  [
    'a condition of ours that is not said, and keeps the others',
    { conditions: [condition('Stalled', 'True'), foreign, condition('Ready', 'True')] },
    { conditions: [foreign, condition('Ready', 'True')] },
  ],
];
for (const [what, change, patch] of surpluses) {
  test(`surplusPatch() takes away ${what}`, () => {
    const said = { ...ours, conditions: [condition('Ready', 'True')] };
    const found = { ...said, ...change } as Resource['status'];
    assert.deepEqual(surplusPatch(found, said) ?? {}, patch);
  });
}

test('wasReady() asks for the generation at hand', () => {
  const conditions = [condition('Ready', 'True')];
  assert.equal(wasReady(resource({ conditions }, 1)), true);
  assert.equal(wasReady(resource({ conditions }, 2)), false);
  assert.equal(wasReady(resource({ conditions: [condition('Ready', 'False')] })), false);
  assert.equal(wasReady(resource()), false);
});

test('limitPlan() shows at most 64 lines and says how many more there are', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `Step ${index}.`);
  assert.deepEqual(limitPlan(lines.slice(0, 64)), lines.slice(0, 64));
  const shown = limitPlan(lines);
  assert.equal(shown.length, 64);
  assert.equal(shown.at(-2), 'Step 62.');
  assert.equal(shown.at(-1), 'And 37 more.');
});

const joined: [string, string[], number, string][] = [
  ['all that fit', ['One.', 'Two.'], 100, 'One. Two.'],
  ['the first and how many more', ['One.', 'Two.', 'Three.'], 16, 'One. And 2 more.'],
  ['a beginning, when the first is too long', ['A long sentence.'], 10, 'A long se…'],
  ['nothing', [], 10, ''],
];
for (const [what, sentences, limit, text] of joined) {
  test(`joinSentences() gives ${what}`, () => {
    assert.equal(joinSentences(sentences, limit), text);
    assert.ok(joinSentences(sentences, limit).length <= limit);
  });
}
