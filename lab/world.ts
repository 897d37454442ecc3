import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { Role } from '../src/api/ceph-openstack-host.ts';
import { parsePolicy } from '../src/api/policy.ts';
import { operatorCaps } from '../src/ceph/operator-caps.ts';
import { projectRoot } from './cache.ts';
import { type Ceph, cephClientRoot, startCeph } from './ceph.ts';
import type { ObjectStore } from './ceph-conf.ts';
import type { CephSuite } from './ceph-root.ts';
import { type Host, startHost } from './hosts.ts';
import { type Kube, startKube } from './kube.ts';
import type { LayerName } from './layers.ts';
import { type Network, startNetwork } from './network.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { freePorts } from './ports.ts';
import { progress } from './progress.ts';
import { chartFolder } from './render-chart.ts';

/** Kubernetes, Ceph and OpenStack hosts, with the chart installed and the two Secrets in place: all but a binding. */
export interface World extends AsyncDisposable {
  /** Another one after `loseKubernetes`. */
  readonly kube: Kube;
  readonly ceph: Ceph;
  readonly network: Network;
  readonly hosts: ReadonlyMap<string, Host>;
  /** All operators that were started, ended ones too. */
  readonly operators: readonly OperatorProcess[];
  /** The root folder that brokers for Ceph run in. */
  readonly brokerRoot: string;
  /** The namespace of the custom resources. */
  readonly namespace: string;
  /** The host of that name. */
  host(name: string): Host;
  /** kubectl in `namespace`. */
  kubectl(args: readonly string[], options?: { input?: string }): Promise<string>;
  /** Applies objects in `namespace`. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Reads an object of `namespace`; undefined when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: raw JSON of any kind, for tests to look into
  get(kind: string, name: string): Promise<any>;
  /** What every operator here has in its environment. */
  readonly operatorEnvironment: Readonly<Record<string, string>>;
  /**
   * Starts the operator under the chart's ServiceAccount. Environment beyond the defaults of the lab is `environment`;
   * `folder` is that of the project, or of another version of it.
   */
  startOperator(environment?: Readonly<Record<string, string>>, folder?: string): Promise<OperatorProcess>;
  /** Throws Kubernetes away with all that it knew, and starts a new one: empty but for `namespace` and the chart. */
  loseKubernetes(): Promise<void>;
  /** Makes the connection Secret of a Ceph user with the least caps that `policy` needs. */
  connect(secretName: string, options?: { policy?: Policy; cluster?: Ceph; userID?: string }): Promise<void>;
}

export type Policy = Readonly<Record<string, unknown>>;

export interface WorldHost {
  readonly name: string;
  readonly layer: LayerName;
  readonly roles: readonly Role[];
}

export interface WorldOptions {
  readonly suite?: CephSuite;
  readonly hosts?: readonly WorldHost[];
  /** Let keys of type aes be made on forky, so that hosts with older libraries can log in. */
  readonly allowAes?: boolean;
  /** Of both Secrets; left out: the strict default. */
  readonly policy?: Policy;
  /** User that the operator logs in to hosts as. */
  readonly sshUser?: 'root' | 'ops';
  /** Of the OSDs. Left out: in memory, which takes no erasure-coded pools. */
  readonly objectStore?: ObjectStore;
  readonly cephConfig?: Readonly<Record<string, string | number | boolean>>;
  /** Leave installing the chart, with its Pods, to the caller: Kubernetes can then have a node. */
  readonly forPods?: boolean;
  /** The folder of another version's chart, which brings its definitions itself. Left out: this project's. */
  readonly chart?: string;
}

const namespace = 'openstack';
/** The chart's release, namespace and ServiceAccount. */
export const operatorName = 'ceph-openstack-operator';
export const installation = 'lab';

