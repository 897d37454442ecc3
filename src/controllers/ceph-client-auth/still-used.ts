import { type CephClientAuth, entityOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { type Policy, poolRefusal } from '../../api/policy.ts';
import { poolNameOf, poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Condition } from '../../api/resource.ts';
import { capsFault, type PoolAccess, rightsOn } from '../../ceph/access-caps.ts';
import type { Caps } from '../../ceph/caps.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import { stalled } from '../hold.ts';
import { inShort } from '../in-short.ts';
import { derivedCaps, isBeside, type WantedCaps } from './access.ts';

/** A right that is not declared any more, and who may still use it: names of hosts, sorted. */
export interface KeptRight extends Pick<PoolAccess, 'pool' | 'mode'> {
  readonly guestsOn: readonly string[];
  readonly servicesOn: readonly string[];
  /** Hosts that have not told, or that were never configured by us: they may use any pool that is declared. */
  readonly unknownOn: readonly string[];
}

/** Of all namespaces. */
export interface Surroundings {
  readonly hosts: readonly CephOpenStackHost[];
  readonly rbdPools: readonly RbdPool[];
  readonly pools: readonly Pool[];
}

/**
 * Caps, with the rights that the user has beyond them on pools that hosts still use as it. A guest opens its disks as the
 * user that it was started with, until it is migrated or started anew; and services as theirs until they are switched.
 * Caps to the letter stay as they are written; and a plan tells what would be taken away in the end.
 */
export function keepUsed(
  resource: CephClientAuth,
  policy: Policy,
  wanted: WantedCaps,
  had: Caps | undefined,
  surroundings: Surroundings,
): WantedCaps {
  if ('hold' in wanted || wanted.granted === undefined || had === undefined) return wanted;
  if (resource.spec.mode === 'Plan' || capsFault(had) !== undefined) return wanted;
  const kept = surroundings.pools.flatMap(({ name: pool }): readonly KeptRight[] => {
    const mode = rightsOn(pool, had);
    if (mode === 'None' || mode === rightsOn(pool, wanted.caps) || rightsOn(pool, wanted.caps) === 'ReadWrite')
      return [];
    const users = usersOf(pool, resource, surroundings);
    return users.guestsOn.length + users.servicesOn.length + users.unknownOn.length === 0
      ? []
      : [{ pool, mode, ...users }];
  });
  if (kept.length === 0) return wanted;
  const forbidden = kept.find(({ pool }) => poolRefusal(policy, pool) !== undefined);
  if (forbidden !== undefined) {
    const message = `The user "${entityOf(resource)}" has rights to ${whoUses(forbidden)}; the policy forbids to give them, so its caps stay as they are: allow the pool, or move those guests and hosts to another user.`;
    return { hold: stalled('PolicyForbids', message) };
  }
  const { granted } = wanted;
  const others = granted.filter(
    (grant) => !kept.some(({ pool }) => pool === grant.pool && grant.namespace === undefined),
  );
  const access = [...others, ...kept.map(({ pool, mode }) => ({ pool, mode }))];
  return { ...wanted, caps: derivedCaps(resource.spec.capsStyle, access), kept };
}

function usersOf(
  pool: string,
  resource: CephClientAuth,
  { hosts, rbdPools, pools }: Surroundings,
): Omit<KeptRight, 'pool' | 'mode'> {
  const declaring = rbdPools.filter((rbdPool) => isBeside(rbdPool, resource));
  const declared = declaring.find((rbdPool) => poolNamesOf(rbdPool).includes(pool));
  const isErasureCoded = pools.some(({ name, type }) => name === pool && type === 'erasure');
  const entity = entityOf(resource);
  const named = (by: 'Guests' | 'Services') =>
    namesOf(hosts, resource, ({ status }) =>
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
  const unknownOn =
    declared === undefined
      ? []
      : namesOf(hosts, resource, ({ status }) => status?.switched === undefined || status.poolUses === undefined);
  return { guestsOn: named('Guests'), servicesOn: named('Services'), unknownOn };
}

function namesOf(
  hosts: readonly CephOpenStackHost[],
  { metadata }: CephClientAuth,
  test: (host: CephOpenStackHost) => boolean,
): readonly string[] {
  return hosts
    .filter((host) => host.metadata.namespace === metadata.namespace && test(host))
    .map(({ spec }) => spec.hostName)
    .sort();
}

const type = 'RightsKept';

/** Says of rights that are kept who keeps them. */
export function rightsKept(entity: string, kept: readonly KeptRight[]): Condition {
  const message = `The user "${entity}" keeps rights that are not declared for it: ${kept.map(whoUses).join('; ')}. They go with the last who uses them.`;
  return { type, status: 'True', reason: 'StillUsed', message };
}

/** Whether a status says that rights are kept. */
export function keepsRights(conditions: readonly Pick<Condition, 'type'>[] | undefined): boolean {
  return conditions?.some((condition) => condition.type === type) === true;
}

function whoUses({ pool, guestsOn, servicesOn, unknownOn }: KeptRight): string {
  const who = [
    ...(guestsOn.length === 0 ? [] : [`guests on ${inShort(guestsOn)} (restart them hard, or stop and start them)`]),
    ...(servicesOn.length === 0 ? [] : [`services on ${inShort(servicesOn)}, until these are switched`]),
    ...(unknownOn.length === 0 ? [] : [`perhaps ${inShort(unknownOn)}, which the operator has not configured yet`]),
  ];
  return `the pool "${pool}", used by ${who.join(', and ')}`;
}
