import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patchTo } from './patch-to.ts';

const roles = ['NovaCompute'];

for (const [what, wanted, found, patch] of [
  ['nothing, when they are equal', { roles, quota: { maxObjects: 5 } }, { quota: { maxObjects: 5 }, roles }, undefined],
  ['a field away that is not wanted', { roles }, { roles, port: 22 }, { port: null }],
  [
    'a field within another away',
    { quota: { maxObjects: 5 } },
    { quota: { maxObjects: 5, maxBytes: '1Gi' } },
    { quota: { maxBytes: null } },
  ],
  ['a list back', { roles }, { roles: ['GlanceApi', 'NovaCompute'] }, { roles }],
  ['a value back', { mode: 'Plan' }, { mode: 'Enforce' }, { mode: 'Plan' }],
  ['a field in', { roles, mode: 'Plan' }, { roles }, { mode: 'Plan' }],
  ['a value in place of another kind of value', { a: { b: 1 } }, { a: 1 }, { a: { b: 1 } }],
] as const) {
  test(`patchTo() puts ${what}`, () => assert.deepEqual(patchTo(wanted, found), patch));
}
