import { type CephClientAuth, entityOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { poolNameOf, poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { isBeside } from './access.ts';

/** What is known of those who may use a pool; of all namespaces. */
export interface Surroundings {
  readonly bindings: readonly CephOpenStackBinding[];
  readonly hosts: readonly CephOpenStackHost[];
  readonly rbdPools: readonly RbdPool[];
  readonly pools: readonly Pool[];
}

/** Who uses a pool as a certain user: names of hosts, sorted. */
export interface PoolUsers {
  readonly guestsOn: readonly string[];
  readonly servicesOn: readonly string[];
  /** Hosts that have not told, or that were never configured by us: they may use any pool that is declared. */
  readonly unknownOn: readonly string[];
}

export function poolUsers(pool: string, resource: CephClientAuth, surroundings: Surroundings): PoolUsers {
  const { rbdPools, pools } = surroundings;
  const here = ({ metadata: { namespace } }: { metadata: { namespace: string } }) =>
    namespace === resource.metadata.namespace;
  const hosts = surroundings.hosts.filter(here);
  const declaring = rbdPools.filter((rbdPool) => isBeside(rbdPool, resource));
  const declared = declaring.find((rbdPool) => poolNamesOf(rbdPool).includes(pool));
  const isErasureCoded = pools.some(({ name, type }) => name === pool && type === 'erasure');
  const entity = entityOf(resource);
  const named = (by: 'Guests' | 'Services') =>
    namesOf(hosts, ({ status }) =>
      (status?.poolUses ?? []).some(
        (use) =>
          use.entity === entity &&
          use.by.includes(by) &&
          // Who opens images names the pool that lists them, never the one with their data.
          (declared === undefined
            ? use.pool === pool || (isErasureCoded && !declaring.some((one) => poolNamesOf(one).includes(use.pool)))
            : use.pool === poolNameOf(declared)),
      ),
    );
  const isUnknown = ({ status }: CephOpenStackHost): boolean =>
    declared === undefined
      ? status?.switched !== undefined && status.poolUses === undefined
      : status?.switched === undefined || status.poolUses === undefined;
  const unmade =
    declared === undefined ? [] : surroundings.bindings.filter(here).flatMap((one) => unmadeOf(one, hosts));
  const unknownOn = [...new Set([...namesOf(hosts, isUnknown), ...unmade])].sort();
  return { guestsOn: named('Guests'), servicesOn: named('Services'), unknownOn };
}

/** Hosts that a binding lists and that have no object yet, as when it was just applied. */
function unmadeOf({ metadata, spec }: CephOpenStackBinding, hosts: readonly CephOpenStackHost[]): readonly string[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const made = new Set(
    hosts.filter((host) => host.spec.bindingName === metadata.name).map((host) => host.spec.hostName),
  );
  return spec.hosts.map(({ name }) => name).filter((name) => !made.has(name));
}

function namesOf(hosts: readonly CephOpenStackHost[], test: (host: CephOpenStackHost) => boolean): readonly string[] {
  return hosts
    .filter(test)
    .map(({ spec }) => spec.hostName)
    .sort();
}
