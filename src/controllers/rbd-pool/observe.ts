import { poolNameOf, poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Cluster } from '../../ceph/cluster.ts';
import { type CrushTree, readCrushRules, readCrushTree } from '../../ceph/crush.ts';
import { readAutoscaler } from '../../ceph/manager.ts';
import { type Owner, parsePoolRecord, poolMark, poolMarkKey, poolRecordKey } from '../../ceph/marks.ts';
import { readPlacementGroupLimit } from '../../ceph/monitors.ts';
import { readOsdMap, readUsage } from '../../ceph/osd-map.ts';
import { lookIntoPool, readPoolContents } from '../../ceph/pools.ts';
import { readRecords } from '../../ceph/records.ts';
import { Waiting } from '../../errors.ts';
import type { CephConnection } from '../ceph-connection.ts';
import { poolOwnership } from '../pool-ownership.ts';
import { ownersOf, partsOf } from '../pool-parts.ts';
import { olderRival } from '../rivals.ts';
import { wantedPlacement } from './crush-rule.ts';
import type { Observed, ObservedPool } from './observed.ts';

/** What reaches the world for the pools of one resource. */
export type PoolConnection =
  | { readonly kind: 'let-go' }
  | (CephConnection & {
      readonly kind: 'reach';
      readonly owner: Owner;
      /** All RbdPools that are known. */
      readonly siblings: readonly RbdPool[];
      readonly users: readonly string[];
    });

type Reach = Extract<PoolConnection, { kind: 'reach' }>;

/** Reads what is shared by all pools of a cluster, then the pools themselves. */
export async function observePool(
  resource: RbdPool,
  connection: PoolConnection,
  signal: AbortSignal,
): Promise<Observed> {
  if (connection.kind === 'let-go') return connection;
  const { cluster } = connection;
  const { pool, data } = partsOf(resource);
  const isDeleting = resource.metadata.deletionTimestamp !== undefined;
  const isThere = ({ map }: Shared, name: string) => map.pools.some((candidate) => candidate.name === name);
  // A second is long enough for an image to come.
  if (isDeleting) cluster.refresh();
  let shared = await readShared(cluster, signal);
  if (!isDeleting && !poolNamesOf(resource).every((name) => isThere(shared, name))) {
    // Or for a pool or a rule, which Ceph would then take for the one that we make.
    cluster.refresh();
    shared = await readShared(cluster, signal);
  }
  const [ofPool, ofData] = await Promise.all([
    observePart(pool, connection.owner, connection, shared, signal),
    data && observePart(data, { ...connection.owner, part: 'data' }, connection, shared, signal),
  ]);
  return { ...ofPool, data: ofData };
}

/** One pool in Ceph. */
async function observePart(
  resource: RbdPool,
  owner: Owner,
  { cluster, policy, siblings, users }: Reach,
  { map, usage, rules, tree, records, placementGroupLimit, autoscaler }: Shared,
  signal: AbortSignal,
): Promise<ObservedPool> {
  const name = poolNameOf(resource);
  const isDeleting = resource.metadata.deletionTimestamp !== undefined;
  const holdsImages = resource.spec.erasureCoded === undefined;
  const pool = map.pools.find((candidate) => candidate.name === name);
  const record = parsePoolRecord(records.get(poolRecordKey(name)));
  const living = siblings.flatMap((sibling) => [...ownersOf(sibling, owner.installation).values()]);
  const ownership = poolOwnership(owner, pool, record, living);
  const isMarked = pool?.applications.rbd?.[poolMarkKey] === poolMark(owner);
  const declared = siblings.flatMap((sibling) => Object.values(partsOf(sibling)));
  return {
    kind: 'seen',
    owner,
    policy,
    rival: olderRival(resource, declared, poolNameOf)?.metadata.name,
    pool,
    ownership,
    record,
    pools: map.pools,
    highestPoolId: map.highestPoolId,
    rules,
    erasureProfiles: map.erasureProfiles,
    osds: new Map(takenItems(resource, rules).map((item) => [item, tree.osdsBelow(item)])),
    failureDomains: pool === undefined && !holdsImages ? domainsOf(resource, tree) : undefined,
    placementGroupLimit,
    autoscaler,
    usage: pool === undefined ? undefined : usage.get(pool.id),
    ...(isMarked && !isDeleting && holdsImages
      ? await tryToLook(cluster, name, signal)
      : { look: undefined, silence: undefined }),
    contents:
      isMarked && isDeleting
        ? await readPoolContents(cluster, name, holdsImages ? 'images' : 'data', signal)
        : undefined,
    users,
  };
}

type Shared = Awaited<ReturnType<typeof readShared>>;

/** What serves all pools of a cluster. */
async function readShared(cluster: Cluster, signal: AbortSignal) {
  const [map, usage, rules, tree, records, placementGroupLimit, autoscaler] = await Promise.all([
    readOsdMap(cluster, signal),
    readUsage(cluster, signal),
    readCrushRules(cluster, signal),
    readCrushTree(cluster, signal),
    readRecords(cluster, signal),
    readPlacementGroupLimit(cluster, signal),
    readAutoscaler(cluster, signal),
  ]);
  return { map, usage, rules, tree, records, placementGroupLimit, autoscaler };
}

/** Monitors answer while OSDs do not, and a setting of the pool may be the very thing that brings those back. */
async function tryToLook(
  cluster: Cluster,
  pool: string,
  signal: AbortSignal,
): Promise<Pick<ObservedPool, 'look' | 'silence'>> {
  try {
    return { look: await lookIntoPool(cluster, pool, signal), silence: undefined };
  } catch (error) {
    if (!(error instanceof Waiting) || error.reason !== 'CephUnreachable') throw error;
    return { look: undefined, silence: error.message };
  }
}

/** It goes over all of the tree, so only for a pool that is still to be made. */
function domainsOf(resource: RbdPool, tree: CrushTree): number | undefined {
  const placement = wantedPlacement(resource);
  return placement && tree.failureDomains(placement);
}

/** The items that existing rules take, and the one that a rule still to be made would take. */
function takenItems(resource: RbdPool, rules: readonly { takes: string | undefined }[]): string[] {
  const { root, deviceClass } = wantedPlacement(resource) ?? {};
  const wanted = root === undefined ? [] : [deviceClass === undefined ? root : `${root}~${deviceClass}`];
  return [...rules.flatMap(({ takes }) => takes ?? []), ...wanted];
}
