import type { Policy } from '../../api/policy.ts';
import type { KeyType } from '../../ceph/key.ts';
import type { Owner, UserRecord } from '../../ceph/marks.ts';
import type { User } from '../../ceph/users.ts';
import type { SecretData } from '../secrets.ts';
import type { WantedCaps } from './access.ts';
import type { Ownership } from './ownership.ts';

/** What a client has to know of its cluster. */
export interface ClientConnectionFacts {
  readonly fsid: string;
  readonly monHost: string;
}

/** All that `plan` and `status` of a user need. */
export type Observed =
  /** A user that is let go without contacting anybody. */
  { readonly kind: 'let-go' } | ObservedClient;

export interface ObservedClient {
  readonly kind: 'seen';
  readonly owner: Owner;
  readonly policy: Policy;
  readonly cluster: ClientConnectionFacts;
  /** The operator's own user. */
  readonly ownEntity: string;
  /** The name of the CephClientAuth that declared the same user first. */
  readonly rival: string | undefined;
  readonly wanted: WantedCaps;
  readonly user: User | undefined;
  readonly ownership: Ownership;
  readonly record: UserRecord | undefined;
  /** The types of key with which users may log in. */
  readonly keyTypes: readonly KeyType[];
  readonly kept: KeptSecret | undefined;
  /** Where the user is logged in from, one for each open session; asked for only while the resource is being deleted. */
  readonly sessions: readonly string[] | undefined;
  /** Resources that use the user, as `CephOpenStackBinding "cloud"`, sorted. */
  readonly users: readonly string[];
}

/** The Secret with the user's key, as it is. */
export interface KeptSecret {
  readonly data: SecretData;
  /** Whether this resource keeps it. */
  readonly isOurs: boolean;
}
