import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BindingStep, bindingRepair } from './steps.ts';

function applyPool(size: number): BindingStep {
  const manifest = { metadata: { name: 'cloud-images' }, spec: { replicated: { size } } };
  return { verb: 'apply-pool', manifest, isNew: false } as unknown as BindingStep;
}

test('bindingRepair() tells a child that is to be something else from one that is put back', () => {
  assert.deepEqual(bindingRepair(applyPool(3)), bindingRepair(applyPool(3)));
  assert.notEqual(bindingRepair(applyPool(3)).wants, bindingRepair(applyPool(2)).wants);
  assert.equal(bindingRepair(applyPool(3)).standsAlone, true);
});

test('bindingRepair() counts the making of a revision by its name', () => {
  const data = { variants: [] } as unknown as Extract<BindingStep, { verb: 'create-revision' }>['data'];
  assert.deepEqual(bindingRepair({ verb: 'create-revision', name: 'cloud-1', number: 1, data }), {});
});
