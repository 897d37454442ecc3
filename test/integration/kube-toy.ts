import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, startFaultProxy } from '../../lab/fault-proxy.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import type { KubeVersion } from '../../lab/kube-tools.ts';
import { parseRbdPool, poolNameOf, type RbdPool } from '../../src/api/rbd-pool.ts';
import type { Condition } from '../../src/api/resource.ts';
import { keyOf, poolKind, secretKind } from '../../src/kube/kinds.ts';
import { KubeOperator, type OperatorOptions } from '../../src/kube/operator.ts';
import type { Hold, Step } from '../../src/kube/reconciler.ts';
import { type Registered, register, watch } from '../../src/kube/registration.ts';
import { watchedKinds } from '../../src/kube/watched.ts';
import { createLogger } from '../../src/log.ts';

/** Pools that exist nowhere but here, by name, with their size; and what a test may do to them. */
export interface ToyWorld {
  readonly pools: Map<string, number>;
  /** Every outside action, in order. */
  readonly writes: string[];
  /** How often each pool was looked at. */
  readonly looks: Map<string, number>;
  hold?: Hold | undefined;
  failure?: Error | undefined;
  /** Happens at the beginning of each pass. */
  atStart?: () => Promise<void>;
  /** How long each step takes. */
  stepMs: number;
}

interface ToyStep extends Step {
  readonly verb: 'create-pool' | 'set-size' | 'delete-pool';
  readonly pool: string;
  readonly size: number;
}

export function createToyWorld(): ToyWorld {
  return { pools: new Map(), writes: [], looks: new Map(), stepMs: 0 };
}

/** The smallest kind there can be: an RbdPool that is an entry of a map. */
export function toyKind(world: ToyWorld, options: { lookEveryMs?: number; passTimeoutMs?: number } = {}): Registered {
  return register<RbdPool, ToyWorld, number | undefined, ToyStep>({
    kind: poolKind,
    parse: parseRbdPool,
    lookEveryMs: options.lookEveryMs ?? 3_600_000,
    ...(options.passTimeoutMs === undefined ? {} : { passTimeoutMs: options.passTimeoutMs }),
    watches: [
      // The Secret "for-NAME" wakes the pool NAME.
      watch(secretKind, ({ metadata }) => [keyOf({ namespace: metadata.namespace, name: metadata.name.slice(4) })]),
    ],
    reconciler: {
      async connect() {
        await world.atStart?.();
        if (world.failure !== undefined) throw world.failure;
        return world;
      },
      async observe(resource) {
        const { name } = resource.metadata;
        world.looks.set(name, (world.looks.get(name) ?? 0) + 1);
        return world.pools.get(poolNameOf(resource));
      },
      plan(resource, size) {
        const pool = poolNameOf(resource);
        const hold = world.hold === undefined ? {} : { hold: world.hold };
        const step = (verb: ToyStep['verb'], wanted = 0) => [[{ verb, pool, size: wanted }]];
        if (resource.metadata.deletionTimestamp !== undefined) {
          return { stages: size === undefined || world.hold !== undefined ? [] : step('delete-pool'), ...hold };
        }
        const wanted = resource.spec.replicated?.size ?? 3;
        if (size === undefined)
          return { stages: [...step('create-pool', 3), ...(wanted === 3 ? [] : step('set-size', wanted))], ...hold };
        return { stages: size === wanted ? [] : step('set-size', wanted), ...hold };
      },
      async apply(stage, _, __, done, signal) {
        for (const step of stage) {
          if (world.stepMs > 0) await sleep(world.stepMs, undefined, { signal });
          world.writes.push(`${step.verb} ${step.pool}`);
          if (step.verb === 'delete-pool') world.pools.delete(step.pool);
          else world.pools.set(step.pool, step.size);
          done(step);
        }
      },
      describe: (step) =>
        step.verb === 'set-size'
          ? `Set the size of pool "${step.pool}" to ${step.size}.`
          : `${step.verb === 'create-pool' ? 'Create' : 'Delete'} pool "${step.pool}".`,
      status: (_, size) => ({ fields: size === undefined ? {} : { poolID: size }, conditions: [] }),
    },
  });
}

