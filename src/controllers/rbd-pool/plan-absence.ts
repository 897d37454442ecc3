import { poolDeletionRefusal, poolRefusal } from '../../api/policy.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { NamespaceContents, PoolContents } from '../../ceph/broker-protocol.ts';
import { poolMark, sameOwner } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Plan } from '../../kube/reconciler.ts';
import { passing, stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';
import type { PoolStep } from './steps.ts';

/** Often enough that a blocker that was just removed is seen soon. */
const blockedRetryMs = 5_000;

/** What has to be done until the pool is gone. A pool that is not ours is left alone. */
export function planAbsence(resource: RbdPool, observed: ObservedPool): Plan<PoolStep> {
  const { owner, ownership, pool, record, policy, contents, users } = observed;
  const name = poolNameOf(resource);
  if (ownership.kind !== 'ours' || pool === undefined) {
    const recorded = record !== undefined && sameOwner(record, owner);
    return { stages: recorded ? [[{ verb: 'forget-pool', pool: name }]] : [] };
  }
  const forbidden = poolRefusal(policy, name) ?? poolDeletionRefusal(policy);
  if (forbidden !== undefined) {
    return { stages: [], hold: stalled('PolicyForbids', forbidden) };
  }
  const blockers = [
    ...(users.length === 0 ? [] : [`it is used by ${users.join(', ')}`]),
    ...poolBlockers(pool),
    ...contentBlockers(contents),
  ];
  if (blockers.length > 0) {
    const message = `The pool "${name}" cannot be deleted: ${blockers.join('; ')}.`;
    return { stages: [], hold: passing('DeletionBlocked', message, blockedRetryMs) };
  }
  // Without our mark nobody can look whether it is empty.
  if (contents === undefined) return { stages: [[{ verb: 'mark-pool', pool: name, mark: poolMark(owner) }]] };
  return { stages: [[{ verb: 'delete-pool', pool: name }], [{ verb: 'forget-pool', pool: name }]] };
}

function poolBlockers({ flags, snapshots }: Pool): string[] {
  return [
    ...(snapshots.length === 0 ? [] : [`it has ${counted(snapshots, 'snapshot')}`]),
    ...(flags.includes('nodelete') ? ['its flag nodelete is set'] : []),
  ];
}

/** What in a pool speaks against deleting it, each as part of a sentence. */
export function contentBlockers(contents: PoolContents | undefined): string[] {
  if (contents === undefined) return [];
  const { namespaces, foreignObjects } = contents;
  return [
    ...namespaces.flatMap(describeNamespace),
    ...(foreignObjects.length === 0
      ? []
      : [`it holds objects that are not RBD's (${foreignObjects.map(printable).join(', ')})`]),
  ];
}

function describeNamespace({ namespace, images, trash, snapshots }: NamespaceContents): string[] {
  const holder = namespace === '' ? 'it' : `its namespace "${namespace}"`;
  const withSnapshots = snapshots === 0 ? '' : ` with ${snapshots} snapshot${snapshots === 1 ? '' : 's'} in all`;
  return [
    ...(images.length === 0 ? [] : [`${holder} holds ${counted(images, 'image')}${withSnapshots}`]),
    ...(trash.length === 0 ? [] : [`${holder} has ${counted(trash, 'image')} in the trash`]),
  ];
}

const named = 3;

/** `2 images (a, b)`, `9 images (a, b, c and 6 more)`. */
function counted(names: readonly string[], noun: string): string {
  const more = names.length > named ? ` and ${names.length - named} more` : '';
  return `${names.length} ${noun}${names.length === 1 ? '' : 's'} (${names.slice(0, named).map(printable).join(', ')}${more})`;
}

/** Images and objects are named by those who use the pool, with any bytes they like. */
function printable(name: string): string {
  const text = name.replaceAll(/\p{C}/gu, '?');
  return text.length > 64 ? `${text.slice(0, 63)}…` : text;
}
