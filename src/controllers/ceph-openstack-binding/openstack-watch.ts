import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { Invalid } from '../../errors.ts';
import { keyOf } from '../../kube/kinds.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { ServiceName } from '../../openstack-api/catalog.ts';
import type { Clouds } from '../../openstack-api/cloud.ts';
import { type CloudAccess, parseCloudAccess } from '../../openstack-api/cloud-access.ts';
import { passing, stalled } from '../hold.ts';
import type { SecretData, SecretReader } from '../secrets.ts';
import { isOnTrial } from '../trial-note.ts';
import { type OpenStackView, openStackView, type Trials } from './openstack-view.ts';

export interface OpenStackWatch {
  /** Undefined where the binding does not want OpenStack asked. `hosts` are all of the namespace. */
  view(
    binding: CephOpenStackBinding,
    own: readonly CephOpenStackHost[],
    hosts: readonly CephOpenStackHost[],
    signal: AbortSignal,
  ): Promise<OpenStackView | undefined>;
}

/** While a host is on trial, and else. */
const trialLookMs = 4_000;
const settledLookMs = 55_000;

/**
 * It remembers what it saw of hosts on trial: of a service only whether it goes on reporting tells that it lives. With a
 * new process the trial begins anew, which costs time and nothing else.
 */
export function openStackWatch(clouds: Clouds, secrets: SecretReader): OpenStackWatch {
  const trialsOf = new Map<string, Trials>();
  return {
    async view(binding, own, hosts, signal) {
      const { uid, namespace, deletionTimestamp } = binding.metadata;
      const wanted = binding.spec.verification.openStack;
      if (wanted === undefined || binding.spec.mode === 'Plan' || deletionTimestamp !== undefined) {
        trialsOf.delete(uid);
        return undefined;
      }
      const access = await readAccess(secrets, namespace, wanted.secretName, signal);
      const freshMs = own.some(isOnTrial) ? trialLookMs : settledLookMs;
      const look =
        'id' in access ? clouds.look(access, servicesOf(binding), { freshMs, waiter: keyOf(binding) }) : access;
      const before = trialsOf.get(uid) ?? new Map();
      const { view, trials } = openStackView(look, own, hosts, { before, nowMs: performance.now() });
      if (trials.size === 0) trialsOf.delete(uid);
      else trialsOf.set(uid, trials);
      return view;
    },
  };
}

function servicesOf({ spec }: CephOpenStackBinding): ReadonlySet<ServiceName> {
  return new Set<ServiceName>([
    ...(spec.cinder === undefined && spec.cinderBackup === undefined ? [] : (['Cinder'] as const)),
    ...(spec.glance === undefined ? [] : (['Glance'] as const)),
    ...(spec.nova === undefined ? [] : (['Nova'] as const)),
  ]);
}

const parsed = new WeakMap<SecretData, CloudAccess>();

async function readAccess(
  secrets: SecretReader,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<CloudAccess | Hold> {
  const data = await secrets.readSecret(namespace, name, signal);
  if (data === undefined) {
    const message = `The OpenStack Secret "${name}" does not exist: create it in the namespace "${namespace}".`;
    return passing('ConnectionMissing', message);
  }
  try {
    const access = parsed.get(data) ?? parseCloudAccess(name, data);
    parsed.set(data, access);
    return access;
  } catch (error) {
    if (error instanceof Invalid) return stalled(error.reason, error.message);
    throw error;
  }
}
