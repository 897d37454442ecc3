import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Condition, Resource } from '../../api/resource.ts';

/** Everything of ours that the user may see, each list sorted by namespace and name. */
export interface Objects {
  readonly bindings: readonly CephOpenStackBinding[];
  readonly pools: readonly RbdPool[];
  readonly clients: readonly CephClientAuth[];
  readonly hosts: readonly CephOpenStackHost[];
}

/** How an object stands, in the order in which a reader wants to hear of it. */
export const states = ['Stalled', 'Failing', 'Unseen', 'Working', 'Deleting', 'Planned', 'Ready'] as const;
export type State = (typeof states)[number];

/**
 * What kstatus would conclude, in finer words: `Stalled` wants a person, `Working` goes on by itself, `Failing` is not Ready and neither,
 * `Unseen` was not looked at since its spec changed, `Planned` is in mode Plan with something to do.
 */
export function stateOf(object: Resource): State {
  const ready = condition(object, 'Ready');
  const isSeen = ready !== undefined && object.status?.observedGeneration === object.metadata.generation;
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  // A deletion is a generation of its own; whoever waits for it wants to know what it stalls at.
  if ((isSeen || isDeleting) && isTrue(object, 'Stalled')) return 'Stalled';
  if (isDeleting) return 'Deleting';
  if (!isSeen) return 'Unseen';
  if (isTrue(object, 'Reconciling')) return 'Working';
  if (ready.status === 'True') return 'Ready';
  return ready.reason === 'ChangesPlanned' ? 'Planned' : 'Failing';
}

export function condition(object: Resource, type: Condition['type']): Condition | undefined {
  return object.status?.conditions?.find((candidate) => candidate.type === type);
}

/** Whether `object` is one that `binding` made. */
export function isChildOf(binding: Resource, object: Resource): boolean {
  return (
    object.metadata.namespace === binding.metadata.namespace &&
    (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === binding.metadata.uid)
  );
}

/** Pools, users and hosts that `binding` made. */
export function below(binding: Resource, objects: Objects): Objects {
  const ofBinding = <R extends Resource>(list: readonly R[]) => list.filter((object) => isChildOf(binding, object));
  return {
    bindings: [],
    pools: ofBinding(objects.pools),
    clients: ofBinding(objects.clients),
    hosts: ofBinding(objects.hosts),
  };
}

/** The same as one list. */
export function childrenOf(binding: Resource, objects: Objects): readonly Resource[] {
  return allOf(below(binding, objects));
}

export function allOf({ bindings, pools, clients, hosts }: Objects): readonly Resource[] {
  return [...bindings, ...pools, ...clients, ...hosts];
}

/** `RbdPool openstack/images` */
export function nameOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** What a host, Ceph or somebody else who writes specs and statuses said: on a terminal it is one plain line. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function isTrue(object: Resource, type: Condition['type']): boolean {
  return condition(object, type)?.status === 'True';
}
