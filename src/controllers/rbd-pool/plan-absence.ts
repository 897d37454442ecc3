import { poolDeletionRefusal, poolRefusal } from '../../api/policy.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { NamespaceContents, PoolContents } from '../../ceph/broker-protocol.ts';
import { poolMark, sameOwner } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Plan } from '../../kube/reconciler.ts';
import { plural } from '../../plural.ts';
import { passing, stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';
import type { PoolStep } from './steps.ts';

/** Often enough that a blocker that was just removed is seen soon. */
const blockedRetryMs = 5_000;

/** One pool of a resource, with the fields that concern it alone. */
export interface Part {
  readonly resource: RbdPool;
  readonly observed: ObservedPool;
}

/** What has to be done until the pools are gone, one after the other. A pool that is not ours is left alone. */
export function planAbsence(parts: readonly Part[]): Plan<PoolStep> {
  const ours = parts.flatMap(({ resource, observed }) => {
    const { ownership, pool } = observed;
    return ownership.kind !== 'ours' || pool === undefined ? [] : [{ name: poolNameOf(resource), pool, observed }];
  });
  for (const { name, observed } of ours) {
    const forbidden = poolRefusal(observed.policy, name) ?? poolDeletionRefusal(observed.policy);
    if (forbidden !== undefined) return { stages: [], hold: stalled('PolicyForbids', forbidden) };
  }
  const seen = ours.map(({ name, pool, observed: { users, pools, contents } }, index) => ({
    name,
    // All of its users keep the resource, so they are told once.
    outside: [...(index === 0 && users.length > 0 ? [`it is used by ${users.join(', ')}`] : []), ...poolBlockers(pool)],
    inside: contentBlockers(contents, pools),
  }));
  const unmarked = ours.filter(({ observed }) => observed.contents === undefined);
  // Without our mark nobody can look whether it is empty.
  if (unmarked.length > 0 && seen.every(({ outside }) => outside.length === 0)) {
    const marks = unmarked.map(({ name, observed: { owner } }) => ({ name, mark: poolMark(owner) }));
    return { stages: [marks.map(({ name, mark }) => ({ verb: 'mark-pool', pool: name, mark }))] };
  }
  const blocked = seen
    .map(({ name, outside, inside }) => ({ name, blockers: [...outside, ...inside] }))
    .filter(({ blockers }) => blockers.length > 0);
  if (blocked.length > 0) {
    const sentences = blocked.map(
      ({ name, blockers }) => `The pool "${name}" cannot be deleted: ${blockers.join('; ')}.`,
    );
    return { stages: [], hold: passing('DeletionBlocked', sentences.join(' '), blockedRetryMs) };
  }
  return { stages: parts.flatMap(removal) };
}

function removal({ resource, observed }: Part): Plan<PoolStep>['stages'] {
  const { owner, ownership, pool: present, record } = observed;
  const pool = poolNameOf(resource);
  const forget: readonly PoolStep[] = [{ verb: 'forget-pool', pool }];
  if (ownership.kind === 'ours' && present !== undefined) {
    const holds = resource.spec.erasureCoded === undefined ? 'images' : 'data';
    return [[{ verb: 'delete-pool', pool, holds }], forget];
  }
  return record !== undefined && sameOwner(record, owner) ? [forget] : [];
}

function poolBlockers({ flags, snapshots }: Pool): string[] {
  return [
    ...(snapshots.length === 0 ? [] : [`it has ${counted(snapshots, 'snapshot')}`]),
    ...(flags.includes('nodelete') ? ['its flag nodelete is set'] : []),
  ];
}

/** What in a pool speaks against deleting it, each as part of a sentence. */
export function contentBlockers(contents: PoolContents | undefined, pools: readonly Pool[]): string[] {
  if (contents === undefined) return [];
  const { namespaces, foreignObjects } = contents;
  const imagePools = new Set(foreignObjects.flatMap((name) => imagePoolOf(name, pools) ?? []));
  const others = foreignObjects.filter((name) => imagePoolOf(name, pools) === undefined);
  return [
    ...namespaces.flatMap(describeNamespace),
    ...(imagePools.size === 0 ? [] : [`it holds data of images in ${[...imagePools].sort().join(' and ')}`]),
    ...(others.length === 0 ? [] : [`it holds objects that are not RBD's (${others.map(printable).join(', ')})`]),
  ];
}

/** Where the image is that an object has data of, when it is in another pool: its id is in the name. */
function imagePoolOf(object: string, pools: readonly Pool[]): string | undefined {
  const id = /(?:^|\/)rbd_data\.(\d+)\.[0-9a-f]+\.[0-9a-f]{16}$/.exec(object)?.[1];
  if (id === undefined) return undefined;
  const pool = pools.find((candidate) => candidate.id === Number(id));
  return pool === undefined ? `a pool that is no more (number ${id})` : `the pool "${printable(pool.name)}"`;
}

function describeNamespace({ namespace, images, trash, snapshots }: NamespaceContents): string[] {
  const holder = namespace === '' ? 'it' : `its namespace "${namespace}"`;
  const withSnapshots = snapshots === 0 ? '' : ` with ${plural(snapshots, 'snapshot')} in all`;
  return [
    ...(images.length === 0 ? [] : [`${holder} holds ${counted(images, 'image')}${withSnapshots}`]),
    ...(trash.length === 0 ? [] : [`${holder} has ${counted(trash, 'image')} in the trash`]),
  ];
}

const named = 3;

/** `2 images (a, b)`, `9 images (a, b, c and 6 more)`. */
function counted(names: readonly string[], noun: string): string {
  const more = names.length > named ? ` and ${names.length - named} more` : '';
  return `${plural(names.length, noun)} (${names.slice(0, named).map(printable).join(', ')}${more})`;
}

/** Images and objects are named by those who use the pool, with any bytes they like. */
function printable(name: string): string {
  const text = name.replaceAll(/\p{C}/gu, '?');
  return text.length > 64 ? `${text.slice(0, 63)}…` : text;
}
