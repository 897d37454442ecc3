import { type CephClientAuth, clientSecretNameOf, entityOf } from '../../api/ceph-client-auth.ts';
import type { Condition } from '../../api/resource.ts';
import { canBreakLocks, capsFault } from '../../ceph/access-caps.ts';
import { keyCreated, keyTypeOf } from '../../ceph/key.ts';
import type { Observed, ObservedClient } from './observed.ts';
import { planClient } from './plan.ts';
import { type KeptRight, rightsKept } from './still-used.ts';

/** The status fields of a user; never its key. A user that is not ours shows none but what is planned for it. */
export function clientStatus(
  resource: CephClientAuth,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (observed.kind === 'let-go') return { fields: {}, conditions: [] };
  const kept = keptIn(observed);
  const fields = {
    ...present(resource, observed),
    ...(kept.length === 0
      ? {}
      : {
          keptRights: kept.map(({ pool, unusedSince }) => ({
            pool,
            ...(unusedSince === undefined ? {} : { unusedSince }),
          })),
        }),
    ...foretold(resource, observed),
  };
  return {
    fields,
    conditions: [
      ...locksCondition(resource, observed),
      ...(kept.length === 0 ? [] : [rightsKept(entityOf(resource), kept)]),
    ],
  };
}

/** Caps to the letter are given as they are: what they lack for a dead client's locks is only told. */
function locksCondition({ spec }: CephClientAuth, { user, ownership }: ObservedClient): readonly Condition[] {
  if (spec.caps === undefined || user === undefined || ownership.kind !== 'ours') return [];
  const type = 'LocksBreakable';
  if (capsFault(user.caps) !== undefined) return [];
  if (canBreakLocks(user.caps)) {
    const message = `The user "${user.entity}" can break the locks of a dead client.`;
    return [{ type, status: 'True', reason: 'Converged', message }];
  }
  const message = `The user "${user.entity}" writes images and may not blocklist a dead client, whose locks then stay: add "profile rbd" or the command "osd blocklist" to its mon cap.`;
  return [{ type, status: 'False', reason: 'LocksUnbreakable', message }];
}

function keptIn({ ownership, wanted }: ObservedClient): readonly KeptRight[] {
  return ownership.kind !== 'ours' || 'hold' in wanted ? [] : (wanted.kept ?? []);
}

function present(resource: CephClientAuth, { user, ownership, sessions }: ObservedClient): Record<string, unknown> {
  if (user === undefined || ownership.kind !== 'ours') return {};
  const created = keyCreated(user.key);
  return {
    entity: user.entity,
    caps: user.caps,
    keyType: keyTypeOf(user.key) ?? 'Unknown',
    ...(created === undefined ? {} : { keyCreated: created }),
    keyFingerprint: user.key.fingerprint(),
    ...(sessions === undefined ? {} : { openSessions: sessions.length }),
    secretName: clientSecretNameOf(resource),
  };
}

/** What a plan for hosts needs of a Secret that is only planned. */
function foretold(resource: CephClientAuth, observed: ObservedClient): Record<string, unknown> {
  if (resource.spec.mode !== 'Plan') return {};
  const steps = planClient(resource, observed).stages.flat();
  if (!steps.some((step) => step.verb === 'write-secret')) return {};
  const restored = steps.find((step) => step.verb === 'restore-user');
  const keyFingerprint = observed.user?.key.fingerprint() ?? restored?.keyFingerprint;
  const { fsid, monHost } = observed.cluster;
  return { foretold: { fsid, monHost, ...(keyFingerprint === undefined ? {} : { keyFingerprint }) } };
}
