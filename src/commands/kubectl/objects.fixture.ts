import type { Condition, Resource } from '../../api/resource.ts';
import type { Objects } from './objects.ts';

type Told = Partial<Omit<Condition, 'type'>> & { readonly abnormal?: 'Reconciling' | 'Stalled' };

/** An object of ours in namespace "openstack", looked at in its newest generation and Ready unless it is told otherwise. */
export function object(
  kind: string,
  name: string,
  more: { spec?: object; status?: object; told?: Told; owner?: Resource; metadata?: object } = {},
): Resource {
  const { abnormal, ...told } = more.told ?? {};
  const ready: Condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Converged',
    message: 'All is as it should be.',
    ...told,
  };
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind,
    metadata: {
      name,
      namespace: 'openstack',
      uid: `uid-of-${kind}-${name}`,
      generation: 2,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(more.owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: more.owner.apiVersion,
                kind: more.owner.kind,
                name: more.owner.metadata.name,
                uid: more.owner.metadata.uid,
              },
            ],
          }),
      ...more.metadata,
    },
    spec: { mode: 'Enforce', ...more.spec },
    status: {
      observedGeneration: 2,
      conditions: abnormal === undefined ? [ready] : [ready, { ...ready, type: abnormal, status: 'True' }],
      ...more.status,
    },
  };
}

/** A cloud of a binding, a pool, a user and as many hosts as wanted; `told` says what some of them say. */
export function cloud(hosts: number, told: Readonly<Record<string, Told>> = {}): Objects {
  const binding = object('CephOpenStackBinding', 'cloud', {
    told: told.cloud ?? {},
    status: {
      hosts: { total: hosts, reachable: hosts, distributed: hosts, switched: hosts, ready: hosts },
      revision: { current: 'cloud-abc' },
    },
  });
  const child = (kind: string, name: string, spec: object) =>
    object(kind, `cloud-${name}`, { spec, told: told[name] ?? {}, owner: binding });
  const all = {
    bindings: [binding],
    pools: [child('RbdPool', 'glance', { poolName: 'images' })],
    clients: [child('CephClientAuth', 'glance', { clientName: 'glance' })],
    hosts: Array.from({ length: hosts }, (_, index) =>
      child('CephOpenStackHost', `cmp${index + 1}`, {
        hostName: `cmp${index + 1}`,
        address: `10.0.0.${index + 1}`,
        roles: ['NovaCompute'],
      }),
    ),
  };
  return all as unknown as Objects;
}
