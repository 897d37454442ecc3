import { type Caps, equalCaps } from '../../ceph/caps.ts';
import { type Owner, sameOwner, type UserRecord } from '../../ceph/marks.ts';
import type { User } from '../../ceph/users.ts';
import { type AnotherOwner, anotherOwner } from '../another-owner.ts';

/** Whose a user is. */
export type Ownership =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours' }
  /** Nobody's. `rekeyed`: we made a user of this name, and this one has another key. */
  | { readonly kind: 'unowned'; readonly rekeyed: boolean }
  | AnotherOwner;

/**
 * Told by the record in the monitors' store. It outlives `auth rm`, so it counts for the key only whose fingerprint
 * it holds; or, when a pass died between making a user and recording its key, for a user with just the caps that it
 * was to be made with. `living` are the owners of all CephClientAuths of this installation.
 */
export function userOwnership(
  own: Owner,
  user: User | undefined,
  record: UserRecord | undefined,
  living: readonly Owner[],
): Ownership {
  if (user === undefined) return ownershipOfAbsent(own, record, living);
  if (record === undefined) return { kind: 'unowned', rekeyed: false };
  const isOwn = sameOwner(record, own);
  if (!concerns(record, user)) return { kind: 'unowned', rekeyed: isOwn };
  if (isOwn) return { kind: 'ours' };
  const alive = living.some((other) => sameOwner(other, record));
  if (record.installation === own.installation && !alive) return { kind: 'unowned', rekeyed: false };
  return anotherOwner(record, own, alive);
}

/** Somebody else who is just making the user, or whose user was removed and will be put back, has the older right. */
function ownershipOfAbsent(own: Owner, record: UserRecord | undefined, living: readonly Owner[]): Ownership {
  if (record === undefined || sameOwner(record, own)) return { kind: 'absent' };
  const alive = living.some((other) => sameOwner(other, record));
  if (record.installation === own.installation && !alive) return { kind: 'absent' };
  return anotherOwner(record, own, alive);
}

function concerns(record: UserRecord, user: User): boolean {
  if ('keyFingerprint' in record) return record.keyFingerprint === user.key.fingerprint();
  return equalCaps(record.creatingWith as Caps, user.caps);
}
