import { errno } from '../../ceph/broker-protocol.ts';
import { CephError, type Cluster } from '../../ceph/cluster.ts';
import { createCrushRule, readCrushRules } from '../../ceph/crush.ts';
import { type Owner, type PoolRecord, poolRecordKey } from '../../ceph/marks.ts';
import { readOsdMap } from '../../ceph/osd-map.ts';
import {
  createErasureProfile,
  createNamespace,
  createPool,
  initPool,
  markPool,
  readPoolContents,
  removeNamespace,
  removePool,
  setDataPool,
  setPoolVariable,
  setQuota,
} from '../../ceph/pools.ts';
import { removeRecord, writeRecord } from '../../ceph/records.ts';
import { Invalid, Waiting } from '../../errors.ts';
import { ruleHold } from './crush-rule.ts';
import type { PoolConnection } from './observe.ts';
import { contentBlockers } from './plan-absence.ts';
import type { PoolStep } from './steps.ts';

type Reach = Extract<PoolConnection, { kind: 'reach' }>;

/** Does one step. Each is idempotent: Ceph answers 0, or the same again, to what is done already. */
export async function applyPoolStep(step: PoolStep, connection: Reach, signal: AbortSignal): Promise<void> {
  const { cluster } = connection;
  switch (step.verb) {
    case 'record-intent':
      return writeRecord(cluster, poolRecordKey(step.pool), intent(step.owner, step.highestPoolId), signal);
    case 'create-crush-rule':
      return createRule(step, connection, signal);
    case 'create-erasure-profile':
      return createProfile(step, cluster, signal);
    case 'create-pool':
      return withinBudget(createPool(cluster, step.like, signal));
    case 'mark-pool':
      return markPool(cluster, step.pool, step.mark, signal);
    case 'record-owner':
      return recordOwner(step, cluster, signal);
    case 'set-variable':
      return setVariable(step, cluster, signal);
    case 'set-quota':
      return setQuota(cluster, step.pool, step.field, step.to, signal);
    case 'init-pool':
      return initPool(cluster, step.pool, step.hasSnapshots, signal);
    case 'create-namespace':
      return createNamespace(cluster, step.pool, step.namespace, signal);
    case 'remove-namespace':
      try {
        return await removeNamespace(cluster, step.pool, step.namespace, signal);
      } catch (error) {
        throw explainBusyNamespace(error, step.pool, step.namespace);
      }
    case 'set-data-pool':
      return setDataPool(cluster, step.pool, step.dataPool, signal);
    case 'delete-pool':
      return deletePool(step, cluster, signal);
    case 'forget-pool':
      return removeRecord(cluster, poolRecordKey(step.pool), signal);
  }
}

/** Compares once more: Ceph answers 0 also to one of that name which somebody made in the meantime. */
async function createRule(
  { name, placement }: Extract<PoolStep, { verb: 'create-crush-rule' }>,
  { cluster }: Reach,
  signal: AbortSignal,
): Promise<void> {
  await createCrushRule(cluster, name, placement, signal);
  const rule = (await readCrushRules(cluster, signal)).find((candidate) => candidate.name === name);
  const hold = rule && ruleHold(rule, placement);
  if (hold) throw new Invalid(hold.reason, hold.message);
}

/** Ceph itself compares with one of that name which somebody made in the meantime. */
async function createProfile(
  { name, parameters }: Extract<PoolStep, { verb: 'create-erasure-profile' }>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  try {
    await createErasureProfile(cluster, name, parameters, signal);
  } catch (error) {
    if (!(error instanceof CephError) || error.rc !== errno.EPERM) throw error;
    throw new Invalid('ErasureProfileDiffers', error.message, { cause: error });
  }
}

async function setVariable(
  { pool, variable, value }: Extract<PoolStep, { verb: 'set-variable' }>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const work = setPoolVariable(cluster, pool, variable, value, signal);
  if (variable !== 'allow_ec_overwrites') return withinBudget(work);
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CephError) || error.rc !== errno.EINVAL) throw error;
    const message = `Images cannot be changed in the erasure-coded pool "${pool}", since not all its OSDs are BlueStore: convert those, or choose a deviceClass that has none of them.`;
    throw new Invalid('OverwritesUnsupported', message, { cause: error });
  }
}

function intent(owner: Owner, highestPoolId: number): PoolRecord {
  return { ...owner, namespaces: [], creatingAfter: highestPoolId };
}

/** The id of a pool that was just made is known only now. */
async function recordOwner(
  { pool, owner, made, namespaces }: Extract<PoolStep, { verb: 'record-owner' }>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { pools } = await readOsdMap(cluster, signal);
  const found = pools.find(({ name }) => name === pool);
  if (found === undefined) throw new Error(`The pool "${pool}" is not there, although Ceph said that it was made.`);
  const record: PoolRecord = { ...owner, namespaces, poolID: found.id, ...(made ? { made } : {}) };
  await writeRecord(cluster, poolRecordKey(pool), record, signal);
}

/** Looks once more, so that what came since the observation is not lost, and lets go only of an empty pool. */
async function deletePool(
  { pool, holds }: Extract<PoolStep, { verb: 'delete-pool' }>,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { pools } = await readOsdMap(cluster, signal);
  const blockers = contentBlockers(await readPoolContents(cluster, pool, holds, signal), pools);
  if (blockers.length > 0) {
    throw new Waiting('DeletionBlocked', `The pool "${pool}" cannot be deleted: ${blockers.join('; ')}.`);
  }
  try {
    await removePool(cluster, pool, signal);
  } catch (error) {
    if (!(error instanceof CephError) || error.rc !== errno.EPERM) throw error;
    const message = `Ceph does not let the pool "${pool}" be deleted: set mon_allow_pool_delete to true and clear the flag nodelete, or set deletionPolicy to Retain.`;
    throw new Invalid('DeletionBlocked', message, { cause: error });
  }
}

/** Only librbd sees images in a namespace's trash, or one that came just now. Anything else stays as it is. */
export function explainBusyNamespace(cause: unknown, pool: string, namespace: string): unknown {
  if (!(cause instanceof CephError) || cause.rc !== errno.EBUSY) return cause;
  const message = `The RBD namespace "${namespace}" of the pool "${pool}" is no longer declared and still holds images, or has some in the trash: move or delete them ("rbd trash purge ${pool}/${namespace}"), or declare it again.`;
  return new Invalid('DeletionBlocked', message, { cause });
}

/** Ceph counts by itself too, and by a rule that differs from release to release. */
async function withinBudget(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CephError) || error.rc !== errno.ERANGE) throw error;
    throw new Invalid('PlacementGroupBudget', error.message, { cause: error });
  }
}
