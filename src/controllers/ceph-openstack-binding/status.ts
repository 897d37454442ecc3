import type { CephOpenStackBinding, CephOpenStackBindingStatus } from '../../api/ceph-openstack-binding.ts';
import type { Condition } from '../../api/resource.ts';
import { needsOf } from '../binding-needs.ts';
import { inShort } from '../in-short.ts';
import { copyOnWriteCondition } from './copy-on-write.ts';
import type { Observed } from './observed.ts';
import { openStackConditions } from './openstack-conditions.ts';
import { draftBinding } from './plan.ts';
import { specProblem } from './problems.ts';
import { rightsKeptCondition } from './rights-kept.ts';
import { planRollout, type Rollout } from './rollout.ts';

export function bindingStatus(
  binding: CephOpenStackBinding,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (binding.metadata.deletionTimestamp !== undefined) return { fields: {}, conditions: [] };
  if (specProblem(binding, observed) !== undefined) {
    const rollout = planRollout(binding, needsOf(binding), observed, undefined);
    return { fields: { hosts: countHosts(rollout), ...revisionFields(rollout) }, conditions: [] };
  }
  const { rollout, model } = draftBinding(binding, observed);
  const entities = new Map<string, string>();
  for (const { client, libvirtSecret } of [
    ...(model?.cinder?.backends ?? []),
    ...(model?.nova === undefined ? [] : [model.nova]),
  ]) {
    entities.set(libvirtSecret.uuid, `client.${client.userId}`);
  }
  const fields: Pick<CephOpenStackBindingStatus, 'hosts' | 'revision' | 'libvirtSecrets'> = {
    hosts: countHosts(rollout),
    ...revisionFields(rollout),
    ...(entities.size === 0
      ? {}
      : {
          libvirtSecrets: [...entities]
            .map(([uuid, entity]) => ({ entity, uuid }))
            .sort((a, b) => (`${a.entity} ${a.uuid}` < `${b.entity} ${b.uuid}` ? -1 : 1)),
        }),
  };
  const conditions = [
    ...distributedCondition(rollout),
    ...copyOnWriteCondition(binding, observed, model),
    ...rightsKeptCondition(binding, observed),
    ...openStackConditions(binding, observed, rollout),
  ];
  return { fields, conditions };
}

/** Against the newest revision; where none can be told, against what most hosts have. */
function countHosts({ hosts, target }: Rollout): NonNullable<CephOpenStackBindingStatus['hosts']> {
  const count = (test: (host: Rollout['hosts'][number]) => boolean): number => hosts.filter(test).length;
  const newest = target?.name ?? mostCommon(hosts.flatMap(({ object }) => object?.status?.switched ?? []));
  return {
    total: hosts.length,
    reachable: count(({ state }) => state.reachable === 'yes'),
    distributed: count(({ object }) => newest !== undefined && object?.status?.distributed === newest),
    switched: count(({ object }) => newest !== undefined && object?.status?.switched === newest),
    ready: count(({ state }) => state.ready),
    ...(hosts.some(({ isHeld }) => isHeld) ? { held: count(({ isHeld }) => isHeld) } : {}),
  };
}

/** `current` is what all hosts have, or while they are on the way, what most of the others still have. */
function revisionFields({ hosts, target }: Rollout): Pick<CephOpenStackBindingStatus, 'revision'> {
  const told = hosts.flatMap(({ object }) => object?.status?.switched ?? []);
  if (target === undefined) {
    const current = mostCommon(told);
    return current === undefined ? {} : { revision: { current } };
  }
  const isThrough = told.length === hosts.length && told.every((name) => name === target.name);
  if (isThrough && hosts.length > 0) return { revision: { current: target.name } };
  const most = mostCommon(told.filter((name) => name !== target.name));
  return { revision: { ...(most === undefined ? {} : { current: most }), next: target.name } };
}

function mostCommon(names: readonly string[]): string | undefined {
  const counts = [...Map.groupBy(names, (name) => name)];
  return counts.sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0]?.[0];
}

function distributedCondition({ hosts, target, waves }: Rollout): readonly Condition[] {
  if (target === undefined || waves === undefined) return [];
  const lacking = hosts.filter(({ object }) => object?.status?.distributed !== target.name);
  if (lacking.length === 0) {
    const message = `Revision ${target.name} is laid out on all hosts.`;
    return [{ type: 'Distributed', status: 'True', reason: 'Converged', message }];
  }
  const reason = lacking.every(({ state }) => state.reachable === 'no')
    ? 'HostUnreachable'
    : lacking.every(({ isHeld }) => isHeld)
      ? 'ChangesPlanned'
      : 'WaitingForHosts';
  const message = `Revision ${target.name} is not laid out on ${inShort(lacking.map(({ name }) => name).sort())}.`;
  return [{ type: 'Distributed', status: 'False', reason, message }];
}
