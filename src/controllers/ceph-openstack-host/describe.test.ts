import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostRepair } from './describe.ts';

test('hostRepair() counts what was put back, and not what follows from it', () => {
  assert.deepEqual(hostRepair({ verb: 'restart-unit', unit: 'nova-compute.service' }), { uncounted: true });
  assert.deepEqual(hostRepair({ verb: 'reload-units' }), { uncounted: true });
  assert.deepEqual(hostRepair({ verb: 'remove-directory', path: '/etc/x' }), {});
});
