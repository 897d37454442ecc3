import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { object } from './objects.fixture.ts';
import { renderPlans } from './plan.ts';

const planned = { status: 'False', reason: 'ChangesPlanned', message: 'One change is planned.' } as const;
const cases: readonly (readonly [what: string, more: Parameters<typeof object>[2], expected: string])[] = [
  ['all is as declared', {}, 'nothing'],
  ['something would be done', { told: planned, status: { plan: ['Create pool "x".'] } }, 'steps'],
  ['nobody has looked since the spec changed', { status: { observedGeneration: 1 } }, 'unknown'],
  ['it is stalled', { told: { ...planned, reason: 'ConnectionMissing', abnormal: 'Stalled' } }, 'unknown'],
  ['it still looks', { told: { ...planned, reason: 'WaitingForPool', abnormal: 'Reconciling' } }, 'unknown'],
];
for (const [what, more, expected] of cases) {
  test(`renderPlans() comes to ${expected}, when ${what}`, () => {
    const pool = object('RbdPool', 'images', { ...more, spec: { mode: 'Plan' } }) as RbdPool;
    const { verdict, text } = renderPlans({ bindings: [], pools: [pool], clients: [], hosts: [] }, undefined);
    assert.equal(verdict, expected);
    assert.equal(text.includes('Create pool "x".'), expected === 'steps');
  });
}
