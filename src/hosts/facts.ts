import type { Secret } from '../secret.ts';
import type { Manifest } from './manifest.ts';

/** What to look at on a host. All names and paths are checked (see `renderObserveScript`) before they reach the host. */
export interface ObserveRequest {
  readonly packages: readonly string[];
  /** Unit names with their suffix: `nova-compute.service`. */
  readonly units: readonly string[];
  /** Absolute paths of single files. Their content is read (up to 1 MiB each). */
  readonly files: readonly string[];
  readonly users: readonly string[];
  /** DNS names to look up as the host's own programs do. */
  readonly names: readonly string[];
  /** Look at libvirt: its secrets. */
  readonly libvirt: boolean;
  /** Look through all guests for the secrets that they use (slower: asks libvirt for each guest). */
  readonly guests: boolean;
  /** Where nova keeps instances, usually `/var/lib/nova/instances`; empty: do not count local disks. */
  readonly instanceDirectories: readonly string[];
  /** Where Glance keeps images in files, usually `/var/lib/glance/images`; empty: do not count them. */
  readonly imageDirectories: readonly string[];
  /** Accesses to prove, each as its own user. */
  readonly access: readonly AccessCheck[];
}

/** A request that asks for nothing: name in `{ ...lookAtNothing, … }` what is to be seen. */
export const lookAtNothing: ObserveRequest = {
  packages: [],
  units: [],
  files: [],
  users: [],
  names: [],
  libvirt: false,
  guests: false,
  instanceDirectories: [],
  imageDirectories: [],
  access: [],
};

/** Everything seen in one look. Strings that came from the host carry no control characters. */
export interface HostFacts {
  readonly os: OsFacts;
  readonly clock: HostClock;
  /** By name; a package that is not installed is not in it. */
  readonly packages: Readonly<Record<string, PackageFacts>>;
  /** apt or dpkg (or rpm) is at work right now. */
  readonly packageManagerBusy: boolean;
  /** By the name asked for; every asked unit is in it (`load: 'not-found'` where there is none). */
  readonly units: Readonly<Record<string, UnitFacts>>;
  /** By path; every asked file is in it. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** By the name asked for; undefined where there is no such user. */
  readonly users: Readonly<Record<string, UserFacts | undefined>>;
  /** The addresses of every name asked for; none where it has none. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** undefined where it was not asked for or virsh is not installed. */
  readonly libvirt?: LibvirtFacts;
  /** Guests that have a disk of their own in an instance directory. */
  readonly localInstances: number;
  /** Images of Glance in files of this host. */
  readonly localImages: number;
  /** In the order asked for. */
  readonly access: readonly AccessFacts[];
  readonly manifest: ManifestFacts;
}

export interface OsFacts {
  /** What the machine calls itself; empty where it does not tell. */
  readonly hostname: string;
  /** `ID` of os-release, e.g. `debian`. */
  readonly id: string;
  /** Words of `ID_LIKE`. */
  readonly idLike: readonly string[];
  readonly versionId: string;
  /** E.g. `Debian GNU/Linux 13 (trixie)`. */
  readonly prettyName: string;
  readonly initSystem: 'systemd' | 'upstart' | 'sysvinit' | 'openrc' | 'unknown';
}

/** A moment on a host, on the clock on which processes' start times are counted (suspend counts alike). */
export interface HostClock {
  readonly bootID: string;
  readonly ticks: number;
}

export interface PackageFacts {
  /** With epoch and revision: `2:18.2.7+ds-1`. */
  readonly version: string;
  /** dpkg's status (`installed`, `half-configured` …); `installed` for rpm. Packages that are away are left out. */
  readonly status: string;
}

export interface UnitFacts {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly active: string;
  /** E.g. `running`, `dead`, `auto-restart`; without systemd what starts it: `script`, `upstart`, `control`. */
  readonly sub: string;
  /** `enabled`, `disabled`, `static`, `masked`, `` … */
  readonly unitFile: string;
  /** A start, stop or restart is queued or under way. */
  readonly jobPending: boolean;
  /** systemd's id of the last start, without systemd that of our own last restart; empty when there was none. */
  readonly invocation: string;
  /** 0 while there is none. */
  readonly mainPID: number;
  /** When the main process started; undefined while there is none. Same clock as `HostFacts.clock`. */
  readonly startTicks?: number;
  /** The unit's file changed on disk: daemon-reload before a restart. */
  readonly needsReload: boolean;
  /** Another cluster manager (Pacemaker) starts and stops it. */
  readonly clusterManaged: boolean;
}

