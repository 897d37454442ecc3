import assert from 'node:assert/strict';
import { type Ceph, type CephSuite, cephClientRoot, startCeph } from '../../lab/ceph.ts';
import type { ObjectStore } from '../../lab/ceph-conf.ts';
import { type CephClientAuth, parseCephClientAuth } from '../../src/api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../src/api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../src/api/ceph-openstack-host.ts';
import { parsePolicy } from '../../src/api/policy.ts';
import { parseRbdPool, type RbdPool } from '../../src/api/rbd-pool.ts';
import type { Resource } from '../../src/api/resource.ts';
import { defaultTimeouts } from '../../src/ceph/broker-client.ts';
import { type Cluster, type Clusters, createClusters } from '../../src/ceph/cluster.ts';
import type { Connection } from '../../src/ceph/connection.ts';
import { operatorCaps } from '../../src/ceph/operator-caps.ts';
import type { ClientKube } from '../../src/controllers/ceph-client-auth/reconcile.ts';
import { cephClientAuthReconciler } from '../../src/controllers/ceph-client-auth/reconcile.ts';
import { createPoolCounts } from '../../src/controllers/pool-counts.ts';
import { rbdPoolReconciler } from '../../src/controllers/rbd-pool/reconcile.ts';
import { Invalid, Waiting } from '../../src/errors.ts';
import type { Hold, Reconciler, Step } from '../../src/kube/reconciler.ts';
import { Secret } from '../../src/secret.ts';

/** The least caps for a policy are what the operator works with here, never client.admin. */
export const operatorEntity = 'client.openstack-operator';

export interface WorldOptions {
  readonly suite: CephSuite;
  readonly name: string;
  readonly allowAes?: boolean;
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly objectStore?: ObjectStore;
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** How long OSDs are waited for. */
  readonly osdSeconds?: number;
}

/** A real cluster, the operator's access to it, and a namespace in memory for what reconcilers ask of Kubernetes. */
export interface World extends AsyncDisposable {
  readonly ceph: Ceph;
  readonly clusters: Clusters;
  readonly connection: Connection;
  readonly cluster: Cluster;
  readonly kube: MemoryKube;
  pool(resource: RbdPool, options?: PassOptions): Promise<Outcome>;
  client(resource: CephClientAuth, options?: PassOptions): Promise<Outcome>;
  /** What `ceph ARGS --format=json` prints, as administrator. */
  json(...args: string[]): Promise<unknown>;
}

export interface MemoryKube extends ClientKube {
  readonly connection: Record<string, Secret>;
  readonly secrets: Map<string, { data: Record<string, Secret>; keeper: string | undefined }>;
  readonly objects: {
    pools: RbdPool[];
    clients: CephClientAuth[];
    bindings: CephOpenStackBinding[];
    hosts: CephOpenStackHost[];
  };
}

export async function startCephWorld(options: WorldOptions): Promise<World> {
  const {
    suite,
    name,
    allowAes = false,
    policy = {},
    objectStore = 'memstore',
    config = {},
    osdSeconds = 30,
  } = options;
  await using stack = new AsyncDisposableStack();
  const root = await cephClientRoot();
  const ceph = stack.use(
    await startCeph({ suite, name, allowAes, objectStore, config: { mon_max_pg_per_osd: 2000, ...config } }),
  );
  const { key } = await ceph.addUser(operatorEntity, operatorCaps(parsePolicy(policy)));
  const connection = { monHost: ceph.monHost, entity: operatorEntity, key, fsid: ceph.fsid };
  const clusters = stack.use(createClusters({ root, timeouts: { ...defaultTimeouts, osdSeconds } }));
  const kube = memoryKube(connection, policy);
  const tools = { kube, clusters, counts: createPoolCounts(), installation: 'lab', hostLookMs: 60_000 };
  const poolReconciler = rbdPoolReconciler(tools);
  const clientReconciler = cephClientAuthReconciler(tools);
  const cluster = clusters.get(connection);
  // What was done by hand a moment ago is to be seen.
  const afresh = <R>(passed: () => Promise<R>): Promise<R> => {
    cluster.refresh();
    return passed();
  };
  const running = stack.move();
  return {
    ceph,
    clusters,
    connection,
    cluster,
    kube,
    pool: (resource, options) => afresh(() => pass(poolReconciler, resource, options)),
    client: (resource, options) => afresh(() => pass(clientReconciler, resource, options)),
    json: async (...args) => JSON.parse(await ceph.ceph([...args, '--format=json'])),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function memoryKube(connection: Connection, policy: object): MemoryKube {
  const text = {
    monHost: connection.monHost,
    userID: operatorEntity.replace('client.', ''),
    userKey: connection.key.reveal(),
    fsid: connection.fsid,
    policy: JSON.stringify(policy),
  };
  const data = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, new Secret(value)]));
  const secrets: MemoryKube['secrets'] = new Map();
  const objects: MemoryKube['objects'] = { pools: [], clients: [], bindings: [], hosts: [] };
  return {
    connection: data,
    secrets,
    objects,
    pools: () => objects.pools,
    clients: () => objects.clients,
    bindings: () => objects.bindings,
    hosts: () => objects.hosts,
    readSecret: async (_namespace, name) => (name === 'ceph-main' ? data : undefined),
    async readKept(resource, name) {
      const secret = secrets.get(name);
      return secret && { data: secret.data, isOurs: secret.keeper === resource.metadata.name };
    },
    async keepSecret(resource, name, wanted) {
      const data = { ...secrets.get(name)?.data, ...wanted };
      secrets.set(name, { data, keeper: resource.metadata.name });
    },
  };
}

