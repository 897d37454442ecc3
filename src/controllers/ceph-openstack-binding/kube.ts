import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import {
  bindingKind,
  type ControllerRevisionObject,
  clientAuthKind,
  controllerRevisionKind,
  hostKind,
  type Kind,
  type KubeObject,
  keyOf,
  type Manifest,
  poolKind,
} from '../../kube/kinds.ts';
import { isRefused } from '../../kube/kube-error.ts';
import { patchTo } from '../../kube/patch-to.ts';
import { surplusNotes } from '../trial-note.ts';
import type { ChildManifest } from './children.ts';
import { attemptOf, createRefusals } from './refusals.ts';
import type { ChildKind } from './steps.ts';

/** What a binding needs of Kubernetes. Reads show its own writes at once, though the watches lag behind. */
export interface BindingKube {
  bindings(): readonly CephOpenStackBinding[];
  pools(namespace: string): readonly RbdPool[];
  clients(namespace: string): readonly CephClientAuth[];
  hosts(namespace: string): readonly CephOpenStackHost[];
  revisions(namespace: string): readonly ControllerRevisionObject[];
  /** What may not be so is remembered in `refused`, and thrown. */
  apply(kind: ChildKind, manifest: ChildManifest, signal: AbortSignal): Promise<void>;
  /** @see Observed */
  refused(): ReadonlyMap<string, string>;
  createRevision(manifest: Manifest, signal: AbortSignal): Promise<void>;
  /** `uid` guards against deleting another one that has the name by now. */
  delete(
    kind: ChildKind | 'ControllerRevision',
    at: { namespace: string; name: string; uid: string },
    signal: AbortSignal,
  ): Promise<void>;
}

const kinds: Readonly<Record<ChildKind | 'ControllerRevision', Kind>> = {
  RbdPool: poolKind,
  CephClientAuth: clientAuthKind,
  CephOpenStackHost: hostKind,
  ControllerRevision: controllerRevisionKind,
};

/** Over the API server and the watches' cache. */
export function bindingKube(client: Client, cache: Cache): BindingKube {
  const writes = createWrites((kind, at) => cache.get(kind, at));
  const refusals = createRefusals();
  const list = <T extends KubeObject>(kind: Kind<T>, namespace: string): readonly T[] =>
    writes.over(kind, namespace, cache.list(kind, namespace));
  return {
    bindings: () => cache.list(bindingKind),
    pools: (namespace) => list(poolKind, namespace),
    clients: (namespace) => list(clientAuthKind, namespace),
    hosts: (namespace) => list(hostKind, namespace),
    revisions: (namespace) => list(controllerRevisionKind, namespace),
    async apply(kind, manifest, signal) {
      const { namespace, name } = manifest.metadata;
      try {
        const applied = await applyOver(client, kinds[kind], manifest, signal);
        writes.note(kinds[kind], applied);
        const patch = surplusPatch(manifest, applied);
        if (patch === undefined) return;
        writes.note(kinds[kind], await client.mergePatch(kinds[kind], applied.metadata, patch, signal));
      } catch (error) {
        if (!isRefused(error)) throw error;
        const found = await client.get(kinds[kind], { namespace, name }, signal);
        if (found !== undefined) writes.note(kinds[kind], found);
        refusals.note(attemptOf(kind, manifest, found), error.message);
        throw error;
      }
    },
    refused: refusals.believed,
    async createRevision(manifest, signal) {
      writes.note(controllerRevisionKind, await client.create(controllerRevisionKind, manifest, signal));
    },
    async delete(kind, at, signal) {
      await client.delete(kinds[kind], at, { uid: at.uid, propagation: 'Background' }, signal);
      const left = await client.get(kinds[kind], at, signal);
      // Known, or nobody would have asked: a watch that knows it no more is ahead of us, not behind.
      if (left?.metadata.uid === at.uid) writes.note(kinds[kind], left, true);
      else writes.noteGone(kinds[kind], at);
    },
  };
}

