import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Resource } from '../../api/resource.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { passing } from '../hold.ts';
import { isChildOf } from './children.ts';
import type { Observed } from './observed.ts';

/** In mode Plan: what the children, which are in mode Plan too, say that they would do; equal steps of hosts in one line. */
export function foretell(binding: CephOpenStackBinding, observed: Observed): Hold | undefined {
  if (binding.spec.mode !== 'Plan') return undefined;
  const own = <T extends Resource>(objects: ReadonlyMap<string, T>): readonly T[] =>
    [...objects.values()].filter((object) => isChildOf(binding, object)).sort(byName);
  const lines = [...own<Resource>(observed.pools), ...own<Resource>(observed.clients)].flatMap(
    (child) => child.status?.plan?.map((line) => `${child.kind} "${child.metadata.name}": ${line}`) ?? [],
  );
  const onHosts = own(observed.hosts).flatMap(
    ({ spec, status }) => status?.plan?.map((line) => ({ line, host: spec.hostName })) ?? [],
  );
  for (const [line, entries] of Map.groupBy(onHosts, (entry) => entry.line)) {
    lines.push(`On ${entries.map(({ host }) => host).join(', ')}: ${line}`);
  }
  if (lines.length === 0) return undefined;
  const count = lines.length === 1 ? 'One change is' : `${lines.length} changes are`;
  const message = `${count} planned, see status.plan; set mode to Enforce to have them made.`;
  return { ...passing('ChangesPlanned', message), plan: lines };
}

function byName(a: Resource, b: Resource): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
