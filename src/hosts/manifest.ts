import type { HostPlace } from '../api/host-place.ts';
import type { Secret } from '../secret.ts';
import type { HostClock } from './facts.ts';

/** Where it lies: root only (0600), its lock beside it. */
export const manifestPath = '/var/lib/ceph-openstack-operator/manifest.json';

/**
 * What is ours on a host, kept on the host: so that another binding is refused, a former value can be given back,
 * and a restart that a crash cut off is still known. Read with the facts; written only by the step `write-manifest`.
 */
export interface Manifest {
  readonly version: 1;
  readonly owner: ManifestOwner;
  /** Whole files of ours, by path. */
  readonly files: Readonly<Record<string, ManifestFile>>;
  /** Options edited in services' files; `file`, `section` and `name` together are unique. */
  readonly options: readonly ManifestOption[];
  /** By UUID, lower case. */
  readonly libvirtSecrets: Readonly<Record<string, ManifestSecret>>;
  /** Names of packages that were missing and that we brought; sorted. They are never removed. */
  readonly packages: readonly string[];
  /** Directories that we made; sorted. */
  readonly directories: readonly string[];
  /** By unit: the last change that wants it restarted. */
  readonly debts: Readonly<Record<string, RestartDebt>>;
}

/** The binding that this host belongs to. */
export interface ManifestOwner {
  readonly installation: string;
  readonly namespace: string;
  readonly name: string;
  /** The binding's host that the machine is; left out by versions that did not write it. */
  readonly host?: ManifestHost;
}

/** A host of a binding by its name there, and where it answered when that was written. */
export interface ManifestHost extends HostPlace {
  readonly name: string;
}

export interface ManifestFile {
  /** Of what we wrote. */
  readonly sha256: string;
  readonly former: FormerFile;
}

export interface Permissions {
  readonly owner: string;
  readonly group: string;
  /** Four octal digits. */
  readonly mode: string;
}

/** What stood at a path before us. */
export type FormerFile =
  | { readonly kind: 'absent' }
  /**
   * It was there with the content we want, or holds a key (never copied elsewhere): when we go its content is left as it
   * is, and who may read it becomes what it was. Left out: that was not to be told, as of an owner without a name.
   */
  | { readonly kind: 'adopted'; readonly permissions?: Permissions }
  | ({ readonly kind: 'content'; readonly content: Secret } & Permissions);

export interface ManifestOption {
  readonly file: string;
  readonly section: string;
  readonly name: string;
  /** The effective value after our edit; null: we took the option out. */
  readonly written: Secret | null;
  /** What stood there before; null: nothing did. */
  readonly former: Secret | null;
  /** For a list that we only added to: our member (several with commas between), which alone is taken out again. */
  readonly member?: string;
  /** How two spellings of its value compare: `True` and `true` are one boolean, `a,b` and `b, a` one list. That is read back as a string. */
  readonly type: 'string' | 'boolean' | 'integer' | 'list';
  /** The file had no such section before: it goes with its last option. */
  readonly sectionMade: boolean;
}

export interface ManifestSecret {
  readonly usageName: string;
  /** It was there before us and is left when we go. */
  readonly adopted: boolean;
}

/**
 * A unit that must have started after `since` to run with what it should.
 *
 * Written in two halves: before the change with `Pending` (a crash in between then costs one restart, never a missed one),
 * and after it, in the same transaction, with `Now`, which the host replaces by its clock as it writes.
 * A manifest that was read never holds `Now`.
 */
export interface RestartDebt {
  /** Digest of the restart-relevant settings that the unit is to run with. */
  readonly digest: string;
  readonly since: HostClock | 'Pending' | 'Now';
  /** As the unit was at the look before the change: what it was doing then is not our change's fault. */
  readonly before: {
    /** `UnitFacts.invocation`; a failed unit that still has it was not started since. */
    readonly invocation: string;
    /** It was failing already: told afterwards, and no failure of ours. */
    readonly failing: boolean;
  };
}
