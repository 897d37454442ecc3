import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { badBindings, badClients, badPools } from '../../../test/integration/admission-cases.ts';
import { goodObjects } from '../../../test/integration/admitted-cases.ts';
import { cephClientAuthKind } from '../../api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../api/ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from '../../api/ceph-openstack-host.ts';
import { rbdPoolKind } from '../../api/rbd-pool.ts';
import { admissionFaults } from './admission.ts';

const kinds = [cephClientAuthKind, cephOpenStackBindingKind, cephOpenStackHostKind, rbdPoolKind];

function faultsOf(object: { kind: string; metadata: { name: string; namespace: string }; spec: unknown }) {
  const definition = kinds.find(({ kind }) => kind === object.kind);
  assert.ok(definition);
  return admissionFaults(definition, object);
}

describe('admissionFaults()', () => {
  for (const { what, object } of [...badPools, ...badClients, ...badBindings]) {
    it(`minds in a ${object.kind}, as the API server does: ${what}`, () => {
      const faults = faultsOf(object);
      assert.ok(faults.length > 0);
      assert.ok(
        faults.every((fault) => !fault.includes('Invalid input') && !fault.includes('\n')),
        faults.join('; '),
      );
    });
  }
  for (const [what, object] of Object.entries(goodObjects)) {
    it(`lets in, as the API server does: ${what}`, () => assert.deepEqual(faultsOf(object), []));
  }
});
