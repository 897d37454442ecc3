import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import type { Role } from '../src/api/ceph-openstack-host.ts';
import { type Ceph, cephClientRoot, startCeph } from './ceph.ts';
import type { CephSuite } from './ceph-root.ts';
import { type Host, startHost } from './hosts.ts';
import { type Kube, startKube } from './kube.ts';
import type { LayerName } from './layers.ts';
import { type Network, startNetwork } from './network.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { freePorts } from './ports.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';

/** Kubernetes, Ceph and OpenStack hosts, with the chart installed and the two Secrets in place: all but a binding. */
export interface World extends AsyncDisposable {
  readonly kube: Kube;
  readonly ceph: Ceph;
  readonly network: Network;
  readonly hosts: ReadonlyMap<string, Host>;
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
  /** Starts the operator under the chart's ServiceAccount. Environment beyond the defaults of the lab is `environment`. */
  startOperator(environment?: Readonly<Record<string, string>>): Promise<OperatorProcess>;
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
  readonly cephConfig?: Readonly<Record<string, string | number | boolean>>;
}

const project = fileURLToPath(new URL('..', import.meta.url));
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
  await using started = new AsyncDisposableStack();
  const network = started.use(await startNetwork());
  const [kube, ceph, brokerRoot] = await allOrNone(started, [
    startKube(),
    network
      .address()
      .then((address) =>
        startCeph({ suite, address, allowAes, config: { mon_max_pg_per_osd: 2000, ...options.cephConfig } }),
      ),
    cephClientRoot(),
  ]);
  const hosts = new Map<string, Host>();
  for (const { name, layer } of wanted) hosts.set(name, started.use(await startHost({ name, layer, network })));

  await progress('Installing the chart', () => installChart(kube));
  const kubectl = (args: readonly string[], input?: { input?: string }) =>
    kube.kubectl(['--namespace', namespace, ...args], input);
  await kube.kubectl(['create', 'namespace', namespace]);
  const apply = async (...objects: readonly object[]) => {
    const text = objects.map((object) => dump(object)).join('---\n');
    await kubectl(['apply', '--server-side', '-f', '-'], { input: text });
  };
  const connect: World['connect'] = async (
    secretName,
    { policy: own = policy, cluster = ceph, userID = 'openstack-operator' } = {},
  ) => {
    const caps = await leastCaps(own);
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

  let operators = 0;
  const running = started.move();
  return {
    kube,
    ceph,
    network,
    hosts,
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
    async startOperator(environment = {}) {
      const [port] = await freePorts(1, '127.0.0.1');
      const operator = startOperatorProcess({
        kubeconfig: await kube.serviceAccountKubeconfig(operatorName, operatorName),
        logFile: join(kube.folder, `operator-${operators++}.log`),
        environment: {
          INSTALLATION: installation,
          POD_NAMESPACE: operatorName,
          WATCH_NAMESPACES: namespace,
          METRICS_ADDRESS: `127.0.0.1:${port}`,
          CEPH_BROKER_ROOT: brokerRoot,
          ...environment,
        },
      });
      running.use(operator);
      return operator;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Waits for all; when one failed, what the others started is taken down before its error goes on. */
async function allOrNone<A extends AsyncDisposable, B extends AsyncDisposable, C>(
  stack: AsyncDisposableStack,
  [first, second, third]: [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> {
  const results = await Promise.allSettled([first.then((a) => stack.use(a)), second.then((b) => stack.use(b)), third]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return [await first, await second, await third];
}

/** The chart as it is shipped, but for the Deployment: here the operator is a process of this machine. */
async function installChart(kube: Kube): Promise<void> {
  await kube.helm([
    'install',
    operatorName,
    join(project, 'charts/ceph-openstack-operator'),
    ...['--namespace', operatorName, '--create-namespace'],
    ...['--set', `installation=${installation}`, '--set', `watchNamespaces={${namespace}}`, '--set', 'replicas=0'],
  ]);
}

/** What `ceph-openstack-operator caps` prints for a policy, by kind of daemon. */
async function leastCaps(policy: Policy | undefined): Promise<Record<string, string>> {
  const main = join(project, 'src/main.ts');
  const text = await run(process.execPath, [main, 'caps', '--policy', '-', '--output', 'json'], {
    input: policy === undefined ? '' : dump(policy),
  });
  return JSON.parse(text);
}
