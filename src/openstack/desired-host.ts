import type { Role } from '../api/ceph-openstack-host.ts';
import type { Platform } from './distributions.ts';
import type { Release } from './releases.ts';

/**
 * What one machine needs so that its services use Ceph, as plain JSON without any key: a ControllerRevision
 * carries it per role, release and platform, and `desiredHost` (merge-roles.ts) folds a machine's roles into one.
 *
 * `distribute` only adds and disturbs nothing that runs; `services` and `options` are the switch: they change
 * what a service does and cost a restart.
 */
export interface DesiredHost {
  readonly roles: readonly Role[];
  readonly platform: Platform;
  readonly distribute: Distribute;
  readonly switch: Switch;
  /** What must work once `distribute` is done: each proved as the service's own user, with its own key. */
  readonly access: readonly AccessCheck[];
}

export interface Distribute {
  readonly packages: readonly PackageNeed[];
  readonly directories: readonly Directory[];
  readonly files: readonly WholeFile[];
  readonly keyrings: readonly KeyringFile[];
  readonly libvirtSecrets: readonly LibvirtSecret[];
}

/** A package that must be installed, in whatever version; never upgraded. */
export interface PackageNeed {
  readonly name: string;
  /** Units that must restart before they can use it, should it be newly installed. */
  readonly restarts: readonly string[];
}

/** A directory that must be there. What others put into it is theirs. */
export interface Directory {
  /** Absolute; the directory above it exists. */
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  /** Four octal digits, e.g. `0770`. */
  readonly mode: string;
}

/** A whole file of ours without secrets in it, such as Ceph's client configuration of one cluster. */
export interface WholeFile {
  /** Absolute, e.g. `/etc/ceph/ceph.conf`. */
  readonly path: string;
  readonly content: string;
  readonly owner: string;
  readonly group: string;
  /** Four octal digits, e.g. `0644`. */
  readonly mode: string;
}

/**
 * A whole file of ours: one entity's keyring. Its text is made from the key in the Kubernetes Secret `secretName`
 * (key `keyring`) of the binding's namespace, and only while that key has this fingerprint.
 *
 * One keyring may be read by two services on one host (cinder-volume and nova-compute both open client.cinder's):
 * then `owner` is the first service's user and `group` the second one's own group, mode 0640. Running processes can
 * read it at once, which a new group with the services' users in it would not give before their restart, and no
 * service gets into another's group, which would show it that service's configuration and passwords.
 */
export interface KeyringFile {
  /** Always `/etc/ceph/<cluster>.client.<user>.keyring`: os-brick looks nowhere else. */
  readonly path: string;
  /** E.g. `client.cinder`. */
  readonly entity: string;
  readonly secretName: string;
  /** `Secret.fingerprint()` of the bare key (`userKey`), not of the file's text. */
  readonly fingerprint: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
}

/** A secret of libvirt (`ephemeral='no' private='no'`, usage type ceph); its value is the key itself. */
export interface LibvirtSecret {
  /** Lower case. */
  readonly uuid: string;
  /** Unique on the host, e.g. `client.cinder secret`: libvirt refuses two secrets with one usage name. */
  readonly usageName: string;
  readonly entity: string;
  readonly secretName: string;
  readonly fingerprint: string;
}

export interface Switch {
  readonly services: readonly Service[];
  /** In the order in which new lines are written; `file`, `section`, `name` and `layout` together are unique. */
  readonly options: readonly Option[];
}

/** One unit and the configuration that its process reads. */
export interface Service {
  /** As the init system knows it, e.g. `nova-compute.service`. */
  readonly unit: string;
  readonly role: Role;
  /** The Unix user that the process runs as. */
  readonly user: string;
  readonly release: Release;
  /** Absolute, in the order in which the process reads them: a later file wins (a value of ours there is `OptionShadowed`). */
  readonly configFiles: readonly string[];
}

