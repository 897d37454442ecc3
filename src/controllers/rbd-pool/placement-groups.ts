import type { RbdPool } from '../../api/rbd-pool.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import { wantedPlacement } from './crush-rule.ts';
import type { ObservedPool } from './observed.ts';

/** Ceph counts on three OSDs at least (OSDMonitor::check_pg_num). */
const fewestOsds = 3;

/** Ceph's default for a pool that says nothing, with and without the autoscaler. */
const defaultSize = 3;

/**
 * Whether what is declared would pass what the OSDs may bear, counted over all pools that share them: Ceph would
 * refuse it half-way, with some settings made. Only what grows is checked; what is there already is there.
 */
export function budgetHold(resource: RbdPool, observed: ObservedPool): Hold | undefined {
  const { pool, pools, osds, placementGroupLimit } = observed;
  const { replicated, erasureCoded } = resource.spec;
  const chunks = erasureCoded && erasureCoded.dataChunks + erasureCoded.codingChunks;
  const size = chunks ?? replicated?.size ?? pool?.size ?? defaultSize;
  // An autoscaled pool starts with one group and grows only as far as there is room.
  const count = resource.spec.placementGroups?.count ?? pool?.pgNumTarget ?? 1;
  if (pool !== undefined && count * size <= pool.pgNumTarget * pool.size) return undefined;
  const takes = takenItem(resource, observed);
  if (takes === undefined) return undefined;
  const rivals = pools.filter((other) => other.id !== pool?.id && takenBy(other.crushRuleId, observed) === takes);
  const others = rivals.reduce((sum, other) => sum + other.pgNumTarget * other.size, 0);
  const bearers = Math.max(osds.get(takes) ?? 0, fewestOsds);
  const budget = placementGroupLimit * bearers;
  if (others + count * size <= budget) return undefined;
  const name = poolNameOf(resource);
  const message =
    `${count} placement groups of size ${size} for the pool "${name}" would make ${others + count * size} on ${bearers} OSDs, ` +
    `which may hold ${budget} (mon_max_pg_per_osd ${placementGroupLimit}): ask for fewer, or add OSDs.`;
  return stalled('PlacementGroupBudget', message);
}

/** What the pool's rule takes, as it will be. Undefined where that is Ceph's choice. */
function takenItem(resource: RbdPool, observed: ObservedPool): string | undefined {
  const placement = wantedPlacement(resource);
  if (placement !== undefined) {
    const { root, deviceClass } = placement;
    return deviceClass === undefined ? root : `${root}~${deviceClass}`;
  }
  const named = resource.spec.replicated?.crushRule?.name;
  if (named !== undefined) return observed.rules.find(({ name }) => name === named)?.takes;
  if (observed.pool !== undefined) return takenBy(observed.pool.crushRuleId, observed);
  return observed.rules[0]?.takes;
}

function takenBy(ruleId: number, { rules }: ObservedPool): string | undefined {
  return rules.find(({ id }) => id === ruleId)?.takes;
}
