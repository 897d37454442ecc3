import { type CephClientAuth, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { Condition } from '../../api/resource.ts';
import { keyTypeOf } from '../../ceph/key.ts';
import type { Observed } from './observed.ts';

/** The status fields of a user; never its key. A user that is not ours shows none. */
export function clientStatus(
  resource: CephClientAuth,
  observed: Observed,
): { fields: Record<string, unknown>; conditions: readonly Condition[] } {
  if (observed.kind === 'let-go' || observed.user === undefined || observed.ownership.kind !== 'ours') {
    return { fields: {}, conditions: [] };
  }
  const { user, sessions } = observed;
  return {
    fields: {
      entity: user.entity,
      caps: user.caps,
      keyType: keyTypeOf(user.key) ?? 'Unknown',
      keyFingerprint: user.key.fingerprint(),
      ...(sessions === undefined ? {} : { openSessions: sessions.length }),
      secretName: clientSecretNameOf(resource),
    },
    conditions: [],
  };
}