export interface ToyLab extends AsyncDisposable {
  readonly kube: Kube;
  readonly proxy: FaultProxy;
  /** As service account `openstack/operator`, through the proxy. */
  readonly kubeconfig: string;
  /** What the operators logged, line by line. */
  readonly logged: Record<string, unknown>[];
  /** Takes away all pools, whoever holds them. */
  wipe(): Promise<void>;
  start(kinds: readonly Registered[], options?: Partial<OperatorOptions>): Promise<KubeOperator & AsyncDisposable>;
  pool(name: string): Promise<RbdPool | undefined>;
  conditions(name: string): Promise<Record<string, Condition>>;
  events(name: string): Promise<readonly ToyEvent[]>;
}

export interface ToyEvent {
  readonly reason: string;
  readonly note: string;
  readonly type: string;
  readonly series?: { readonly count: number };
}

const rules = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'operator' },
  rules: [
    {
      apiGroups: ['cephopenstack.io'],
      resources: ['cephopenstackbindings', 'rbdpools', 'cephclientauths', 'cephopenstackhosts'],
      verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    },
    {
      apiGroups: ['cephopenstack.io'],
      resources: [
        'cephopenstackbindings/status',
        'rbdpools/status',
        'cephclientauths/status',
        'cephopenstackhosts/status',
      ],
      verbs: ['patch'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
    { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'patch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ],
};

/** A control plane with our kinds, namespace `openstack`, and an operator's rights, before it a proxy that can misbehave. */
export async function startToyLab(name: string, version: KubeVersion = 'newest'): Promise<ToyLab> {
  await using stack = new AsyncDisposableStack();
  const kube = stack.use(await startKube({ name, version, crds: 'crds' }));
  const proxy = stack.use(await startFaultProxy(kube));
  await kube.kubectl(['create', 'namespace', 'openstack']);
  await kube.kubectl(['create', 'serviceaccount', 'operator', '--namespace=openstack']);
  await kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(rules) });
  await kube.kubectl([
    'create',
    'clusterrolebinding',
    'operator',
    '--clusterrole=operator',
    '--serviceaccount=openstack:operator',
  ]);
  const kubeconfig = await proxy.kubeconfig(await kube.serviceAccountKubeconfig('openstack', 'operator'));
  const logged: Record<string, unknown>[] = [];
  const log = createLogger({ level: 'debug', format: 'json' }, { write: (line) => void logged.push(JSON.parse(line)) });
  const running = stack.move();

  async function pool(name: string): Promise<RbdPool | undefined> {
    const text = await kube.kubectl([
      'get',
      'rbdpool',
      name,
      '--namespace=openstack',
      '--ignore-not-found',
      '-o',
      'json',
    ]);
    return text === '' ? undefined : JSON.parse(text);
  }
  return {
    kube,
    proxy,
    kubeconfig,
    logged,
    pool,
    async wipe() {
      await kube.kubectl(['delete', 'rbdpools', '--all', '--namespace=openstack', '--wait=false']);
      const left = await kube.kubectl(['get', 'rbdpools', '--namespace=openstack', '-o', 'name']);
      for (const name of left.split('\n').filter((line) => line !== '')) {
        const patch = ['patch', name, '--namespace=openstack', '--type=merge', '-p', '{"metadata":{"finalizers":[]}}'];
        await kube.kubectl(patch).catch(() => 'gone already');
      }
    },
    async start(kinds, options = {}) {
      const operator = new KubeOperator({
        namespaces: [],
        watched: watchedKinds,
        identity: 'test',
        log,
        kubeconfig,
        drainMs: 2_000,
        ...options,
      });
      for (const kind of kinds) operator.register(kind);
      await operator.start();
      return Object.assign(operator, { [Symbol.asyncDispose]: () => operator.stop() });
    },
    async conditions(name) {
      const conditions = (await pool(name))?.status?.conditions ?? [];
      return Object.fromEntries(conditions.map((condition) => [condition.type, condition]));
    },
    async events(name) {
      const text = await kube.kubectl(['get', 'events.events.k8s.io', '--namespace=openstack', '-o', 'json']);
      const { items } = JSON.parse(text) as { items: (ToyEvent & { regarding: { name: string } })[] };
      return items.filter((event) => event.regarding.name === name);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
