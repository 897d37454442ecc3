import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Condition } from '../../api/resource.ts';
import { serviceKey } from '../../openstack-api/services.ts';
import { inShort } from '../in-short.ts';
import type { Observed } from './observed.ts';
import type { OpenStackView } from './openstack-view.ts';
import type { Rollout } from './rollout.ts';
import { wordOf } from './trial.ts';

/** What OpenStack itself says, at whatever time: told, and holding nothing up. */
export function openStackConditions(
  binding: CephOpenStackBinding,
  { openStack }: Observed,
  { hosts }: Rollout,
): readonly Condition[] {
  if (openStack === undefined) return [];
  const asksNova = binding.spec.nova !== undefined;
  const { problem, isAwaited } = openStack;
  if (problem !== undefined) {
    // Until its first answer what an operator said that ran before stands.
    const said = isAwaited === true ? binding.status?.conditions : undefined;
    const unsure = (type: Condition['type']): Condition => {
      const { status, reason, message } = said?.find((one) => one.type === type) ?? { status: 'Unknown', ...problem };
      return { type, status, reason, message };
    };
    return [unsure('ServicesUp'), ...(asksNova ? [unsure('ComputesListed')] : [])];
  }
  return [servicesUp(openStack, hosts), ...(asksNova ? [computesListed(openStack, hosts)] : [])];
}

function servicesUp({ services, glanceProblem }: OpenStackView, hosts: Rollout['hosts']): Condition {
  const type = 'ServicesUp';
  const down = hosts
    .flatMap(({ object }) => object?.status?.services ?? [])
    .filter(({ stopped, binary }) => !stopped && binary !== 'glance-api')
    .filter((service) => services.get(serviceKey(service))?.isUp !== true)
    .map(wordOf);
  if (down.length === 0 && glanceProblem === undefined) {
    return { type, status: 'True', reason: 'Converged', message: 'OpenStack has all services of the hosts up.' };
  }
  const sentences = [
    ...(down.length === 0 ? [] : [`OpenStack does not have up: ${inShort(down.sort())}.`]),
    ...(glanceProblem === undefined ? [] : [glanceProblem]),
  ];
  return { type, status: 'False', reason: 'OpenStackServiceDown', message: sentences.join(' ') };
}

/** A compute that nobody wires cannot attach volumes, whatever Nova schedules there. */
function computesListed({ services, knownComputes }: OpenStackView, hosts: Rollout['hosts']): Condition {
  const type = 'ComputesListed';
  const nameless = hosts.filter(
    ({ object }) =>
      object?.spec.roles.includes('NovaCompute') === true &&
      object.status?.services?.some(({ binary }) => binary === 'nova-compute') !== true,
  );
  if (nameless.length > 0) {
    const names = inShort(nameless.map(({ name }) => name).sort());
    const message = `Not known yet what Nova calls ${names}.`;
    return { type, status: 'Unknown', reason: 'WaitingForHosts', message };
  }
  const unlisted = [...services]
    .filter(([key, { binary }]) => binary === 'nova-compute' && !knownComputes.has(key))
    .map(([, { host }]) => host);
  if (unlisted.length === 0) {
    return {
      type,
      status: 'True',
      reason: 'Converged',
      message: 'Every compute that Nova knows is in a binding of this namespace.',
    };
  }
  const message = `Nova knows computes that are in no binding here: ${inShort(unlisted.sort())}. Add them to spec.hosts, or their guests get no volumes and no disks in Ceph.`;
  return { type, status: 'False', reason: 'ComputesUnlisted', message };
}
