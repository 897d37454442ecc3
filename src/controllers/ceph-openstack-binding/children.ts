import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHostSpecInput } from '../../api/ceph-openstack-host.ts';
import { group, type ObjectMeta, version } from '../../api/resource.ts';
import { digest, holdsAll } from './canonical.ts';
import type { ClientNeed, PoolNeed } from './sections.ts';

export const bindingLabel = 'cephopenstack.io/binding';
export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'ceph-openstack-operator';
/** Digest of what was last applied: what we no longer want of a child is noticed by it. */
const appliedAnnotation = 'cephopenstack.io/applied';

/** A child to apply: metadata that is ours, and the whole spec that we want. */
export interface ChildManifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: NonNullable<ObjectMeta['ownerReferences']>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The metadata of whatever a binding makes. */
export function childMetadata(binding: CephOpenStackBinding, name: string) {
  const { namespace, name: bindingName, uid } = binding.metadata;
  return {
    name,
    namespace,
    labels: { [bindingLabel]: bindingName, [managedByLabel]: managedBy },
    ownerReferences: [
      {
        apiVersion: `${group}/${version}`,
        kind: 'CephOpenStackBinding',
        name: bindingName,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

function manifest(
  binding: CephOpenStackBinding,
  name: string,
  wanted: Readonly<Record<string, unknown>>,
): ChildManifest {
  const spec = withoutUndefined(wanted);
  const metadata = childMetadata(binding, name);
  const annotations = { [appliedAnnotation]: digest({ labels: metadata.labels, spec }, 16) };
  return { metadata: { ...metadata, annotations }, spec };
}

export function poolManifest(binding: CephOpenStackBinding, need: PoolNeed): ChildManifest {
  return manifest(binding, need.objectName, { ...need.own, ...inheritedFields(binding) });
}

export function clientManifest(binding: CephOpenStackBinding, need: ClientNeed): ChildManifest {
  return manifest(binding, need.objectName, { ...need.own, ...inheritedFields(binding) });
}

function inheritedFields({ spec }: CephOpenStackBinding) {
  const { cluster, adoption, deletionPolicy, mode } = spec;
  return { cluster, adoption, deletionPolicy, mode };
}

export function hostObjectName(binding: CephOpenStackBinding, hostName: string): string {
  return `${binding.metadata.name}-${hostName}`;
}

/** The object of one host, told which revisions are its own. */
export function hostManifest(
  binding: CephOpenStackBinding,
  host: CephOpenStackBinding['spec']['hosts'][number],
  revision: CephOpenStackHostSpecInput['revision'],
): ChildManifest {
  const { ssh, packages, restart, adoption, mode } = binding.spec;
  const { name, ...where } = host;
  const spec: CephOpenStackHostSpecInput = {
    ...where,
    bindingName: binding.metadata.name,
    hostName: name,
    ssh,
    packages,
    restart,
    hostRemoval: hostRemovalOf(binding),
    adoption,
    mode,
    ...(revision === undefined || Object.keys(revision).length === 0 ? {} : { revision }),
  };
  return manifest(binding, hostObjectName(binding, name), spec as Readonly<Record<string, unknown>>);
}

/**
 * What befalls a host whose object goes. It stands in the object from the start: under foreground deletion Kubernetes
 * deletes the hosts before the binding can say anything.
 */
function hostRemovalOf({ spec }: CephOpenStackBinding): 'Retain' | 'Clean' {
  return spec.deletionPolicy === 'Delete' ? 'Clean' : spec.hostRemoval;
}

/** Whether the object is what was asked for. */
export function isApplied(
  wanted: ChildManifest,
  found: { readonly metadata: ObjectMeta; readonly spec: unknown },
): boolean {
  const { labels, annotations, ownerReferences } = found.metadata;
  return (
    holdsAll(wanted.metadata.labels, labels) &&
    holdsAll(wanted.metadata.annotations, annotations) &&
    wanted.metadata.ownerReferences.every((owner) => ownerReferences?.some((other) => holdsAll(owner, other))) &&
    holdsAll(wanted.spec, found.spec)
  );
}

/** Whether an object is a child of this binding, or of the one of its name that it replaces. */
export function isChildOf(binding: CephOpenStackBinding, object: { readonly metadata: ObjectMeta }): boolean {
  const { labels, ownerReferences } = object.metadata;
  const owner = ownerReferences?.find((reference) => reference.controller === true);
  if (owner !== undefined && owner.uid === binding.metadata.uid) return true;
  const isOfOurName = owner === undefined || (owner.kind === binding.kind && owner.name === binding.metadata.name);
  return labels?.[bindingLabel] === binding.metadata.name && isOfOurName;
}

/** As JSON would carry it, so that it compares with what the API server gives back. */
function withoutUndefined(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(value));
}
