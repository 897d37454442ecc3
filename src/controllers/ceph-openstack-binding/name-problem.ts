import { entityOf } from '../../api/ceph-client-auth.ts';
import { poolNamesOf } from '../../api/rbd-pool.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { clientNeeds, type Needs, poolNeeds } from '../binding-needs.ts';
import { stalled } from '../hold.ts';

/** Two parts of a binding of which each would make an object of its own for one pool, or for one user. */
export function nameProblem(needs: Needs): Hold | undefined {
  const pools = poolNeeds(needs).flatMap(({ at, objectName, cluster, own: spec }) => {
    const names = spec === undefined ? [] : poolNamesOf({ metadata: { name: objectName }, spec });
    const fields = ['poolName', 'erasureCoded.dataPoolName'];
    return names.map((name, index) => ({ field: `${at}.pool.${fields[index]}`, cluster, what: `the pool "${name}"` }));
  });
  const users = clientNeeds(needs).flatMap(({ at, objectName, cluster, own: spec }) => {
    if (spec === undefined) return [];
    const what = `the user "${entityOf({ metadata: { name: objectName }, spec })}"`;
    return { field: `${at}.client.clientName`, cluster, what };
  });
  const groups = Map.groupBy([...pools, ...users], ({ cluster, what }) => `${cluster} ${what}`);
  const [first, second] = [...groups.values()].find((group) => group.length > 1) ?? [];
  if (first === undefined || second === undefined) return undefined;
  return stalled(
    'InvalidSpec',
    `${first.field} and ${second.field}, as written or by default, are both ${first.what}: write another name in one of the two.`,
  );
}
