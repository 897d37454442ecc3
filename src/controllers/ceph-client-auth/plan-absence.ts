import { type CephClientAuth, entityOf } from '../../api/ceph-client-auth.ts';
import { entityRefusal } from '../../api/policy.ts';
import { sameOwner } from '../../ceph/marks.ts';
import type { Plan } from '../../kube/reconciler.ts';
import { passing, stalled } from '../hold.ts';
import type { ObservedClient } from './observed.ts';
import type { ClientStep } from './steps.ts';

/** Often enough that a blocker that was just removed is seen soon. */
const blockedRetryMs = 5_000;

/** What has to be done until the user is gone. Its Secret goes with the resource. A user that is not ours is left alone. */
export function planAbsence(resource: CephClientAuth, observed: ObservedClient): Plan<ClientStep> {
  const { owner, ownership, user, record, users, sessions, policy, ownEntity } = observed;
  const entity = entityOf(resource);
  if (ownership.kind !== 'ours' || user === undefined) {
    const recorded = record !== undefined && sameOwner(record, owner);
    return { stages: recorded ? [[{ verb: 'forget-user', entity }]] : [] };
  }
  const forbidden = entityRefusal(policy, entity, ownEntity);
  if (forbidden !== undefined) {
    return { stages: [], hold: stalled('PolicyForbids', forbidden) };
  }
  if (users.length > 0) {
    const message = `The user "${entity}" cannot be deleted: it is used by ${users.join(', ')}.`;
    return { stages: [], hold: passing('DeletionBlocked', message, blockedRetryMs) };
  }
  if (sessions === undefined) {
    const message = `The user "${entity}" cannot be deleted: the monitors do not say who is logged in with it.`;
    return { stages: [], hold: passing('CephUnreachable', message) };
  }
  if (sessions.length > 0) {
    const from = [...new Set(sessions)].sort().join(', ');
    const message = `The user "${entity}" cannot be deleted: it is logged in from ${from}; stop what uses it there.`;
    return { stages: [], hold: passing('SessionsOpen', message, blockedRetryMs) };
  }
  return { stages: [[{ verb: 'delete-user', entity }], [{ verb: 'forget-user', entity }]] };
}
