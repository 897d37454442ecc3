import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { Role } from '../../api/ceph-openstack-host.ts';
import type { AccessCheck, Directory, Option, OptionEdit, PackageNeed, Service } from '../../openstack/desired-host.ts';
import type { Platform } from '../../openstack/distributions.ts';
import type { Project, Release } from '../../openstack/releases.ts';
import type { Placeholder } from './running-world.ts';

/*
 * What `render` says, as `--output json` prints it. The form is stable: a field is added, never renamed or given another
 * meaning under the same `version`. docs/render.md explains each.
 */

export interface Rendering {
  readonly version: 1;
  readonly placeholders: readonly Placeholder[];
  /** What was not judged, and why. */
  readonly notes: readonly string[];
  readonly pools: readonly RenderedPool[];
  readonly users: readonly RenderedUser[];
  readonly hosts: readonly RenderedHost[];
}

interface FromObject {
  /** `RbdPool openstack/cloud-glance`. */
  readonly object: string;
  /** The binding that makes the object: `openstack/cloud`. */
  readonly binding?: string;
  /** The connection Secret. */
  readonly cluster: string;
  readonly adoption: string;
  readonly deletionPolicy: string;
  readonly mode: string;
}

export interface RenderedPool extends FromObject {
  /** Its name in Ceph. */
  readonly pool: string;
  /** By Ceph's own names, in the order in which they are set; what is not here is left as it is. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** The erasure-coded pool in which the data of its images lie: a pool of its own in this list. */
  readonly dataPool?: string;
  /** What an erasure-coded pool is made from, by Ceph's own names. */
  readonly erasureProfile?: Readonly<Record<string, string>>;
  readonly crushRule?: { readonly root: string; readonly failureDomain: string; readonly deviceClass?: string };
  readonly namespaces: readonly string[];
}

export interface RenderedUser extends FromObject {
  /** `client.cinder`. */
  readonly entity: string;
  readonly caps: Readonly<Record<string, string>>;
  readonly keyType?: NonNullable<CephClientAuth['spec']['keyType']>;
  /** The Kubernetes Secret that is kept with the key. */
  readonly secret: string;
}

export interface RenderedHost {
  readonly binding: string;
  readonly name: string;
  readonly address: string;
  readonly roles: readonly Role[];
  readonly platform: Platform;
  readonly releases: Readonly<Partial<Record<Project, Release>>>;
  readonly packages: { readonly handling: 'Install' | 'VerifyOnly'; readonly needed: readonly PackageNeed[] };
  /** Made where they are missing; what is in them is not looked at. */
  readonly directories: readonly Directory[];
  /** Whole files. */
  readonly files: readonly RenderedFile[];
  /** Edits of services' own files, in the order in which they are made. */
  readonly options: readonly RenderedOption[];
  readonly libvirtSecrets: readonly RenderedSecret[];
  readonly services: readonly Service[];
  readonly restarts: { readonly handling: 'Auto' | 'Never'; readonly units: readonly string[] };
  readonly access: readonly AccessCheck[];
}

export interface RenderedFile {
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
  /** A key in it is `***`. */
  readonly content: string;
}

export interface RenderedOption {
  readonly file: string;
  readonly section: string;
  readonly name: string;
  /** What a file that says nothing of it gets; null: nothing is written there. */
  readonly value: string | null;
  readonly edit: OptionEdit;
  readonly type: Option['type'];
  readonly layout?: Option['layout'];
  readonly guard?: Option['guard'];
  readonly restarts: readonly string[];
}

export interface RenderedSecret {
  readonly uuid: string;
  readonly usageName: string;
  readonly entity: string;
  readonly key: '***';
}
