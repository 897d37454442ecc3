import type { PoolContents, PoolHolds, PoolLook } from './broker-protocol.ts';
import { errno } from './broker-protocol.ts';
import { CephError, type Cluster } from './cluster.ts';
import { poolMarkKey } from './marks.ts';
import type { PoolVariable } from './operator-caps.ts';

/** What a pool is made with; the rest is set afterwards. What is left out has Ceph's default. */
export interface NewPool {
  readonly name: string;
  readonly size: number | undefined;
  /** With it the pool is erasure-coded. */
  readonly erasureProfile: string | undefined;
  readonly crushRule: string | undefined;
  readonly pgNum: number | undefined;
  readonly autoscale: 'on' | 'off' | undefined;
  readonly bulk: boolean | undefined;
}

/** Makes a pool. Ceph answers 0 also when it is there, whatever it is like. */
export async function createPool(cluster: Cluster, pool: NewPool, signal: AbortSignal): Promise<void> {
  const command = {
    prefix: 'osd pool create',
    pool: pool.name,
    ...(pool.erasureProfile === undefined
      ? { pool_type: 'replicated' }
      : { pool_type: 'erasure', erasure_code_profile: pool.erasureProfile }),
    ...(pool.size === undefined ? {} : { size: pool.size }),
    ...(pool.crushRule === undefined ? {} : { rule: pool.crushRule }),
    ...(pool.pgNum === undefined ? {} : { pg_num: pool.pgNum }),
    ...(pool.autoscale === undefined ? {} : { autoscale_mode: pool.autoscale }),
    ...(pool.bulk === undefined ? {} : { bulk: pool.bulk }),
  };
  await cluster.write(command, {}, signal);
}

/** Makes an erasure code profile, of parameters as Ceph names them. EPERM: there is one of that name that differs. */
export async function createErasureProfile(
  cluster: Cluster,
  name: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const profile = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  await cluster.write({ prefix: 'osd erasure-code-profile set', name, profile }, {}, signal);
}

export async function setPoolVariable(
  cluster: Cluster,
  pool: string,
  variable: PoolVariable,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  await cluster.write({ prefix: 'osd pool set', pool, var: variable, val: value }, {}, signal);
}

/** 0 is no quota. */
export async function setQuota(
  cluster: Cluster,
  pool: string,
  field: 'max_bytes' | 'max_objects',
  value: bigint,
  signal: AbortSignal,
): Promise<void> {
  await cluster.write({ prefix: 'osd pool set-quota', pool, field, val: String(value) }, {}, signal);
}

/** Sets the mark in the pool's `rbd` application, which is enabled first if it is not. */
export async function markPool(cluster: Cluster, pool: string, mark: string, signal: AbortSignal): Promise<void> {
  const setMark = async () => {
    const command = { prefix: 'osd pool application set', pool, app: 'rbd', key: poolMarkKey, value: mark };
    await cluster.write(command, {}, signal);
  };
  try {
    await setMark();
  } catch (error) {
    // ENOENT stands for a missing pool too, which the next command tells.
    if (!(error instanceof CephError) || error.rc !== errno.ENOENT) throw error;
    await cluster.write({ prefix: 'osd pool application enable', pool, app: 'rbd' }, {}, signal);
    await setMark();
  }
}

/** Removes a pool with all that is in it. Ceph answers 0 also when it is not there. */
export async function removePool(cluster: Cluster, pool: string, signal: AbortSignal): Promise<void> {
  const command = { prefix: 'osd pool rm', pool, pool2: pool, yes_i_really_really_mean_it: true };
  await cluster.write(command, {}, signal);
}

/** What `rbd pool init` does; 0 again when done. The pool must bear our mark. */
export async function initPool(
  cluster: Cluster,
  pool: string,
  hasSnapshots: boolean,
  signal: AbortSignal,
): Promise<void> {
  await cluster.inPool({ op: 'init-pool', pool, hasSnapshots }, `to initialise the pool "${pool}" for RBD`, signal);
}

/** The pool must bear our mark. */
export function lookIntoPool(cluster: Cluster, pool: string, signal: AbortSignal): Promise<PoolLook> {
  return cluster.inPool<PoolLook>({ op: 'look', pool }, `to look into the pool "${pool}"`, signal);
}

/** All that speaks against deleting the pool, which must bear our mark. */
export function readPoolContents(
  cluster: Cluster,
  pool: string,
  holds: PoolHolds,
  signal: AbortSignal,
): Promise<PoolContents> {
  return cluster.inPool<PoolContents>({ op: 'contents', pool, holds }, `to look through the pool "${pool}"`, signal);
}

/** Has the data of images that are made in the pool from now on lie in another one. The pool must bear our mark. */
export async function setDataPool(
  cluster: Cluster,
  pool: string,
  dataPool: string,
  signal: AbortSignal,
): Promise<void> {
  const what = `to have images of the pool "${pool}" keep their data in "${dataPool}"`;
  await cluster.inPool({ op: 'set-data-pool', pool, dataPool }, what, signal);
}

/** Makes an RBD namespace; no error when it is there. */
export async function createNamespace(
  cluster: Cluster,
  pool: string,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const what = `to make the namespace "${namespace}" in the pool "${pool}"`;
  await ignoring(errno.EEXIST, cluster.inPool({ op: 'create-namespace', pool, namespace }, what, signal));
}

/** Removes an RBD namespace, which must be empty; no error when it is not there. */
export async function removeNamespace(
  cluster: Cluster,
  pool: string,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const what = `to remove the namespace "${namespace}" from the pool "${pool}"`;
  await ignoring(errno.ENOENT, cluster.inPool({ op: 'remove-namespace', pool, namespace }, what, signal));
}

async function ignoring(rc: number, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CephError) || error.rc !== rc) throw error;
  }
}
