import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost, CephOpenStackHostSpecInput } from '../../api/ceph-openstack-host.ts';
import { group, type ObjectMeta, type Resource, version } from '../../api/resource.ts';
import type { Manifest } from '../../kube/kinds.ts';
import { patchTo } from '../../kube/patch-to.ts';
import type { ClientNeed, PoolNeed } from '../binding-needs.ts';
import { digest, holdsAll } from '../canonical.ts';
import { annotationsFor, noteOf, surplusNotes, type TrialNote } from '../trial-note.ts';

export const bindingLabel = 'cephopenstack.io/binding';
const managedByLabel = 'app.kubernetes.io/managed-by';
const managedBy = 'ceph-openstack-operator';
/** Digest of what was last applied: what we no longer want of a child is noticed by it. */
const appliedAnnotation = 'cephopenstack.io/applied';

/** A child to apply: metadata that is ours, and the whole spec that we want. */
export interface ChildManifest extends Manifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** With it, an object that is gone in the meantime is not made anew. */
    readonly uid?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: NonNullable<ObjectMeta['ownerReferences']>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The metadata of whatever a binding makes. */
export function childMetadata(binding: Pick<CephOpenStackBinding, 'metadata'>, name: string) {
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
  notes: Readonly<Record<string, string>> = {},
): ChildManifest {
  const spec = withoutUndefined(wanted);
  const metadata = childMetadata(binding, name);
  const told = { labels: metadata.labels, spec, ...(Object.keys(notes).length === 0 ? {} : { notes }) };
  const annotations = { ...notes, [appliedAnnotation]: digest(told, 16) };
  return { metadata: { ...metadata, annotations }, spec };
}

/** The object of a pool or user that the binding needs of its own. */
export function needManifest(binding: CephOpenStackBinding, need: PoolNeed | ClientNeed): ChildManifest {
  return manifest(binding, need.objectName, { ...need.own, ...inheritedFields(binding, need) });
}

/** A pool or user that leaves, told by which policy; the rest of it stays as it is. Undefined: it knows already. */
export function leavingManifest(binding: CephOpenStackBinding, child: Resource): ChildManifest | undefined {
  const { deletionPolicy, mode } = binding.spec;
  if (holdsAll({ deletionPolicy, mode }, child.spec)) return undefined;
  return sameObject(child, manifest(binding, child.metadata.name, { ...child.spec, deletionPolicy, mode }));
}

/** A child as it is, in mode Plan. */
export function pausedManifest(binding: CephOpenStackBinding, child: Resource): ChildManifest {
  const notes = annotationsFor(noteOf(child));
  return sameObject(child, manifest(binding, child.metadata.name, { ...child.spec, mode: 'Plan' }, notes));
}

/** A host that leaves, told what becomes of it and how it is reached; it stays where it is and with what it has. */
export function leavingHostManifest(
  binding: CephOpenStackBinding,
  host: CephOpenStackHost,
  hostRemoval: 'Retain' | 'Clean',
): ChildManifest | undefined {
  const { hostName: name, address, port, hostKeyFingerprint, roles, revision } = host.spec;
  const held = binding.spec.hosts.find((listed) => listed.name === name && isHeld(listed));
  const place = {
    name,
    address,
    roles,
    ...(port === undefined ? {} : { port }),
    ...(hostKeyFingerprint === undefined ? {} : { hostKeyFingerprint }),
    ...(held === undefined ? {} : { mode: 'Plan' as const }),
  };
  // It leaves with what it has; a plan of before is none of its any more.
  const { planned: _, ...had } = revision ?? {};
  const wanted = hostManifest(binding, place, had);
  const spec = { ...wanted.spec, hostRemoval };
  return holdsAll(spec, host.spec) ? undefined : sameObject(host, { ...wanted, spec });
}

/** A child as it is, with other annotations; what was applied counts as outdated, so that an ordinary apply undoes it. */
export function annotatedManifest(
  binding: Pick<CephOpenStackBinding, 'metadata'>,
  child: Resource,
  annotations: Readonly<Record<string, string>>,
): ChildManifest {
  const notes = annotationsFor(noteOf(child));
  const metadata = { ...childMetadata(binding, child.metadata.name), annotations: { ...notes, ...annotations } };
  return sameObject(child, { metadata, spec: { ...child.spec } });
}

function sameObject({ metadata: { uid } }: Resource, wanted: ChildManifest): ChildManifest {
  return { ...wanted, metadata: { ...wanted.metadata, uid } };
}

function inheritedFields({ spec }: CephOpenStackBinding, { cluster }: { readonly cluster: string }) {
  const { adoption, deletionPolicy, mode } = spec;
  return { cluster: { secretName: cluster }, adoption, deletionPolicy, mode };
}

export function hostObjectName(binding: CephOpenStackBinding, hostName: string): string {
  return `${binding.metadata.name}-${hostName}`;
}

/** Whether somebody holds this one host, whatever the others do. */
export function isHeld(host: Pick<CephOpenStackBinding['spec']['hosts'][number], 'mode'>): boolean {
  return host.mode === 'Plan';
}

/** The object of one host, told which revisions are its own. */
export function hostManifest(
  binding: CephOpenStackBinding,
  host: CephOpenStackBinding['spec']['hosts'][number],
  revision: CephOpenStackHostSpecInput['revision'],
  note: TrialNote = {},
): ChildManifest {
  const { ssh, packages, restart, adoption, mode } = binding.spec;
  const { name, mode: _, ...where } = host;
  const spec: CephOpenStackHostSpecInput = {
    ...where,
    bindingName: binding.metadata.name,
    hostName: name,
    ssh,
    packages,
    restart,
    hostRemoval: hostRemovalOf(binding),
    adoption,
    mode: isHeld(host) ? 'Plan' : mode,
    ...(revision === undefined || Object.keys(revision).length === 0 ? {} : { revision }),
  };
  const wanted = spec as Readonly<Record<string, unknown>>;
  return manifest(binding, hostObjectName(binding, name), wanted, annotationsFor(note));
}

/**
 * What befalls a host whose object goes. It stands in the object from the start: under foreground deletion Kubernetes
 * deletes the hosts before the binding can say anything.
 */
export function hostRemovalOf({ spec }: CephOpenStackBinding): 'Retain' | 'Clean' {
  return spec.deletionPolicy === 'Delete' ? 'Clean' : spec.hostRemoval;
}

/** Whether the object is what was asked for, and no more. */
export function isApplied(
  wanted: ChildManifest,
  found: { readonly metadata: ObjectMeta; readonly spec: object },
): boolean {
  const { labels, annotations, ownerReferences } = found.metadata;
  return (
    holdsAll(wanted.metadata.labels, labels) &&
    holdsAll(wanted.metadata.annotations, annotations) &&
    surplusNotes(wanted.metadata.annotations, annotations).length === 0 &&
    wanted.metadata.ownerReferences.every((owner) => ownerReferences?.some((other) => holdsAll(owner, other))) &&
    patchTo(wanted.spec, found.spec) === undefined
  );
}

/** Whether an object is a child of this binding, or of the one of its name that it replaces. */
export function isChildOf(
  binding: Pick<CephOpenStackBinding, 'kind' | 'metadata'>,
  object: { readonly metadata: ObjectMeta },
): boolean {
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
