import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Resource } from '../../api/resource.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { passing } from '../hold.ts';
import { inShort } from '../in-short.ts';
import { isChildOf } from './children.ts';
import { tellHosts, tellOthers } from './leaving.ts';
import type { Observed } from './observed.ts';
import { type BindingStep, deletion, isGoing } from './steps.ts';

/**
 * All are told first what the binding says by now, those that are going too: what blocks a deletion is mended by it.
 * Hosts, then users, then pools: each kind is gone before the next is deleted, whoever deletes them (under foreground
 * deletion Kubernetes does it as well). What they do in the world is their own `deletionPolicy` and `hostRemoval`.
 */
export function planDeletion(binding: CephOpenStackBinding, observed: Observed): Plan<BindingStep> {
  const own = <T extends Resource>(objects: ReadonlyMap<string, T>): readonly T[] =>
    [...objects.values()].filter((object) => isChildOf(binding, object));
  const [hosts, clients, pools] = [own(observed.hosts), own(observed.clients), own(observed.pools)];
  const told = [
    ...tellHosts(binding, hosts),
    ...tellOthers('apply-client', binding, clients),
    ...tellOthers('apply-pool', binding, pools),
  ];
  const kinds = [
    { verb: 'delete-host', what: 'hosts', left: hosts },
    { verb: 'delete-client', what: 'users', left: clients },
    { verb: 'delete-pool', what: 'pools', left: pools },
  ] as const;
  for (const { verb, what, left } of kinds) {
    if (left.length === 0) continue;
    const steps = left.filter((object) => !isGoing(object)).map((object) => deletion(verb, object));
    return { stages: [told, steps], hold: waitingFor(what, left) };
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
  const waiting = `Waiting for the ${what} ${inShort(names)} to go.`;
  if (blocked.length === 0) return passing('Deleting', waiting);
  const reason = left.some(isConnectionGone) ? 'ConnectionGone' : 'DeletionBlocked';
  return passing(reason, [waiting, ...blocked.sort().slice(0, 5)].join(' '));
}

function isConnectionGone(object: Resource): boolean {
  return object.status?.conditions?.some((condition) => condition.reason === 'ConnectionGone') === true;
}