/** What stands at a path. */
export type FileFacts =
  | ({ readonly kind: 'absent' } & ParentFacts)
  | ({
      readonly kind: 'file';
      readonly owner: string;
      readonly group: string;
      /** Four octal digits: `0640`. */
      readonly mode: string;
      readonly bytes: number;
      /** Seconds since it was last written, by the host's clock; below 0 where that was set back since. */
      readonly ageSeconds: number;
      /** Lower-case hex; undefined when it is larger than 1 MiB (then there is no content either). */
      readonly sha256?: string;
      /** undefined when it is too large, or no UTF-8 text (an edit would spoil it). */
      readonly content?: Secret;
    } & ParentFacts)
  | ({
      readonly kind: 'directory';
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    } & ParentFacts)
  | ({ readonly kind: 'symlink' | 'other' } & ParentFacts);

export interface ParentFacts {
  /** The directory that it lies in does not exist. */
  readonly parentMissing: boolean;
  /**
   * Why nothing is ever written here: a directory above is a symbolic link or writable for others than root.
   * A clause for a sentence: `/etc/ceph is a symbolic link`.
   */
  readonly parentProblem?: string;
  /**
   * The directory itself belongs to somebody else, as Debian gives /etc/cinder to cinder: files in it are replaced
   * whole and never changed in place. A clause: `/etc/cinder belongs to cinder`.
   */
  readonly parentOfOther?: string;
}

export interface UserFacts {
  readonly uid: number;
  readonly gid: number;
  /** Name of its own group. */
  readonly group: string;
}

export interface LibvirtFacts {
  /** `qemu:///system` answered. When not, the lists are empty and nothing may be concluded from them. */
  readonly reachable: boolean;
  /** What virsh said when it did not answer. */
  readonly problem?: string;
  readonly secrets: readonly LibvirtSecretFacts[];
  /** Only filled when guests were asked for; sorted by guest. */
  readonly uses: readonly GuestSecretUse[];
  /** As whom guests, running or defined, open images in which pools. Only filled when guests were asked for; sorted. */
  readonly guestPools: readonly GuestPool[];
}

export interface LibvirtSecretFacts {
  /** Lower case. */
  readonly uuid: string;
  /** `ceph`, `iscsi`, `volume` … */
  readonly usageType: string;
  readonly usageName: string;
  readonly ephemeral: boolean;
  readonly private: boolean;
  /** `Secret.fingerprint()` of the base64 value; undefined while it has none, or is private (then it cannot be told). */
  readonly fingerprint?: string;
}

export interface GuestPool {
  /** E.g. `client.cinder`. */
  readonly entity: string;
  /** The pool's name in Ceph. */
  readonly pool: string;
}

/** A guest, running or defined, that a secret belongs to. It names the secret by UUID or by usage name. */
export interface GuestSecretUse {
  /** UUID of the guest. */
  readonly guest: string;
  readonly secretUUID?: string;
  readonly secretUsage?: string;
}

/** Proof of access: as `user`, through Python's rbd module, with `conf` and the keyring that it finds itself, open `pool` as `entity`. */
export interface AccessCheck {
  /** Unix user of the service. */
  readonly user: string;
  /** E.g. `client.glance`. */
  readonly entity: string;
  /** Absolute path of the ceph.conf. */
  readonly conf: string;
  readonly pool: string;
  readonly interpreter: 'python3' | 'python2';
}

export type AccessFacts =
  | { readonly check: AccessCheck; readonly ok: true }
  /** `problem` is a sentence: what failed, and the words of Ceph or of the machine. `asked`: it came as far as asking Ceph. */
  | { readonly check: AccessCheck; readonly ok: false; readonly problem: string; readonly asked?: true };

export type ManifestFacts =
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly manifest: Manifest; readonly sha256: string }
  /** It is there and cannot be used: no manifest of ours, of a newer version, too open. `problem` is a sentence. */
  | { readonly state: 'unusable'; readonly problem: string };