/** One option of a service's file, edited in place. What its value was before is kept and given back on removal. */
export interface Option {
  /** Absolute; one of a service's `configFiles`. */
  readonly file: string;
  readonly section: string;
  readonly name: string;
  readonly edit: OptionEdit;
  /** How two spellings of a value compare: `True` and `true` are one boolean, `a,b` and `b, a` one list. */
  readonly type: 'string' | 'boolean' | 'integer' | 'list';
  /** Units that must restart when the effective value changes. */
  readonly restarts: readonly string[];
  /** Holds only for a Glance of this layout (see `glanceLayout`); left out: always. */
  readonly layout?: GlanceLayout;
  /** The danger to look for on the host before the effective value is changed. */
  readonly guard?: 'InstancesOnLocalDisk' | 'VolumesWouldBeOrphaned' | 'ImagesWouldBeOrphaned';
}

export type OptionEdit =
  /** The effective value is `value`. `leave`: one that is unset (its default is right), or that is set already, stays. */
  | { readonly how: 'set'; readonly value: string; readonly leave?: 'unset' | 'set' }
  /**
   * The comma list holds `member`, which may be several with commas between; others stay, in their order. `whenUnset` are
   * the members to write beside it where the option is not set (its default, which writing it would end). A member that
   * begins with `replaces` (several likewise) makes way: `network=` for `network=writeback`. So do those of `without`,
   * which no revision names: ours of before, by a host's manifest. `brackets`: the list stands in brackets.
   */
  | {
      readonly how: 'list-member';
      readonly member: string;
      readonly whenUnset: readonly string[];
      readonly replaces?: string;
      readonly without?: readonly string[];
      readonly brackets?: true;
    }
  /** The list (members joined by `separator`) holds none of `members`; an option that is not set is left so. */
  | { readonly how: 'list-without'; readonly members: readonly string[]; readonly separator: string }
  /** The option is nowhere set in this section. */
  | { readonly how: 'absent' };

/**
 * How a glance-api.conf names its stores. `single`: `[glance_store] stores`, `default_store`, `rbd_store_*`.
 * `multi`: `[DEFAULT] enabled_backends` and a section per store. Writing both breaks silently, so the host's file decides.
 */
export type GlanceLayout = 'single' | 'multi';

/** Proof of access: on the host, as `user`, through Python's rbd module, open `pool` as `entity` with `conf`. */
export interface AccessCheck {
  /** Unix user of the service. */
  readonly user: string;
  readonly entity: string;
  readonly conf: string;
  readonly pool: string;
  readonly interpreter: 'python3' | 'python2';
}

/** One role on one kind of machine: what a ControllerRevision holds in its list `roles`. */
export interface RenderedRole {
  readonly role: Role;
  readonly platform: Platform;
  /** Of the role's own service: hosts with mixed releases find each role under its own. */
  readonly release: Release;
  readonly distribute: RoleDistribute;
  readonly switch: Switch;
  readonly access: readonly AccessCheck[];
}

/** As `Distribute`, but a keyring only names its reader: owner and group are known when a host's roles are merged. */
export interface RoleDistribute extends Omit<Distribute, 'keyrings'> {
  readonly keyrings: readonly RoleKeyring[];
}

export interface RoleKeyring extends Omit<KeyringFile, 'owner' | 'group' | 'mode'> {
  /** Unix user that must read it. */
  readonly reader: string;
}

/** The `data` of a ControllerRevision. Sorted by role, release, platform; equal content gives equal bytes and so one name. */
export interface RevisionData {
  readonly roles: readonly RenderedRole[];
}

/** Why a machine cannot be served, as a whole sentence; other machines are not concerned. */
export interface Refusal {
  readonly refused: 'HostUnsupported' | 'ReleaseUnknown' | 'ReleaseMismatch' | 'InvalidSpec' | 'WaitingForRevision';
  readonly message: string;
}
