import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { passing } from '../hold.ts';
import type { OpenStackView } from './openstack-view.ts';
import type { Verdict } from './trial.ts';
import type { World } from './world.fixture.ts';

/** What OpenStack says of a world's hosts. Nobody is patient here: what is silent counts as down at once. */
export function openStackView(
  world: Pick<World, 'binding' | 'isOpenStackAway' | 'machine'>,
  hosts: Iterable<CephOpenStackHost>,
): OpenStackView | undefined {
  const { mode, verification } = world.binding.spec;
  if (verification.openStack === undefined || mode === 'Plan') return undefined;
  const switched = [...hosts].filter(({ spec, status }) => status?.switched === spec.revision?.current);
  const verdicts = switched.map(({ spec: { hostName, revision } }): [string, Verdict] => {
    const { silentAt, reportedAt } = world.machine(hostName);
    if (reportedAt === revision?.current) return [hostName, { kind: 'up' }];
    const kind = silentAt === revision?.current && !world.isOpenStackAway ? 'down' : 'coming';
    return [hostName, { kind, lacking: `nova-compute as ${hostName}` }];
  });
  const problem = passing('OpenStackUnreachable', 'Cannot ask Nova.');
  return {
    ...(world.isOpenStackAway ? { problem } : {}),
    services: new Map(),
    verdicts: new Map(verdicts),
    knownComputes: new Set(),
  };
}
