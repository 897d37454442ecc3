import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errno } from '../../ceph/broker-protocol.ts';
import { CephError } from '../../ceph/cluster.ts';
import { Invalid } from '../../errors.ts';
import { explainBusyNamespace } from './apply.ts';

test('explainBusyNamespace() says what holds a namespace that Ceph does not let go', () => {
  const busy = new CephError('"remove namespace"', errno.EBUSY, '');
  const explained = explainBusyNamespace(busy, 'volumes', 'tenant-a');
  assert.ok(explained instanceof Invalid);
  assert.equal(explained.reason, 'DeletionBlocked');
  assert.match(explained.message, /namespace "tenant-a" of the pool "volumes" .*"rbd trash purge volumes\/tenant-a/);
});

for (const error of [new CephError('it', errno.EACCES, ''), new Error('something else')]) {
  test(`explainBusyNamespace() leaves alone: ${error.message}`, () => {
    assert.equal(explainBusyNamespace(error, 'volumes', 'tenant-a'), error);
  });
}
