import { type CephClientAuth, entityOf } from '../../api/ceph-client-auth.ts';
import { type Policy, poolRefusal, rawCapsRefusal } from '../../api/policy.ts';
import { poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import { capsFault, legacyCaps, type PoolAccess, profileCaps } from '../../ceph/access-caps.ts';
import type { Caps } from '../../ceph/caps.ts';
import { type Owner, parsePoolRecord, poolRecordKey } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { wasReady } from '../../kube/status.ts';
import { isForetold } from '../foretold.ts';
import { passing, stalled } from '../hold.ts';
import { poolOwnership } from '../pool-ownership.ts';
import { ownersOf } from '../pool-parts.ts';
import type { KeptRight } from './still-used.ts';

/** The caps that a user is to have, or why that cannot be said or given yet. */
export type WantedCaps = GivenCaps | { readonly hold: Hold };

export interface GivenCaps {
  readonly caps: Caps;
  /** What they are derived from; undefined: they are written to the letter. */
  readonly granted?: readonly PoolAccess[];
  readonly doubt?: Doubt;
  /** Rights that are not declared any more, and still used. */
  readonly kept?: readonly KeptRight[];
}

/** Where images may have their data that a user refers to: nobody knows that before their RbdPools are Ready. */
export interface Doubt {
  /** Pools in Ceph that no RbdPool declares and that the user is not given. */
  readonly pools: readonly string[];
  /** The RbdPools that are not Ready. */
  readonly rbdPools: readonly string[];
}

/** Soon, since the pools of a binding are made at the same time as its users. */
const poolRetryMs = 1_000;

/** What a cluster says of its pools. */
export interface CephPools {
  readonly pools: readonly Pool[];
  /** What is recorded in the monitors' store, by key. */
  readonly records: ReadonlyMap<string, string>;
}

/** Derives caps from pools and modes, or takes them to the letter. */
export function wantCaps(
  resource: CephClientAuth,
  policy: Policy,
  owner: Owner,
  rbdPools: readonly RbdPool[],
  { pools, records }: CephPools,
): WantedCaps {
  const { access, caps, capsStyle } = resource.spec;
  if (caps !== undefined) return rawCaps(resource, policy);
  const granted: PoolAccess[] = [];
  const waiting: string[] = [];
  for (const grant of access ?? []) {
    const found =
      grant.poolRef === undefined
        ? findPool(grant.pool ?? '', resource, rbdPools, pools)
        : findReferenced(grant.poolRef.name, resource, owner, rbdPools, { pools, records });
    if ('hold' in found) return found;
    if ('missing' in found) {
      waiting.push(found.missing);
      continue;
    }
    const { mode, namespace } = grant;
    for (const pool of found.pools) {
      const refusal = poolRefusal(policy, pool);
      if (refusal !== undefined) return { hold: stalled('PolicyForbids', refusal) };
      granted.push({ pool, mode, ...(namespace === undefined ? {} : { namespace }) });
    }
  }
  if (waiting.length > 0) {
    const message = `The user "${entityOf(resource)}" waits: ${[...new Set(waiting)].sort().join('; ')}.`;
    return { hold: passing('WaitingForPool', message, poolRetryMs) };
  }
  const doubt = doubtOf(resource, granted, rbdPools, pools);
  return { caps: derivedCaps(capsStyle, granted), granted, ...(doubt === undefined ? {} : { doubt }) };
}

/** None in mode Plan, which tells what would be taken away. */
function doubtOf(
  resource: CephClientAuth,
  granted: readonly PoolAccess[],
  rbdPools: readonly RbdPool[],
  pools: readonly Pool[],
): Doubt | undefined {
  const here = rbdPools.filter((rbdPool) => isBeside(rbdPool, resource));
  const unready = here.filter(
    (rbdPool) =>
      !wasReady(rbdPool) && resource.spec.access?.some(({ poolRef }) => poolRef?.name === rbdPool.metadata.name),
  );
  if (unready.length === 0 || resource.spec.mode === 'Plan') return undefined;
  const known = new Set([...granted.map(({ pool }) => pool), ...here.flatMap(poolNamesOf)]);
  return {
    pools: pools.map(({ name }) => name).filter((name) => !known.has(name)),
    rbdPools: unready.map(({ metadata }) => metadata.name),
  };
}

/** Of the same namespace and cluster. */
export function isBeside({ metadata, spec }: RbdPool, resource: CephClientAuth): boolean {
  return (
    metadata.namespace === resource.metadata.namespace && spec.cluster.secretName === resource.spec.cluster.secretName
  );
}

/** The caps that follow from pools and modes. */
export function derivedCaps(style: CephClientAuth['spec']['capsStyle'], access: readonly PoolAccess[]): Caps {
  return style === 'Legacy' ? legacyCaps(access) : profileCaps(access);
}

/** Their names in Ceph: of an RbdPool, that of its erasure-coded pool too. */
type Found = { readonly pools: readonly string[] } | { readonly missing: string } | { readonly hold: Hold };

function findPool(name: string, resource: CephClientAuth, rbdPools: readonly RbdPool[], pools: readonly Pool[]): Found {
  if (pools.some((pool) => pool.name === name)) return { pools: [name] };
  const isComing = rbdPools.some(
    (rbdPool) => isBeside(rbdPool, resource) && poolNamesOf(rbdPool).includes(name) && countsAsMade(resource, rbdPool),
  );
  return isComing ? { pools: [name] } : { missing: `the pool "${name}" does not exist in Ceph yet` };
}

/** A plan goes on from what it has planned: nobody would make the pools first. */
function countsAsMade(resource: CephClientAuth, rbdPool: RbdPool): boolean {
  return resource.spec.mode === 'Plan' && isForetold(rbdPool);
}

/**
 * A referenced pool counts once it is its RbdPool's: one that was refused is not what is meant. It need not be marked
 * and initialised yet; users are made meanwhile.
 */
function findReferenced(
  name: string,
  resource: CephClientAuth,
  owner: Owner,
  rbdPools: readonly RbdPool[],
  { pools, records }: CephPools,
): Found {
  const { namespace } = resource.metadata;
  const rbdPool = rbdPools.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (rbdPool === undefined) return { missing: `RbdPool "${name}" does not exist yet` };
  if (rbdPool.spec.cluster.secretName !== resource.spec.cluster.secretName) {
    const message = `RbdPool "${name}" is in the cluster of "${rbdPool.spec.cluster.secretName}", not in that of "${resource.spec.cluster.secretName}": refer to a pool of the same cluster.`;
    return { hold: stalled('InvalidSpec', message) };
  }
  const owners = ownersOf(rbdPool, owner.installation);
  const unmade = [...owners].find(([poolName, poolOwner]) => {
    const pool = pools.find((candidate) => candidate.name === poolName);
    const record = parsePoolRecord(records.get(poolRecordKey(poolName)));
    return poolOwnership(poolOwner, pool, record, []).kind !== 'ours';
  });
  if (unmade === undefined || countsAsMade(resource, rbdPool)) return { pools: [...owners.keys()] };
  return { missing: `RbdPool "${name}" has not made its pool "${unmade[0]}" yet` };
}

function rawCaps(resource: CephClientAuth, policy: Policy): WantedCaps {
  const refusal = rawCapsRefusal(policy);
  if (refusal !== undefined) return { hold: stalled('PolicyForbids', refusal) };
  return writtenCaps(resource);
}

/** Caps to the letter, whatever a policy says of them; held while Ceph would not know them. */
export function writtenCaps(resource: CephClientAuth): WantedCaps {
  const caps: Caps = Object.fromEntries(
    Object.entries(resource.spec.caps ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const fault = capsFault(caps);
  return fault === undefined ? { caps } : { hold: stalled('InvalidSpec', `${fault}.`) };
}
