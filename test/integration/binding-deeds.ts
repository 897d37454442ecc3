import assert from 'node:assert/strict';
import { eventually } from '../../lab/eventually.ts';
import { parseCephClientAuth } from '../../src/api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../src/api/ceph-openstack-binding.ts';
import { type CephOpenStackHost, parseCephOpenStackHost } from '../../src/api/ceph-openstack-host.ts';
import { parseRbdPool } from '../../src/api/rbd-pool.ts';
import type { Resource } from '../../src/api/resource.ts';
import { bindingKind } from '../../src/controllers/ceph-openstack-binding/reconcile.ts';
import { createPoolCounts } from '../../src/controllers/pool-counts.ts';
import { secretReader } from '../../src/controllers/secrets.ts';
import { clientAuthKind, hostKind, type Kind, type KubeObject, poolKind } from '../../src/kube/kinds.ts';
import { KubeOperator } from '../../src/kube/operator.ts';
import { type Registered, register } from '../../src/kube/registration.ts';
import { watchedKinds } from '../../src/kube/watched.ts';
import { createLogger } from '../../src/log.ts';
import { createClouds } from '../../src/openstack-api/cloud.ts';
import type { ToyLab } from './kube-toy.ts';

/*
 * A binding against a real API server. Ceph and hosts are not here: users and pools are Ready as they are looked at, and
 * hosts say that they have done what they were told.
 */

/** Hosts that do not answer. */
export const away = new Set<string>();

function child<R extends Resource>(
  kind: Kind<R & KubeObject>,
  parse: (raw: unknown) => R,
  fields: (resource: R) => Record<string, unknown> = () => ({}),
): Registered {
  return register<R, undefined, undefined, never>({
    kind: kind as Kind<R & KubeObject>,
    parse,
    lookEveryMs: 1_000,
    reconciler: {
      connect: async () => undefined,
      observe: async () => undefined,
      plan: (resource) => {
        const isAway = away.has((resource as unknown as CephOpenStackHost).spec.hostName);
        return isAway
          ? {
              stages: [],
              hold: { reason: 'HostUnreachable', message: 'It does not answer.', stalled: false, retryAfterMs: 500 },
            }
          : { stages: [] };
      },
      apply: async () => {},
      describe: () => '',
      status: (resource) => ({ fields: fields(resource), conditions: [] }),
    },
  });
}

function hostFields({ spec, status }: CephOpenStackHost): Record<string, unknown> {
  if (away.has(spec.hostName))
    return { ...status, conditions: undefined, plan: undefined, observedGeneration: undefined };
  const { current, next } = spec.revision ?? {};
  const releases = { glance: '2025.1', cinder: '2025.1', nova: '2025.1' };
  return {
    facts: { family: 'debian', initSystem: 'systemd', releases },
    distributed: next ?? current,
    switched: current,
  };
}

export function binding(more: Record<string, unknown> = {}, hosts = ['ctl1', 'cmp1']) {
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackBinding',
    metadata: { name: 'cloud', namespace: 'openstack' },
    spec: {
      cluster: { secretName: 'ceph-main' },
      ssh: { secretName: 'fleet-ssh' },
      hosts: hosts.map((name, index) => ({
        name,
        address: `10.0.0.${index + 11}`,
        roles: name.startsWith('ctl') ? ['GlanceApi', 'CinderVolume', 'CinderBackup'] : ['NovaCompute'],
      })),
      glance: {},
      cinder: {},
      cinderBackup: {},
      nova: { ephemeral: {} },
      ...more,
    },
  };
}

/** What tests do to the binding `cloud`, and wait for; the lab may be started later. */
export function bindingDeeds(lab: () => ToyLab) {
  async function start() {
    const kinds: Registered[] = [
      child(poolKind, parseRbdPool),
      child(clientAuthKind, parseCephClientAuth),
      child(hostKind, parseCephOpenStackHost, hostFields),
    ];
    const operator = new KubeOperator({
      namespaces: [],
      watched: watchedKinds,
      identity: 'test',
      log: createLogger({ level: 'warn', format: 'json' }),
      kubeconfig: lab().kubeconfig,
      drainMs: 2_000,
    });
    const { client, cache } = operator;
    const clouds = createClouds();
    const tools = { client, cache, secrets: secretReader(client, cache), clouds, counts: createPoolCounts() };
    operator.register(bindingKind({ ...tools, lookEveryMs: 500 }));
    for (const kind of kinds) operator.register(kind);
    await operator.start();
    const stop = async () => {
      await operator.stop();
      await clouds[Symbol.asyncDispose]();
    };
    return Object.assign(operator, { [Symbol.asyncDispose]: stop });
  }

  async function get<T>(...args: string[]): Promise<T> {
    return JSON.parse(await lab().kube.kubectl(['get', ...args, '--namespace=openstack', '-o', 'json'])) as T;
  }
  const apply = (object: unknown) => lab().kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
  const names = async (kind: string): Promise<readonly string[]> =>
    (await get<{ items: Resource[] }>(kind, '-l', 'cephopenstack.io/binding=cloud')).items.map(
      ({ metadata }) => metadata.name,
    );

  /** What the clients' controller would keep; the key is nobody's. */
  async function keepSecret(name: string, userID: string, key = 'bm9ib2R5'): Promise<void> {
    const fsid = '5b1c2a3e-0000-4000-8000-000000000001';
    const stringData = { userID, userKey: `${key}${userID}`, fsid, monHost: '10.0.0.1' };
    await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'openstack' }, stringData });
  }

  async function keepSecrets(key?: string): Promise<void> {
    await keepSecret('cloud-glance-ceph-client', 'glance', key);
    await keepSecret('cloud-cinder-ceph-ceph-client', 'cinder', key);
    await keepSecret('cloud-backup-ceph-client', 'cinder-backup', key);
  }

  async function cloud(): Promise<CephOpenStackBinding> {
    return get<CephOpenStackBinding>('cephopenstackbinding', 'cloud');
  }

  async function readyCloud(): Promise<CephOpenStackBinding> {
    return eventually(async () => {
      const found = await cloud();
      const ready = found.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(found.status?.observedGeneration, found.metadata.generation);
      assert.equal(ready?.status, 'True', `${ready?.reason}: ${ready?.message}`);
      return found;
    });
  }

  return { start, get, apply, names, keepSecret, keepSecrets, cloud, readyCloud };
}
