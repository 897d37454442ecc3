import type { ServiceRuns } from '../../api/ceph-openstack-host.ts';
import type { HostFacts } from '../../hosts/facts.ts';
import type { DesiredHost, Refusal } from '../../openstack/desired-host.ts';
import type { Platform } from '../../openstack/distributions.ts';
import type { Project, Release } from '../../openstack/releases.ts';
import type { Secret } from '../../secret.ts';
import type { ImageCount } from '../images-in.ts';
import type { HostOwner, Ownership } from './ownership.ts';

/** A cephx user as its Kubernetes Secret holds it. */
export interface ClientKey {
  /** The bare key. */
  readonly key: Secret;
  /** The text of its keyring file. */
  readonly keyring: Secret;
  /** In mode Plan: the fingerprint of the key that it stands for, which no Secret holds yet. */
  readonly foretold?: string;
}

/** One revision, folded to what this host needs of it. */
export interface HostRevision {
  readonly name: string;
  readonly desired: DesiredHost | Refusal;
}

/** All that `plan` and `status` of a host need. */
export type Observed =
  /** A host that is let go without being contacted. */
  | { readonly kind: 'let-go' }
  | {
      readonly kind: 'seen';
      readonly facts: HostFacts;
      readonly platform: Platform | Refusal;
      /** What the packages of its roles' projects say; a version that no covered release has is a refusal. */
      readonly releases: Readonly<Partial<Record<Project, Release>>>;
      /** Roles whose service is not installed, sorted. */
      readonly missingRoles: readonly string[];
      readonly unknownVersions: readonly string[];
      readonly current: HostRevision | undefined;
      readonly next: HostRevision | undefined;
      /** In mode Plan: what the host was told in truth, while `current` and `next` are what it is planned with. */
      readonly told?: { readonly current: HostRevision | undefined; readonly next: HostRevision | undefined };
      /** By the Secret that keeps it; one that is not in it cannot be laid out yet. */
      readonly keys: ReadonlyMap<string, ClientKey>;
      readonly ownership: Ownership;
      /** Who we are, for the manifest. */
      readonly owner: HostOwner;
      /** Every installed service's unit, with the files that it reads: who must restart when something is given back. */
      readonly readers: Readonly<Record<string, readonly string[]>>;
      /** Which run of each service was last seen with its options as they should be; undefined: none was ever. */
      readonly runs: ServiceRuns | undefined;
      /** RBD images in the binding's volume pools. */
      readonly volumes: ImageCount;
    };

export type SeenHost = Extract<Observed, { kind: 'seen' }>;

/** Distribution and version, as in `debian-13`; one that is still being made has no version. */
export function distributionOf({ os }: HostFacts): string {
  return [os.id, os.versionId].filter((word) => word !== '').join('-');
}

export function isRefusal(value: DesiredHost | Refusal | Platform): value is Refusal {
  return typeof value === 'object' && 'refused' in value;
}