/**
 * Server-side apply leaves there what somebody else put, also what excludes what is applied: the API server then refuses
 * it, and takes only both in one write.
 */
async function applyOver(client: Client, kind: Kind, manifest: ChildManifest, signal: AbortSignal) {
  try {
    return await client.apply(kind, manifest, signal);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const found = await client.get(kind, manifest.metadata, signal);
    const patch = found && surplusPatch(manifest, found);
    if (found === undefined || patch === undefined) throw error;
    await client.mergePatch(kind, found.metadata, patch, signal);
    return client.apply(kind, manifest, signal);
  }
}

/** The merge patch that makes of a child what is wanted, and no more; undefined: it is that. */
function surplusPatch(manifest: ChildManifest, found: KubeObject): Readonly<Record<string, unknown>> | undefined {
  const { annotations, resourceVersion } = found.metadata;
  const surplus = surplusNotes(manifest.metadata.annotations, annotations);
  const spec = 'spec' in found ? patchTo(manifest.spec, found.spec as object) : undefined;
  if (surplus.length === 0 && spec === undefined) return undefined;
  const metadata = { resourceVersion, annotations: Object.fromEntries(surplus.map((key) => [key, null])) };
  return { metadata, ...(spec === undefined ? {} : { spec }) };
}

/** A watch that has not brought a write back by then is broken, and the loop's next pass reads what it brings. */
const overlayMs = 5_000;

interface Write {
  /** Undefined: it is gone. */
  readonly object: KubeObject | undefined;
  readonly uid: string;
  readonly at: number;
  /** The watch knew this object, in an older version; should it know it no more, then it is gone. */
  isKnown: boolean;
}

/** Our writes that the watches have not brought back yet. */
function createWrites(seenBy: (kind: Kind, at: { namespace: string; name: string }) => KubeObject | undefined) {
  const writes = new Map<string, Write>();
  const keyIn = (kind: Kind, at: { namespace: string; name: string }): string => `${kind.plural}/${keyOf(at)}`;
  return {
    note(kind: Kind, object: KubeObject, isDeleted = false): void {
      const { metadata } = object;
      const isKnown = isDeleted || seenBy(kind, metadata)?.metadata.uid === metadata.uid;
      writes.set(keyIn(kind, metadata), { object, uid: metadata.uid, at: performance.now(), isKnown });
    },
    noteGone(kind: Kind, at: { namespace: string; name: string; uid: string }): void {
      writes.set(keyIn(kind, at), { object: undefined, uid: at.uid, at: performance.now(), isKnown: true });
    },
    over<T extends KubeObject>(kind: Kind<T>, namespace: string, seen: readonly T[]): readonly T[] {
      const objects = new Map(seen.map((object) => [keyIn(kind, object.metadata), object]));
      for (const [key, write] of writes) {
        if (performance.now() - write.at > overlayMs) writes.delete(key);
        else if (key.startsWith(`${kind.plural}/${namespace}/`)) overlay(objects, writes, key, write);
      }
      return [...objects.values()];
    },
  };
}

function overlay<T extends KubeObject>(
  objects: Map<string, T>,
  writes: Map<string, Write>,
  key: string,
  write: Write,
): void {
  const { object, uid, isKnown } = write;
  const found = objects.get(key);
  if (object === undefined) {
    if (found?.metadata.uid === uid) objects.delete(key);
    return;
  }
  write.isKnown ||= found?.metadata.uid === uid;
  const counts = found === undefined ? !isKnown : isNewer(object, found);
  // Sound: it was written as this kind, and no other has its plural.
  if (counts) objects.set(key, object as T);
  else writes.delete(key);
}

function isNewer(a: KubeObject, b: KubeObject): boolean {
  return BigInt(a.metadata.resourceVersion) > BigInt(b.metadata.resourceVersion);
}
