/*
 * What a binding says, in plain values: every name resolved, every default filled in, no key. The controller makes it
 * from the binding, its children and their Secrets; what it becomes on a machine is the business of this folder.
 */

export interface OpenStackModel {
  /** Of the cluster that all use but for back ends with a `conf` of their own. */
  readonly conf: CephConf;
  readonly glance?: GlanceModel;
  readonly cinder?: CinderModel;
  readonly cinderBackup?: CinderBackupModel;
  readonly nova?: NovaModel;
  /** Further options by file (`nova.conf`), section and name; already allowed by the policy. */
  readonly extraConfig: ExtraConfig;
  /** Whether services' access is to be proved. */
  readonly verifyAccess: boolean;
}

/** Ceph's client configuration for one cluster, the same on every host. */
export interface CephConf {
  /** `/etc/ceph/<cluster>.conf`: its name is the cluster's, and so part of the keyrings' names. */
  readonly path: string;
  readonly content: string;
}

/** A user of Ceph, by the Secret that keeps its key. */
export interface Client {
  /** Without `client.`. */
  readonly userId: string;
  readonly secretName: string;
  /** `Secret.fingerprint()` of the bare key. */
  readonly fingerprint: string;
}

export interface GlanceModel {
  /** The first is the default. */
  readonly stores: readonly [GlanceStoreModel, ...GlanceStoreModel[]];
  /** `multi`: the stores have names that count. `any`: the one store is written as the host's file has it. */
  readonly layout: 'multi' | 'any';
  readonly exposeDirectUrl: boolean;
  readonly imageCache: boolean;
  /** What images become as they are imported. */
  readonly conversion?: 'raw';
}

export interface GlanceStoreModel {
  /** Its id among Glance's stores, and the section of its options. */
  readonly name: string;
  readonly client: Client;
  readonly pool: string;
  readonly chunkSizeMb?: number;
}

export interface SecretIdentity {
  readonly uuid: string;
  /** Further UUIDs that hold the same key. */
  readonly keep: readonly string[];
}

export interface CinderModel {
  readonly backends: readonly CinderBackendModel[];
}

export interface CinderBackendModel {
  readonly name: string;
  /** Section of cinder.conf; `DEFAULT` up to newton. */
  readonly section: string;
  readonly client: Client;
  readonly pool: string;
  /** Of its cluster, where that is another than the one that all else uses. */
  readonly conf?: CephConf;
  /** Whether nothing but this back end uses the pool. */
  readonly exclusivePool: boolean;
  readonly maxCloneDepth?: number;
  readonly flattenVolumeFromSnapshot?: boolean;
  readonly chunkSizeMb?: number;
  readonly connectTimeoutSeconds?: number;
  readonly libvirtSecret: SecretIdentity;
}

export interface CinderBackupModel {
  readonly client: Client;
  readonly pool: string;
  readonly chunkSizeBytes?: number;
  readonly stripeUnit?: number;
  readonly stripeCount?: number;
  readonly restoreDiscardExcessBytes?: boolean;
}

export interface NovaModel {
  /** Whether each guest's client of Ceph has a socket to look into it. */
  readonly adminSocket: boolean;
  readonly client: Client;
  readonly libvirtSecret: SecretIdentity;
  /** Pool of the instances' own disks; left out: they stay where they are. */
  readonly ephemeralPool?: string;
  readonly fileInjection?: 'Disabled';
  readonly liveMigrationFlags?: readonly string[];
  readonly diskCacheModes?: readonly string[];
  readonly hwDiskDiscard?: 'Unmap' | 'Ignore';
}

export type ExtraConfig = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

/** Where librados and os-brick look for a user's key, given the cluster's configuration. */
export function keyringPath(conf: Pick<CephConf, 'path'>, entity: string): string {
  return `/etc/ceph/${clusterNameOf(conf)}.${entity}.keyring`;
}

/** `ceph` of `/etc/ceph/ceph.conf`. */
export function clusterNameOf(conf: Pick<CephConf, 'path'>): string {
  return conf.path.slice(conf.path.lastIndexOf('/') + 1).replace(/\.conf$/, '');
}
