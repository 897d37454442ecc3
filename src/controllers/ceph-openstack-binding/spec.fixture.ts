import { type CephOpenStackBinding, parseCephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Role } from '../../api/ceph-openstack-host.ts';

/** The binding of that spec, as of that generation. */
export function bindingWith(spec: Record<string, unknown>, generation: number): CephOpenStackBinding {
  return parseCephOpenStackBinding({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackBinding',
    metadata: {
      name: 'cloud',
      namespace: 'openstack',
      uid: 'binding-uid',
      generation,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    // What is undefined is not there, as JSON carries it.
    spec: JSON.parse(JSON.stringify(spec)),
  });
}

const allSections = { glance: {}, cinder: {}, cinderBackup: {}, nova: { ephemeral: {} } };

/** The least binding that wires everything, with these hosts. */
export function specWith(hosts: Readonly<Record<string, readonly Role[]>>, more: Record<string, unknown> = {}) {
  return {
    cluster: { secretName: 'ceph-main' },
    ssh: { secretName: 'fleet-ssh' },
    hosts: Object.entries(hosts).map(([name, roles], index) => ({
      name,
      address: `10.0.0.${index + 11}`,
      roles: [...roles],
    })),
    ...allSections,
    ...more,
  };
}
