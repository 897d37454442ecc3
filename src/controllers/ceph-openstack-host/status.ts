import type { CephOpenStackHost, HostFacts } from '../../api/ceph-openstack-host.ts';
import type { Condition } from '../../api/resource.ts';
import type { UnitFacts } from '../../hosts/facts.ts';
import { familyOf } from '../../openstack/distributions.ts';
import { clusterIn } from './access.ts';
import { imageLocationsCondition } from './image-locations.ts';
import { distributionOf, isRefusal, type Observed, type SeenHost } from './observed.ts';
import { openStackServices } from './openstack-services.ts';
import { draftHost } from './plan.ts';
import { poolUses } from './pool-uses.ts';
import { knownRuns } from './runs.ts';

/** How far the host has come: what is laid out, what its services run with, and what was seen of it. */
export function hostStatus(
  host: CephOpenStackHost,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (observed.kind === 'let-go') return { fields: {}, conditions: [] };
  const { told, ...seen } = observed;
  return presentStatus(host, { ...seen, ...told });
}

/** By what the host was told, whatever is planned for it. */
function presentStatus(host: CephOpenStackHost, observed: SeenHost): ReturnType<typeof hostStatus> {
  const { draft, steps } = draftHost(host, observed);
  const next = observed.next?.name ?? observed.current?.name;
  // None are looked at where the binding has verification.access Disabled.
  const isProved = draft.laidOut && observed.facts.access.every(({ ok }) => ok);
  const runs = knownRuns(observed);
  const services = openStackServices(host, observed);
  const isSwitched = isProved && steps.length === 0 && draft.holds.length === 0;
  const uses = poolUses(host, observed, isSwitched);
  return {
    fields: {
      facts: seenFacts(observed),
      ...(isProved && next !== undefined ? { distributed: next } : {}),
      ...(isSwitched && observed.current !== undefined ? { switched: observed.current.name } : {}),
      ...(services === undefined ? {} : { services }),
      ...(uses === undefined ? {} : { poolUses: uses }),
      ...(runs === undefined ? {} : { runs }),
    },
    conditions: [
      ...accessCondition(observed, draft.laidOut),
      ...servicesCondition(observed),
      ...imageLocationsCondition(host, observed),
    ],
  };
}

function seenFacts({ facts, releases, owner }: SeenHost): HostFacts {
  const librados = facts.packages.librados2?.version;
  return {
    address: owner.host.address,
    distribution: distributionOf(facts).slice(0, 128),
    family: familyOf(facts.os.id, facts.os.idLike),
    initSystem: facts.os.initSystem,
    releases,
    ...(librados === undefined ? {} : { libradosVersion: librados.slice(0, 128) }),
  };
}

function accessCondition(observed: SeenHost, laidOut: boolean): readonly Condition[] {
  const { access } = observed.facts;
  if (!laidOut || access.length === 0) return [];
  const nameOf = ({ check }: (typeof access)[number]): string =>
    `${check.user} as ${check.entity} on ${check.pool}${clusterIn(observed, check)}`;
  const failed = access.filter(({ ok }) => !ok).map(nameOf);
  if (failed.length > 0) {
    const message = `Not proved: ${failed.sort().join(', ')}.`;
    return [{ type: 'AccessVerified', status: 'False', reason: 'AccessDenied', message }];
  }
  const proved = access.map(nameOf).sort();
  return [{ type: 'AccessVerified', status: 'True', reason: 'Converged', message: `Proved: ${proved.join(', ')}.` }];
}

/** A service that a person stopped stays stopped; that is said here and holds nothing up. */
function servicesCondition(observed: SeenHost): readonly Condition[] {
  if (isRefusal(observed.platform)) return [];
  const stopped = Object.keys(observed.readers)
    .filter((unit) => isDown(observed.facts.units[unit]))
    .sort();
  if (stopped.length === 0) {
    return [{ type: 'ServicesRunning', status: 'True', reason: 'Converged', message: 'All its services run.' }];
  }
  const message = `Not running, and left so: ${stopped.join(', ')}.`;
  return [{ type: 'ServicesRunning', status: 'False', reason: 'ServiceStopped', message }];
}

/** For whatever reason: stopped by hand, or failed. */
function isDown(unit: UnitFacts | undefined): boolean {
  if (unit === undefined || unit.load === 'not-found' || unit.jobPending) return false;
  return unit.load === 'masked' || unit.active === 'inactive' || unit.active === 'failed';
}
