import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Policy } from '../../api/policy.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { OpenStackView } from './openstack-view.ts';
import type { Revision } from './revisions.ts';

/** The Secret that a CephClientAuth keeps, as far as a binding needs it: nothing in it is a key. */
export interface ClientSecret {
  /** Without `client.`. */
  readonly userId: string;
  /** In mode Plan it may be `notCreatedYet`. */
  readonly fingerprint: string;
  readonly fsid: string;
  readonly monHost: string;
}

/** All that `plan` and `status` of a binding need. */
export interface Observed {
  /** Of the binding's namespace, by name; its own and others. */
  readonly pools: ReadonlyMap<string, RbdPool>;
  readonly clients: ReadonlyMap<string, CephClientAuth>;
  /** Its own hosts, by the name of their object. */
  readonly hosts: ReadonlyMap<string, CephOpenStackHost>;
  readonly revisions: readonly Revision[];
  /** Its own whose content somebody changed: used by nobody. */
  readonly alteredRevisions: readonly Pick<Revision, 'name' | 'uid'>[];
  /** What Kubernetes said of children that may not be as they are wanted, by `attemptOf`. */
  readonly refused: ReadonlyMap<string, string>;
  /** By the name of the Secret; one that is not there, or has no key yet, is missing, but for what a plan foretells. */
  readonly clientSecrets: ReadonlyMap<string, ClientSecret>;
  /** By the connection Secret of a section one of whose users is reached by another; one that cannot be read is missing. */
  readonly fsids: ReadonlyMap<string, string>;
  /** What the SSH Secret's policy allows; undefined while there is no such Secret. */
  readonly policy: Policy | undefined;
  /** Hosts whose address an older binding has: `namespace/name` of that binding, by the host's name. */
  readonly claimedByOthers: ReadonlyMap<string, string>;
  /** Names of RbdPools that other bindings of the namespace use. */
  readonly poolsOfOthers: ReadonlySet<string>;
  /** Images in pools that were counted just now, by the name of their RbdPool: those that nobody would serve any more. */
  readonly counts: ReadonlyMap<string, number>;
  /** What OpenStack says; undefined: it is not asked. */
  readonly openStack?: OpenStackView | undefined;
}
