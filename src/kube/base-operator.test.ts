import assert from 'node:assert/strict';
import { test } from 'node:test';
import framework from '@dot-i/k8s-operator';
import { BaseOperator } from './base-operator.ts';

/** What of the framework may run: none of it talks to the API server by itself. */
const kept = [
  'constructor',
  'start',
  'handleResourceFinalizer',
  // Only put credentials into a request, and are called by what is replaced.
  'applyAxiosKubeConfigAuth',
  'applyGaxiosKubeConfigAuth',
  'resourceStatusRequest',
  'errorToJson',
];
/** Its subclass's own. */
const abstract = ['stop'];
const replaced = ['setResourceFinalizers'];

const own = new Map(Object.entries(Object.getOwnPropertyDescriptors(BaseOperator.prototype)));

for (const method of Object.getOwnPropertyNames(framework.default.prototype)) {
  if ([...kept, ...abstract, ...replaced].includes(method)) continue;
  test(`${method}() of the framework is not used here, and says so`, async () => {
    assert.ok(own.has(method), 'A method that is new in the framework has to be replaced, or listed as kept.');
    await assert.rejects(async () => own.get(method)?.value(), /not used here/);
  });
}
