import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { hosts as gauge } from '../../metrics.ts';

const states = ['ready', 'reconciling', 'planned', 'stalled', 'unreachable'] as const;

/** How many hosts are how. */
export function measureHosts(hosts: readonly CephOpenStackHost[]): void {
  const counts = Map.groupBy(hosts, stateOf);
  for (const state of states) gauge.set({ state }, counts.get(state)?.length ?? 0);
}

function stateOf({ status }: CephOpenStackHost): (typeof states)[number] {
  const conditions = status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return 'ready';
  if (ready?.reason === 'HostUnreachable') return 'unreachable';
  if (ready?.reason === 'ChangesPlanned') return 'planned';
  return conditions.some(({ type, status }) => type === 'Stalled' && status === 'True') ? 'stalled' : 'reconciling';
}