export interface PassOptions {
  /** Dies after so many steps. */
  readonly steps?: number;
}

/** What a pass came to. */
export interface Outcome {
  /** The steps done, as sentences. */
  readonly did: readonly string[];
  readonly hold: Hold | undefined;
  readonly status: Record<string, unknown>;
}

/** The loop without Kubernetes: look, plan, apply, until nothing is left to do. */
async function pass<R extends Resource, C, O, S extends Step>(
  reconciler: Reconciler<R, C, O, S>,
  resource: R,
  { steps = Number.POSITIVE_INFINITY }: PassOptions = {},
): Promise<Outcome> {
  const signal = AbortSignal.timeout(120_000);
  const did: string[] = [];
  try {
    const connection = await reconciler.connect(resource, signal);
    for (let round = 0; round < 8; round += 1) {
      const observed = await reconciler.observe(resource, connection, signal);
      const { stages, hold } = reconciler.plan(resource, observed);
      const todo = stages.filter((stage) => stage.length > 0);
      if (todo.length === 0) return { did, hold, status: reconciler.status(resource, observed).fields };
      for (const whole of todo) {
        const stage = whole.slice(0, steps - did.length);
        if (stage.length === 0) return { did, hold, status: {} };
        await reconciler.apply(stage, resource, connection, (step) => did.push(reconciler.describe(step)), signal);
      }
    }
  } catch (error) {
    if (!(error instanceof Waiting) && !(error instanceof Invalid)) throw error;
    const { reason, message } = error;
    return { did, hold: { reason, message, stalled: error instanceof Invalid }, status: {} };
  }
  throw new Error(`Not settled: ${did.join(' ')}`);
}

let counter = 0;

function manifest(kind: string, name: string, spec: object, metadata: object): unknown {
  counter += 1;
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind,
    metadata: {
      name,
      namespace: 'openstack',
      uid: `uid-${counter}`,
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: new Date(Date.UTC(2026, 0, 1) + counter * 1_000).toISOString().replace('.000', ''),
      ...metadata,
    },
    spec: { cluster: { secretName: 'ceph-main' }, ...spec },
  };
}

export function rbdPool(name: string, spec: object = {}, metadata: object = {}): RbdPool {
  return parseRbdPool(manifest('RbdPool', name, spec, metadata));
}

export function cephClient(name: string, spec: object = {}, metadata: object = {}): CephClientAuth {
  return parseCephClientAuth(manifest('CephClientAuth', name, spec, metadata));
}

/** The same resource, being deleted. */
export function deleted<R extends Resource>(resource: R): R {
  return { ...resource, metadata: { ...resource.metadata, deletionTimestamp: '2026-02-01T00:00:00Z' } };
}

/**
 * Pools like one that is made in a single pass, each after a first pass that died one step later than that of the one
 * before, and a second pass. Throws where one of them is still held up.
 */
export async function dieAtEachStep(world: World, spec: object): Promise<readonly RbdPool[]> {
  const whole = await world.pool(rbdPool('whole-again', spec));
  const deaths = whole.did.map((_step, index) => rbdPool(`died-${index}`, spec));
  await Promise.all(deaths.map((resource, index) => world.pool(resource, { steps: index + 1 })));
  const outcomes = await Promise.all(deaths.map((resource) => world.pool(resource)));
  assert.deepEqual(
    outcomes.map(({ hold }) => hold),
    deaths.map(() => undefined),
  );
  return deaths;
}
