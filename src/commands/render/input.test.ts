import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInput } from './input.ts';

test('readInput() passes over what is of others, be it without a name', () => {
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: [] };
  assert.deepEqual(readInput([{ place: '1.yaml', value: kustomization }]).faults, []);
  const ours = { apiVersion: 'cephopenstack.io/v1alpha1', kind: 'RbdPool' };
  assert.equal(readInput([{ place: '1.yaml', value: ours }]).faults.length, 1);
});
