import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../api/resource.ts';
import { object } from './objects.fixture.ts';
import { type State, stateOf } from './objects.ts';

const failed = { status: 'False', reason: 'Failed', message: 'No.' } as const;
const cases: readonly (readonly [what: string, more: Parameters<typeof object>[2], expected: State])[] = [
  ['all is as declared', {}, 'Ready'],
  ['it wants a person', { told: { ...failed, abnormal: 'Stalled' } }, 'Stalled'],
  ['it goes on by itself', { told: { ...failed, abnormal: 'Reconciling' } }, 'Working'],
  ['it is neither', { told: failed }, 'Failing'],
  ['changes are planned', { told: { ...failed, reason: 'ChangesPlanned' } }, 'Planned'],
  ['its spec is newer than what was looked at', { status: { observedGeneration: 1 } }, 'Unseen'],
  ['nobody has looked at it', { status: { conditions: [] } }, 'Unseen'],
  [
    'it was stalled before its spec was mended',
    { status: { observedGeneration: 1 }, told: { ...failed, abnormal: 'Stalled' } },
    'Unseen',
  ],
  ['it is being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, 'Deleting'],
  [
    'its deletion wants a person',
    { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, told: { ...failed, abnormal: 'Stalled' } },
    'Stalled',
  ],
];
for (const [what, more, expected] of cases) {
  test(`stateOf() is ${expected}, when ${what}`, () => {
    assert.equal(stateOf(object('RbdPool', 'images', more)), expected);
  });
}

test('stateOf() is Unseen, when there is no status at all', () => {
  const { status: _, ...bare } = object('RbdPool', 'images');
  assert.equal(stateOf(bare as Resource), 'Unseen');
});
