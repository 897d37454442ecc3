import { clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import { type CephOpenStackBinding, parseCephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import {
  bindingKind as bindings,
  clientAuthKind,
  controllerRevisionKind,
  hostKind,
  keyOf,
  ownerKeys,
  poolKind,
  secretKind,
} from '../../kube/kinds.ts';
import type { Reconciler } from '../../kube/reconciler.ts';
import { type Registered, register, watch } from '../../kube/registration.ts';
import type { Clouds } from '../../openstack-api/cloud.ts';
import { clientNeeds, needsClient, needsOf, needsPool, poolNeeds } from '../binding-needs.ts';
import type { PoolCounts } from '../pool-counts.ts';
import type { SecretReader } from '../secrets.ts';
import { abandonChildren } from './abandon.ts';
import { applySteps } from './apply.ts';
import { bindingKube } from './kube.ts';
import { type ObserveTools, observe } from './observe.ts';
import type { Observed } from './observed.ts';
import { openStackWatch } from './openstack-watch.ts';
import { planBinding } from './plan.ts';
import { bindingStatus } from './status.ts';
import { type BindingStep, bindingRepair, describeStep } from './steps.ts';

export interface BindingTools {
  readonly client: Client;
  readonly cache: Cache;
  readonly secrets: SecretReader;
  readonly clouds: Clouds;
  readonly counts: PoolCounts;
  readonly lookEveryMs: number;
}

/** A CephOpenStackBinding wakes when a child of its own changes, or something that it refers to. */
export function bindingKind({ client, cache, secrets, clouds, counts, lookEveryMs }: BindingTools): Registered {
  const bindingsThat = (wanted: (binding: CephOpenStackBinding) => boolean, namespace?: string): readonly string[] =>
    cache.list(bindings, namespace).filter(wanted).map(keyOf);
  const kube = bindingKube(client, cache);
  return register({
    kind: bindings,
    parse: parseCephOpenStackBinding,
    reconciler: bindingReconciler({ kube, secrets, counts, openStack: openStackWatch(clouds, secrets) }),
    abandon: (binding, signal) => abandonChildren(binding, kube, signal),
    watches: [
      watch(hostKind, ownerKeys(bindings)),
      watch(controllerRevisionKind, ownerKeys(bindings)),
      watch(poolKind, ({ metadata: { namespace, name } }) =>
        bindingsThat((binding) => needsPool(binding, name), namespace),
      ),
      watch(poolKind, ownerKeys(bindings)),
      watch(clientAuthKind, ({ metadata: { namespace, name } }) =>
        bindingsThat((binding) => needsClient(binding, name), namespace),
      ),
      watch(clientAuthKind, ownerKeys(bindings)),
      watch(secretKind, ({ metadata: { namespace, name } }) =>
        bindingsThat((binding) => usesSecret(binding, cache, name), namespace),
      ),
      // Two may claim one host; when the older lets go, the younger may have it. And a pool is shared or exclusive by both.
      watch(bindings, (changed) =>
        bindingsThat((binding) => binding.metadata.uid !== changed.metadata.uid && sharesWith(binding, changed)),
      ),
    ],
    onNews(wake) {
      clouds.onEnd(wake);
      counts.onCounted(wake);
    },
    lookEveryMs,
    appliesInPlanMode: true,
  });
}

/** A binding reaches nothing but Kubernetes: its children do the work in Ceph and on hosts. */
function bindingReconciler(tools: ObserveTools): Reconciler<CephOpenStackBinding, ObserveTools, Observed, BindingStep> {
  return {
    connect: async () => tools,
    observe,
    plan: planBinding,
    apply: (stage, binding, { kube }, done, signal) => applySteps(stage, binding, kube, done, signal),
    describe: describeStep,
    repair: bindingRepair,
    status: bindingStatus,
  };
}

function usesSecret(binding: CephOpenStackBinding, cache: Cache, secretName: string): boolean {
  const { ssh, verification } = binding.spec;
  if (ssh.secretName === secretName || verification.openStack?.secretName === secretName) return true;
  const { namespace } = binding.metadata;
  return clientNeeds(needsOf(binding)).some((need) => {
    const client = cache.get(clientAuthKind, { namespace, name: need.objectName });
    return client !== undefined && clientSecretNameOf(client) === secretName;
  });
}

function sharesWith(a: CephOpenStackBinding, b: CephOpenStackBinding): boolean {
  const addresses = new Set(a.spec.hosts.map((host) => host.address.toLowerCase()));
  if (b.spec.hosts.some((host) => addresses.has(host.address.toLowerCase()))) return true;
  if (a.metadata.namespace !== b.metadata.namespace) return false;
  return poolNeeds(needsOf(b)).some(({ objectName }) => needsPool(a, objectName));
}
