import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Resource } from '../../api/resource.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { isChildOf } from './children.ts';
import type { Observed } from './observed.ts';
import { type BindingStep, deletion, isGoing } from './steps.ts';

/**
 * Hosts, then users, then pools: each kind is gone before the next is deleted, whoever deletes them (under foreground
 * deletion Kubernetes does it as well). What they do in the world is their own `deletionPolicy` and `hostRemoval`.
 */
export function planDeletion(binding: CephOpenStackBinding, observed: Observed): Plan<BindingStep> {
  const kinds = [
    { verb: 'delete-host', what: 'hosts', objects: [...observed.hosts.values()] },
    { verb: 'delete-client', what: 'users', objects: [...observed.clients.values()] },
    { verb: 'delete-pool', what: 'pools', objects: [...observed.pools.values()] },
  ] as const;
  for (const { verb, what, objects } of kinds) {
    const own: readonly Resource[] = objects.filter((object: Resource) => isChildOf(binding, object));
    if (own.length === 0) continue;
    const steps = own.filter((object) => !isGoing(object)).map((object) => deletion(verb, object));
    return { stages: [steps], hold: waitingFor(what, own) };
  }
  return { stages: [] };
}

function waitingFor(what: string, left: readonly Resource[]): Hold {
  const blocked = left.flatMap((object) => {
    const conditions = object.status?.conditions ?? [];
    const ready = conditions.find((condition) => condition.type === 'Ready');
    const isAbnormal = ready?.status === 'False' && ready.reason !== 'Deleting' && ready.reason !== 'Progressing';
    return isGoing(object) && isAbnormal ? [`${object.kind} "${object.metadata.name}": ${ready.message}`] : [];
  });
  const names = left.map((object) => object.metadata.name).sort();
  const waiting = `Waiting for the ${what} ${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''} to go.`;
  if (blocked.length === 0) return { reason: 'Deleting', message: waiting, stalled: false };
  const reason = left.some(isConnectionGone) ? 'ConnectionGone' : 'DeletionBlocked';
  return { reason, message: [waiting, ...blocked.sort().slice(0, 5)].join(' '), stalled: false };
}

function isConnectionGone(object: Resource): boolean {
  return object.status?.conditions?.some((condition) => condition.reason === 'ConnectionGone') === true;
}
