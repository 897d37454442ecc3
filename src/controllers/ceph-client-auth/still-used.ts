import { type CephClientAuth, entityOf } from '../../api/ceph-client-auth.ts';
import { type Policy, poolRefusal } from '../../api/policy.ts';
import type { Condition } from '../../api/resource.ts';
import { type PoolAccess, rightsOn } from '../../ceph/access-caps.ts';
import type { Caps } from '../../ceph/caps.ts';
import { stalled } from '../hold.ts';
import { inShort } from '../in-short.ts';
import { derivedCaps, type WantedCaps } from './access.ts';
import { type PoolUsers, poolUsers, type Surroundings } from './pool-users.ts';

/** A right that is not declared any more, and who may still use it. */
export interface KeptRight extends Pick<PoolAccess, 'pool' | 'mode'>, PoolUsers {
  /** RFC 3339; when it was first seen that no host tells of a use. */
  readonly unusedSince?: string;
}

export interface Clock {
  readonly nowMs: number;
  /** How long no host must have told of a use. */
  readonly graceMs: number;
}

/**
 * Caps, with the rights that the user has beyond them on pools that hosts still use as it. A guest opens its disks as the
 * user that it was started with, until Nova defines it anew; and services as theirs until they are switched. Hosts are
 * looked at one after the other, and a guest may migrate in between: a right goes when none has told of a use for a while.
 * Caps to the letter stay as they are written; and a plan tells what would be taken away in the end.
 */
export function keepUsed(
  resource: CephClientAuth,
  policy: Policy,
  wanted: WantedCaps,
  had: Caps | undefined,
  surroundings: Surroundings,
  clock: Clock,
): WantedCaps {
  if ('hold' in wanted || wanted.granted === undefined || had === undefined) return wanted;
  if (resource.spec.mode === 'Plan') return wanted;
  const kept = surroundings.pools.flatMap(({ name: pool }): readonly KeptRight[] => {
    const [mode, declared] = [rightsOn(pool, had), rightsOn(pool, wanted.caps)];
    if (mode === 'None' || mode === declared || declared === 'ReadWrite') return [];
    const users = poolUsers(pool, resource, surroundings);
    if (users.guestsOn.length + users.servicesOn.length + users.unknownOn.length > 0) return [{ pool, mode, ...users }];
    const unusedSince = leftSince(pool, resource, clock);
    return unusedSince === undefined ? [] : [{ pool, mode, ...users, unusedSince }];
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

/** Since when a right that was kept has no use; undefined: for long enough, or it was never kept. */
function leftSince(pool: string, { status }: CephClientAuth, { nowMs, graceMs }: Clock): string | undefined {
  const known = status?.keptRights?.find((right) => right.pool === pool);
  if (known === undefined) return undefined;
  const since = known.unusedSince ?? new Date(nowMs).toISOString();
  return nowMs - Date.parse(since) < graceMs ? since : undefined;
}

const type = 'RightsKept';

/** Says of rights that are kept who keeps them. */
export function rightsKept(entity: string, kept: readonly KeptRight[]): Condition {
  const message = `The user "${entity}" keeps rights that are not declared for it: ${kept.map(whoUses).join('; ')}. They go with the last who uses them.`;
  return { type, status: 'True', reason: 'StillUsed', message };
}

/** Whether a status tells of rights that hosts decide about. */
export function dependsOnHosts(status: CephClientAuth['status']): boolean {
  return (
    status?.conditions?.some((one) => one.type === type || (one.type === 'Stalled' && one.status === 'True')) === true
  );
}

function whoUses({ pool, guestsOn, servicesOn, unknownOn, unusedSince }: KeptRight): string {
  if (unusedSince !== undefined) return `the pool "${pool}", until each host was looked at once more`;
  const who = [
    ...(guestsOn.length === 0 ? [] : [`guests on ${inShort(guestsOn)} (restart them hard, or stop and start them)`]),
    ...(servicesOn.length === 0 ? [] : [`services on ${inShort(servicesOn)}, until these are switched`]),
    ...(unknownOn.length === 0 ? [] : [`perhaps ${inShort(unknownOn)}, which the operator has not configured yet`]),
  ];
  return `the pool "${pool}", used by ${who.join(', and ')}`;
}
