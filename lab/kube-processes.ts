import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type Certificate, makeAuthority, makeSigned, makeSigningKey, writeKubeconfig } from './certificates.ts';
import { eventually } from './eventually.ts';
import type { KubeTools } from './kube-tools.ts';
import { freePorts } from './ports.ts';
import { type Running, startProcess } from './process.ts';

/** What the processes of one control plane share. */
export interface World {
  readonly folder: string;
  readonly tools: KubeTools;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly etcd: string;
  readonly etcdPeer: string;
  readonly authority: Certificate;
  readonly serving: Certificate;
  readonly administrator: Certificate;
  readonly kubeconfig: string;
  readonly controllersKubeconfig: string;
  readonly signing: { readonly privateFile: string; readonly publicFile: string };
}

const loopback = '127.0.0.1';

/** Chooses ports and makes all certificates and keys, in `folder`. The API server listens at `address`. */
export async function prepare(folder: string, tools: KubeTools, address = loopback): Promise<World> {
  const [[port = 0], [etcdPort, peerPort]] = await Promise.all([freePorts(1, address), freePorts(2)]);
  const server = `https://${address}:${port}`;
  const authority = await makeAuthority(folder, 'lab');
  // The second address is that of the Service, the first of its range.
  const names = [`IP:${address}`, 'IP:10.96.0.1', 'DNS:localhost', 'DNS:kubernetes.default.svc'];
  const [serving, administrator, controllers, signing] = await Promise.all([
    makeSigned(folder, 'apiserver', '/CN=kube-apiserver', authority, names),
    makeSigned(folder, 'admin', '/O=system:masters/CN=admin', authority),
    makeSigned(folder, 'controllers', '/CN=system:kube-controller-manager', authority),
    makeSigningKey(folder),
    writeFile(join(folder, 'audit-policy.json'), JSON.stringify(auditPolicy)),
  ]);
  const login = { server, authorityFile: authority.certFile };
  return {
    folder,
    tools,
    server,
    address,
    port,
    etcd: `http://127.0.0.1:${etcdPort}`,
    etcdPeer: `http://127.0.0.1:${peerPort}`,
    authority,
    serving,
    administrator,
    signing,
    kubeconfig: await writeKubeconfig(join(folder, 'kubeconfig'), { ...login, as: administrator }),
    controllersKubeconfig: await writeKubeconfig(join(folder, 'controllers.kubeconfig'), { ...login, as: controllers }),
  };
}

export function startEtcd({ folder, tools, etcd, etcdPeer }: World): Running {
  return start(folder, tools.etcd, 'etcd', {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': etcd,
    'advertise-client-urls': etcd,
    'listen-peer-urls': etcdPeer,
    'initial-advertise-peer-urls': etcdPeer,
    'initial-cluster': `default=${etcdPeer}`,
    // Its data need not outlive it.
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  });
}

export function startApiServer(world: World, admissionPlugins: readonly string[]): Running {
  const { folder, tools, address, port, etcd, authority, serving, signing, administrator } = world;
  return start(folder, tools['kube-apiserver'], 'apiserver', {
    'etcd-servers': etcd,
    'bind-address': address,
    'secure-port': String(port),
    'tls-cert-file': serving.certFile,
    'tls-private-key-file': serving.keyFile,
    'client-ca-file': authority.certFile,
    'cert-dir': join(folder, 'generated'),
    'authorization-mode': 'Node,RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': signing.publicFile,
    'service-account-signing-key-file': signing.privateFile,
    'service-cluster-ip-range': '10.96.0.0/24',
    // Loopback may not be an endpoint of the Service `kubernetes`, and nobody calls that where there are no Pods.
    'endpoint-reconciler-type': hasNodes(world) ? 'lease' : 'none',
    'kubelet-client-certificate': administrator.certFile,
    'kubelet-client-key': administrator.keyFile,
    'kubelet-preferred-address-types': 'InternalIP',
    'audit-policy-file': join(folder, 'audit-policy.json'),
    'audit-log-path': join(folder, 'audit.log'),
    'audit-log-mode': 'blocking',
    'enable-admission-plugins': admissionPlugins.join(','),
  });
}

/** Nodes cannot reach loopback. */
function hasNodes({ address }: World): boolean {
  return address !== loopback;
}

/** Those only that make good what the API itself promises. */
const controllers = [
  'clusterrole-aggregation-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
];

/** Where there are nodes, also those that make Pods and see to Services. */
const workloadControllers = [
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'node-lifecycle-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
];

export function startControllers(world: World): Running {
  const { folder, tools, authority, signing, controllersKubeconfig } = world;
  return start(folder, tools['kube-controller-manager'], 'controllers', {
    kubeconfig: controllersKubeconfig,
    controllers: [...controllers, ...(hasNodes(world) ? workloadControllers : [])].join(','),
    'leader-elect': 'false',
    'secure-port': '0',
    'root-ca-file': authority.certFile,
    'service-account-private-key-file': signing.privateFile,
    // As the one user it is, it lacks the rights of each controller.
    'use-service-account-credentials': 'true',
  });
}

function start(folder: string, command: string, name: string, flags: Readonly<Record<string, string>>): Running {
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  // No grace: an API server waits for its watchers, and the data goes anyway.
  return startProcess(command, args, { logFile: join(folder, `${name}.log`), graceMs: 0 });
}

/** Waits until the API server answers a path with 200. Fails at once when a process that it takes has ended. */
export async function serves(world: World, path: string, processes: readonly Running[]): Promise<void> {
  const dead = await eventually(
    async () => {
      const ended = processes.find((process) => !process.alive());
      if (ended === undefined) await get(world, path);
      return ended;
    },
    { timeoutMs: 90_000, what: `the API server serves ${path}` },
  );
  if (dead !== undefined) throw new Error(`Cannot start Kubernetes, a part of it ended:\n${dead.logTail()}`);
}

async function get(world: World, path: string): Promise<void> {
  const { authority, administrator } = world;
  const [ca, cert, key] = await Promise.all(
    [authority.certFile, administrator.certFile, administrator.keyFile].map((file) => readFile(file)),
  );
  await new Promise<void>((resolve, reject) => {
    const call = request(`${world.server}${path}`, { ca, cert, key, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`GET ${path} answered ${response.statusCode}`));
    });
    call.once('timeout', () => call.destroy(new Error(`GET ${path} did not answer`)));
    call.once('error', reject);
    call.end();
  });
}

/** Only what service accounts ask is noted: the operator, not kubectl or the controllers. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  omitManagedFields: true,
  rules: [
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'] },
    { level: 'None' },
  ],
};
