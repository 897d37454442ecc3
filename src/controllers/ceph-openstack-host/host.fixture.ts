import type { CephOpenStackHost, Role } from '../../api/ceph-openstack-host.ts';

/** A host of the binding `cloud`, with the defaults of its fields. */
export function hostObject(
  roles: readonly Role[],
  changed: Partial<CephOpenStackHost['spec']> = {},
): CephOpenStackHost {
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackHost',
    metadata: {
      ...{ name: 'cloud-h1', namespace: 'openstack', uid: 'u', generation: 1, resourceVersion: '1' },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      ...{ bindingName: 'cloud', hostName: 'h1', address: '192.0.2.1', roles, ssh: { secretName: 'fleet' } },
      ...{ packages: 'Install', restart: 'Auto', hostRemoval: 'Clean', adoption: 'Never', mode: 'Enforce' },
      ...changed,
    },
  };
}

export function deleted(host: CephOpenStackHost): CephOpenStackHost {
  return { ...host, metadata: { ...host.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
}
