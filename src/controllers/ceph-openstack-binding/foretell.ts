import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Resource } from '../../api/resource.ts';
import type { Needs } from '../binding-needs.ts';
import { inShort } from '../in-short.ts';
import { isChildOf } from './children.ts';
import { leavingHosts, removalOf } from './leaving.ts';
import type { Observed } from './observed.ts';
import { isGoing } from './steps.ts';
import { unwantedClients, unwantedPools } from './unwanted.ts';

/**
 * In mode Plan: what the children, which are in mode Plan too, say that they would do, equal steps of hosts in one line;
 * and which children would go, for what is deleted does not come back when the plan is dropped.
 */
export function foretell(binding: CephOpenStackBinding, observed: Observed, needs: Needs): readonly string[] {
  const leaving = leavingHosts(binding, observed).filter((host) => !isGoing(host));
  const clients = unwantedClients(binding, needs, observed).filter((client) => !isGoing(client));
  const pools = unwantedPools(binding, needs, observed).filter((pool) => !isGoing(pool));
  const going = new Set<Resource>([...leaving, ...clients, ...pools]);
  const own = <T extends Resource>(objects: ReadonlyMap<string, T>): readonly T[] =>
    [...objects.values()].filter((object) => isChildOf(binding, object) && !going.has(object)).sort(byName);
  const inCeph = [...own<Resource>(observed.pools), ...own<Resource>(observed.clients)].flatMap(
    (child) => child.status?.plan?.map((line) => `${child.kind} "${child.metadata.name}": ${line}`) ?? [],
  );
  const byHost = own(observed.hosts).flatMap(
    ({ spec, status }) => status?.plan?.map((line) => ({ line, host: spec.hostName })) ?? [],
  );
  const onHosts = [...Map.groupBy(byHost, ({ line }) => line)].map(
    ([line, entries]) => `On ${inShort(entries.map(({ host }) => host))}: ${line}`,
  );
  return [
    ...inCeph,
    ...onHosts,
    ...leaving.map((host) => {
      const isCleaned = removalOf(binding, host) === 'Clean';
      return `Take host "${host.spec.hostName}" off, and ${isCleaned ? 'give back what was there before' : 'leave it as it is'}.`;
    }),
    ...clients.map((client) => removalOfChild(binding, client, 'its user')),
    ...pools.map((pool) => removalOfChild(binding, pool, 'its pool')),
  ];
}

function removalOfChild({ spec }: CephOpenStackBinding, { kind, metadata }: Resource, what: string): string {
  const end = spec.deletionPolicy === 'Delete' ? `and ${what} with it` : `and leave ${what} in Ceph`;
  return `Delete ${kind} "${metadata.name}", ${end}.`;
}

function byName(a: Resource, b: Resource): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
