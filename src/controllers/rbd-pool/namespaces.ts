import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import { sameOwner } from '../../ceph/marks.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';
import type { PoolStep } from './steps.ts';

export interface NamespacePlan {
  /** The namespaces that count as made by us, sorted: recorded before they are made. */
  readonly recorded: readonly string[];
  readonly create: readonly PoolStep[];
  readonly remove: readonly PoolStep[];
  readonly hold?: Hold;
}

/** Declared namespaces are made; one that is no longer declared is removed if we made it and it is empty. */
export function planNamespaces(resource: RbdPool, observed: ObservedPool): NamespacePlan {
  const { record, owner, look, pool: present } = observed;
  const wanted = resource.spec.namespaces;
  const ours = record !== undefined && sameOwner(record, owner) ? record.namespaces : [];
  // Before the pool bears our mark nobody can look into it.
  if (wanted === undefined || (look === undefined && present !== undefined)) {
    return { recorded: [...ours], create: [], remove: [] };
  }
  const pool = poolNameOf(resource);
  const images = look?.images ?? {};
  const existing = Object.keys(images).filter((namespace) => namespace !== '');
  const missing = wanted.filter((namespace) => !existing.includes(namespace)).sort();
  const unwanted = ours.filter((namespace) => !wanted.includes(namespace) && existing.includes(namespace)).sort();
  const full = unwanted.filter((namespace) => (images[namespace] ?? 0) > 0);
  const recorded = [...new Set([...ours.filter((namespace) => existing.includes(namespace)), ...missing])].sort();
  const plan = {
    recorded,
    create: missing.map((namespace) => ({ verb: 'create-namespace' as const, pool, namespace })),
    remove: unwanted
      .filter((namespace) => !full.includes(namespace))
      .map((namespace) => ({ verb: 'remove-namespace' as const, pool, namespace })),
  };
  if (full.length === 0) return plan;
  const names = full.map((namespace) => `"${namespace}"`).join(', ');
  const message = `The RBD namespace ${names} of the pool "${pool}" is no longer declared and still holds images: move or delete them, or declare it again.`;
  return { ...plan, hold: stalled('DeletionBlocked', message) };
}
