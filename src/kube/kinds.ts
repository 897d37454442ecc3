import { type CephClientAuth, cephClientAuthKind } from '../api/ceph-client-auth.ts';
import { type CephOpenStackBinding, cephOpenStackBindingKind } from '../api/ceph-openstack-binding.ts';
import { type CephOpenStackHost, cephOpenStackHostKind } from '../api/ceph-openstack-host.ts';
import { type RbdPool, rbdPoolKind } from '../api/rbd-pool.ts';
import type { ObjectMeta } from '../api/resource.ts';

/** An object as the API server gives it: raw JSON, nothing lost. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<ObjectMeta, 'generation'> & { readonly generation?: number };
}

/** What one applies or creates: identity and the fields that are ours. `apiVersion` and `kind` come from the Kind. */
export interface Manifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** When given, another object under the same name is refused (see isReplaced). */
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: ObjectMeta['ownerReferences'];
    readonly finalizers?: readonly string[];
  };
  readonly [field: string]: unknown;
}

/** A kind of namespaced object; `T` is the shape that its objects are read as. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Never set: carries `T` for the compiler. */
  readonly shape?: T;
}

/** Names one object of a kind. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** Contents are base64. */
export interface SecretObject extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ControllerRevisionObject extends KubeObject {
  readonly revision: number;
  readonly data?: unknown;
}

export interface LeaseObject extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export const bindingKind: Kind<CephOpenStackBinding> = kindOf(cephOpenStackBindingKind);
export const poolKind: Kind<RbdPool> = kindOf(rbdPoolKind);
export const clientAuthKind: Kind<CephClientAuth> = kindOf(cephClientAuthKind);
export const hostKind: Kind<CephOpenStackHost> = kindOf(cephOpenStackHostKind);

export const secretKind: Kind<SecretObject> = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets' };
export const controllerRevisionKind: Kind<ControllerRevisionObject> = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
};
export const leaseKind: Kind<LeaseObject> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
};
export const eventKind: Kind = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events' };

/** `group/version`, or `v1` for the core group. */
export function apiVersion(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** The key of an object in queue and cache: `namespace/name`. */
export function keyOf(object: { readonly metadata: ObjectKey } | ObjectKey): string {
  const { namespace, name } = 'metadata' in object ? object.metadata : object;
  return `${namespace}/${name}`;
}

/** Takes `namespace/name` apart. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The keys of the object's owners of that kind: what a change of a child wakes. */
export function ownerKeys(kind: Kind): (object: KubeObject) => readonly string[] {
  return (object) =>
    (object.metadata.ownerReferences ?? [])
      .filter((owner) => owner.kind === kind.kind && owner.apiVersion.startsWith(`${kind.group}/`))
      .map((owner) => keyOf({ namespace: object.metadata.namespace, name: owner.name }));
}

function kindOf({ group, version, kind, plural }: Kind): Omit<Kind, 'shape'> {
  return { group, version, kind, plural };
}
