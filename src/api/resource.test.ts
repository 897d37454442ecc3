import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binding, client, host, pool } from '../../test/api-objects.ts';
import { hostileObjects } from '../../test/hostile-values.ts';
import { cephClientAuthKind, clientSecretNameOf, entityOf, parseCephClientAuth } from './ceph-client-auth.ts';
import { cephOpenStackBindingKind, parseCephOpenStackBinding } from './ceph-openstack-binding.ts';
import { cephOpenStackHostKind, parseCephOpenStackHost } from './ceph-openstack-host.ts';
import { parseRbdPool, poolNameOf, rbdPoolKind } from './rbd-pool.ts';
import { InvalidObject, parseResource } from './resource.ts';

describe('parseX()', () => {
  it('fills in the defaults of the contract, and nothing else', () => {
    assert.deepEqual(parseRbdPool(pool()).spec, {
      cluster: { secretName: 'ceph-main' },
      adoption: 'Never',
      deletionPolicy: 'Retain',
      mode: 'Enforce',
    });
    const { hosts: _, ...spec } = parseCephOpenStackBinding(binding()).spec;
    assert.deepEqual(spec, {
      cluster: { secretName: 'ceph-main' },
      ssh: { secretName: 'fleet-ssh' },
      glance: {},
      cinder: {},
      cinderBackup: {},
      nova: {},
      rollout: { maxUnavailable: { NovaCompute: '10%', others: 1 }, canary: 1, pauseOnFailure: true },
      verification: { access: 'Enabled' },
      packages: 'Install',
      restart: 'Auto',
      hostRemoval: 'Retain',
      adoption: 'Never',
      deletionPolicy: 'Retain',
      mode: 'Enforce',
    });
    assert.equal(parseCephOpenStackHost(host()).spec.restart, 'Auto');
  });

  it('keeps metadata as it is', () => {
    const object = { ...pool(), metadata: { name: 'a', namespace: 'b', uid: 'c', labels: { d: 'e' } } };
    assert.deepEqual(parseRbdPool(object).metadata, object.metadata);
  });

  it('takes a status for none, when another version wrote it', () => {
    assert.deepEqual(parseRbdPool({ ...pool(), status: { poolID: 7 } }).status, { poolID: 7 });
    assert.equal(parseRbdPool({ ...pool(), status: { poolID: 'seven' } }).status, undefined);
    assert.equal(parseRbdPool(pool()).status, undefined);
  });

  const refused: Readonly<Record<string, [object: unknown, sentence: string]>> = {
    'no object': [undefined, 'Cannot read an object as RbdPool: Invalid input: expected object, received undefined.'],
    'another kind': [
      client(),
      'Cannot read RbdPool "openstack/sample": it is a cephopenstack.io/v1alpha1 CephClientAuth.',
    ],
    'a hostile pool name': [
      pool({ poolName: 'a b' }),
      `RbdPool "openstack/sample" is not valid: spec.poolName: must be a pool name: letters, digits, '_', '.' and '-', not starting with '.' or '-'.`,
    ],
    'a text where a list belongs': [
      pool({ namespaces: 'a' }),
      'RbdPool "openstack/sample" is not valid: spec.namespaces: must be a list, and is "a".',
    ],
    'a quota that is none': [
      pool({ quota: { maxBytes: 'ten' } }),
      'RbdPool "openstack/sample" is not valid: spec.quota.maxBytes: must be a whole number as Kubernetes writes quantities, such as 5000000 or 10Ti, below 8Ei.',
    ],
  };
  for (const [what, [object, sentence]] of Object.entries(refused)) {
    it(`refuses ${what} in one sentence`, () => {
      assert.throws(() => parseRbdPool(object), new InvalidObject(sentence));
    });
  }

  it('still reads what admission let in before it knew better, so that it can be deleted', () => {
    const hosts = [{ name: 'a', address: '10.0.0.311', roles: ['GlanceApi'] }];
    assert.equal(parseCephOpenStackBinding(binding({ hosts })).spec.hosts[0]?.address, '10.0.0.311');
    assert.equal(entityOf(parseCephClientAuth(client({ clientName: 'client.a' }))), 'client.client.a');
  });

  it('refuses two hosts at one address, which admission cannot see', () => {
    const roles = ['GlanceApi'];
    const hosts = [
      { name: 'a', address: 'Ctl1', roles },
      { name: 'b', address: 'ctl1', roles },
    ];
    assert.throws(() => parseCephOpenStackBinding(binding({ hosts })), {
      message:
        'CephOpenStackBinding "openstack/sample" is not valid: spec.hosts[1]: has the same address as host "a": write one host for each machine, with all its roles.',
    });
    const ported = [
      { name: 'a', address: 'ctl1', port: 22, roles },
      { name: 'b', address: 'ctl1', port: 2222, roles },
    ];
    assert.equal(parseCephOpenStackBinding(binding({ hosts: ported })).spec.hosts.length, 2);
    const half = [...ported, { name: 'c', address: 'CTL1', roles }];
    assert.throws(() => parseCephOpenStackBinding(binding({ hosts: half })), {
      message:
        'CephOpenStackBinding "openstack/sample" is not valid: spec.hosts[2]: has the same address as host "a": write one host for each machine, with all its roles; of two machines behind one address, write both ports.',
    });
  });

  for (const kind of [rbdPoolKind, cephClientAuthKind, cephOpenStackBindingKind, cephOpenStackHostKind]) {
    it(`refuses every hostile value in every string field of ${kind.kind}`, () => {
      for (const { what, object } of hostileObjects(kind)) {
        assert.throws(
          () => parseResource(kind, object),
          (error) => error instanceof InvalidObject && /^\P{Cc}{1,500}$/u.test(error.message),
          what,
        );
      }
    });
  }
});

describe('names that follow from metadata.name', () => {
  it('give way to the spec', () => {
    assert.equal(poolNameOf(parseRbdPool(pool())), 'sample');
    assert.equal(poolNameOf(parseRbdPool(pool({ poolName: 'volumes' }))), 'volumes');
    assert.equal(entityOf(parseCephClientAuth(client())), 'client.sample');
    assert.equal(entityOf(parseCephClientAuth(client({ clientName: 'cinder' }))), 'client.cinder');
    assert.equal(clientSecretNameOf(parseCephClientAuth(client())), 'sample-ceph-client');
    assert.equal(clientSecretNameOf(parseCephClientAuth(client({ secret: { name: 'a' } }))), 'a');
  });
});
