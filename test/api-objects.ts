/** Objects to send to the API server: the least that each kind needs, with what a test changes. */
export type Spec = Readonly<Record<string, unknown>>;

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Spec;
}

const least: Readonly<Record<string, Spec>> = {
  RbdPool: { cluster: { secretName: 'ceph-main' } },
  CephClientAuth: { cluster: { secretName: 'ceph-main' }, access: [{ pool: 'vms', mode: 'ReadWrite' }] },
  CephOpenStackBinding: {
    cluster: { secretName: 'ceph-main' },
    ssh: { secretName: 'fleet-ssh' },
    hosts: [
      { name: 'ctl1', address: '10.0.0.11', roles: ['GlanceApi', 'CinderVolume', 'CinderBackup'] },
      { name: 'cmp1', address: '10.0.0.21', roles: ['NovaCompute'] },
    ],
    glance: {},
    cinder: {},
    cinderBackup: {},
    nova: {},
  },
  CephOpenStackHost: {
    bindingName: 'cloud',
    hostName: 'ctl1',
    address: '10.0.0.11',
    roles: ['GlanceApi'],
    ssh: { secretName: 'fleet-ssh' },
  },
};

/** The least object of a kind; a field given as undefined is taken away. */
export function apiObject(kind: string, change: Spec = {}, name = 'sample'): ApiObject {
  const spec = Object.fromEntries(
    Object.entries({ ...least[kind], ...change }).filter(([, value]) => value !== undefined),
  );
  return { apiVersion: 'cephopenstack.io/v1alpha1', kind, metadata: { name, namespace: 'openstack' }, spec };
}

export const pool = (change: Spec = {}, name?: string) => apiObject('RbdPool', change, name);
export const client = (change: Spec = {}, name?: string) => apiObject('CephClientAuth', change, name);
export const binding = (change: Spec = {}, name?: string) => apiObject('CephOpenStackBinding', change, name);
export const host = (change: Spec = {}, name?: string) => apiObject('CephOpenStackHost', change, name);

/** One host that is both volume server and compute. */
export const allInOne = { name: 'all1', layer: 'combined', roles: ['CinderVolume', 'NovaCompute'] } as const;

/** The least binding for that host alone, with its instances' disks in Ceph. */
export function bindingOfOne(address: string, change: Spec = {}): ApiObject {
  const hosts = [{ name: allInOne.name, address, roles: allInOne.roles }];
  return binding({ hosts, glance: undefined, cinderBackup: undefined, nova: { ephemeral: {} }, ...change }, 'cloud');
}