/** The two hosts of the quickstart. */
export const quickstartHosts: readonly WorldHost[] = [
  { name: 'ctl1', layer: 'controller', roles: ['GlanceApi', 'CinderVolume', 'CinderBackup'] },
  { name: 'cmp1', layer: 'compute', roles: ['NovaCompute'] },
];

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { suite = 'trixie', hosts: wanted = [], allowAes = false, policy, sshUser = 'root' } = options;
  const { objectStore = 'memstore', forPods = false } = options;
  await using started = new AsyncDisposableStack();
  const network = started.use(await startNetwork());
  const address = await network.address();
  const config = { mon_max_pg_per_osd: 2000, ...options.cephConfig };
  const [firstKube, ceph, brokerRoot, ...machines] = await allOrNone([
    (forPods ? startKube({ address: network.gateway }) : startKubeWithChart(options.chart)).then((one) =>
      started.use(one),
    ),
    startCeph({ suite, address, allowAes, objectStore, config }).then((one) => started.use(one)),
    cephClientRoot(),
    ...wanted.map(({ name, layer }) => startHost({ name, layer, network }).then((one) => started.use(one))),
  ]);
  const hosts = new Map(machines.map((host) => [host.name, host]));

  let kube = firstKube;
  if (forPods) await kube.kubectl(['create', 'namespace', namespace]);
  const kubectl = (args: readonly string[], input?: { input?: string }) =>
    kube.kubectl(['--namespace', namespace, ...args], input);
  const apply = async (...objects: readonly object[]) => {
    const text = objects.map((object) => dump(object)).join('---\n');
    await kubectl(['apply', '--server-side', '-f', '-'], { input: text });
  };
  const connect: World['connect'] = async (
    secretName,
    { policy: own = policy, cluster = ceph, userID = 'openstack-operator' } = {},
  ) => {
    const caps = leastCaps(own);
    const { key } = await cluster.addUser(`client.${userID}`, caps);
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName, namespace },
      stringData: {
        monHost: cluster.monHost,
        userID,
        userKey: key.reveal(),
        fsid: cluster.fsid,
        ...(own === undefined ? {} : { policy: dump(own) }),
      },
    });
  };
  await connect('ceph-main');
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'fleet-ssh', namespace },
    stringData: {
      'ssh-privatekey': network.sshKey.privateKey.reveal(),
      known_hosts: [...hosts.values()].map((host) => `${host.knownHostsLine}\n`).join(''),
      ...(sshUser === 'root' ? {} : { user: sshUser }),
      ...(policy === undefined ? {} : { policy: dump(policy) }),
    },
  });

  const operatorEnvironment = {
    INSTALLATION: installation,
    POD_NAMESPACE: operatorName,
    WATCH_NAMESPACES: namespace,
    CEPH_BROKER_ROOT: brokerRoot,
  };
  const operators: OperatorProcess[] = [];
  const running = started.move();
  return {
    get kube() {
      return kube;
    },
    ceph,
    network,
    hosts,
    operators,
    operatorEnvironment,
    brokerRoot,
    namespace,
    kubectl,
    apply,
    connect,
    host(name) {
      const host = hosts.get(name);
      if (host === undefined) throw new Error(`The world has no host "${name}"`);
      return host;
    },
    async get(kind, name) {
      const text = await kubectl(['get', kind, name, '-o', 'json', '--ignore-not-found']);
      return text.trim() === '' ? undefined : JSON.parse(text);
    },
    async startOperator(environment = {}, folder = projectRoot) {
      const [port] = await freePorts(1, '127.0.0.1');
      const operator = startOperatorProcess({
        folder,
        kubeconfig: await kube.serviceAccountKubeconfig(operatorName, operatorName),
        logFile: join(kube.folder, `operator-${operators.length}.log`),
        environment: { ...operatorEnvironment, METRICS_ADDRESS: `127.0.0.1:${port}`, ...environment },
      });
      operators.push(running.use(operator));
      return operator;
    },
    async loseKubernetes() {
      await kube[Symbol.asyncDispose]();
      kube = running.use(await startKubeWithChart());
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Waits for all, so that what the others started is known and can be taken down when one failed. */
async function allOrNone<T extends readonly unknown[]>(parts: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(parts);
  return (await Promise.all(parts)) as unknown as T;
}

/** A Kubernetes with the namespace and a chart installed. */
async function startKubeWithChart(chart?: string): Promise<Kube> {
  await using started = new AsyncDisposableStack();
  // Definitions that the chart brings would be known to the garbage collector half a minute later.
  const kube = started.use(await startKube(chart === undefined ? { crds: join(projectRoot, 'crds') } : {}));
  await kube.kubectl(['create', 'namespace', namespace]);
  await progress('Installing the chart', () =>
    kube.helm([
      'install',
      operatorName,
      chart ?? chartFolder,
      '--create-namespace',
      ...chartFlags(chart === undefined),
    ]),
  );
  if (chart !== undefined) await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  started.move();
  return kube;
}

/** For helm: the chart as it is shipped, but for the Deployment, because here the operator is a process of this machine. */
function chartFlags(hasDefinitions: boolean): readonly string[] {
  const values = `installation=${installation},watchNamespaces={${namespace}},replicas=0,crds.enabled=${!hasDefinitions}`;
  return [`--namespace=${operatorName}`, `--set=${values}`];
}

/** What the operator's own user needs for a policy. */
function leastCaps(policy: Policy | undefined): Record<string, string> {
  return { ...operatorCaps(parsePolicy(policy)) };
}
