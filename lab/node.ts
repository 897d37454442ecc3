import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from './cache.ts';
import { makeSigned, writeKubeconfig } from './certificates.ts';
import { cgroupPath, makeCgroups, removeCgroup } from './cgroups.ts';
import { chrootTree } from './chroot.ts';
import { eventually } from './eventually.ts';
import { type Cable, layCable } from './host-cable.ts';
import type { Kube } from './kube.ts';
import { kubeTool } from './kube-tools.ts';
import { register, startTimeOf, sweepLeftovers } from './leftovers.ts';
import type { Network } from './network.ts';
import { containerdConfig, kubeletConfig, kubeProxyConfig, podNetwork } from './node-config.ts';
import { pauseImage } from './operator-image.ts';
import { type Running, run, startProcess } from './process.ts';
import { progress } from './progress.ts';
import { debianRoot } from './roots.ts';

/** A node that runs Pods: containerd, kubelet and kube-proxy in namespaces of their own, at an address of the network. */
export interface Node extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** Lets Pods find the Services that there are now by name. */
  publishServices(): Promise<void>;
}

export interface NodeOptions {
  /** It must have been started at an address of the network. */
  readonly kube: Kube;
  readonly network: Network;
  /** Archives of the images that Pods may have: nothing is pulled. */
  readonly images: readonly string[];
}

/** Starts a node, and the scheduler, and waits until Pods can run. They reach what has an address of the network. */
export async function startNode({ kube, network, images }: NodeOptions): Promise<Node> {
  sweepLeftovers();
  const kubelet = await kubeTool('kubelet');
  const kubeProxy = await kubeTool('kube-proxy');
  const scheduler = await kubeTool('kube-scheduler');
  const tree = await nodeRoot();
  const archives = [await pauseImage(), ...images];
  await using started = new AsyncDisposableStack();
  return await progress('Starting a node', async () => {
    const folder = runFolder('node');
    const directory = register({ kind: 'directory', path: folder });
    started.defer(() => directory.release());
    const state = join(folder, 'state');
    await mkdir(state);
    const { root } = started.use(await chrootTree(tree, folder, [state, kubelet, kubeProxy, ...archives]));
    const cable = await layCable(network);
    started.defer(() => cable.release());
    const { address, namespace: name } = cable;
    const cgroups = makeCgroups(name, 'all');
    started.defer(() => {
      for (const cgroup of cgroups) removeCgroup(cgroup);
    });

    await writeConfig(state, kube, cable);
    const schedulerKubeconfig = await login(state, kube, 'kube-scheduler', '/CN=system:kube-scheduler');
    const logFile = join(folder, 'scheduler.log');
    const flags = [`--kubeconfig=${schedulerKubeconfig}`, '--leader-elect=false', '--secure-port=0'];
    started.use(startProcess(scheduler, flags, { logFile, graceMs: 0 }));

    const init = [join(import.meta.dirname, 'node-init.sh'), root, state, kubelet, kubeProxy, name, address];
    const unshare = ['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child', ...init, ...archives];
    const supervisor = startProcess('nsenter', [`--net=/run/netns/${name}`, '--', ...unshare], {
      logFile: join(folder, 'init.log'),
      graceMs: 0,
    });
    started.defer(() => stop(supervisor));
    const isReady = async () => {
      if (supervisor.alive()) await kube.kubectl(['wait', '--for=condition=Ready', `node/${name}`, '--timeout=1s']);
      return supervisor.alive();
    };
    if (!(await eventually(isReady, { timeoutMs: 90_000 }).catch(() => false))) {
      throw new Error(`Cannot start node "${name}":\n${supervisor.logTail()}\n${await lastWords(state)}`);
    }
    const running = started.move();
    return {
      name,
      address,
      async publishServices() {
        const line = '{.spec.clusterIP} {.metadata.name}.{.metadata.namespace}.svc.cluster.local{"\\n"}';
        const lines = await kube.kubectl(['get', 'services', '-A', '-o', `jsonpath={range .items[*]}${line}{end}`]);
        await writeFile(join(state, 'names', 'services'), lines);
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  });
}

async function lastWords(state: string): Promise<string> {
  return run('sh', ['-c', 'cd "$0" && tail -n 8 *.log', state]);
}

/** Waits for its process 1: that ends only when all in its namespace have. */
async function stop(supervisor: Running): Promise<void> {
  const { pid } = supervisor;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  await supervisor.stop();
  const first = Number(children.trim());
  await eventually(() => {
    if (first > 0 && startTimeOf(first) !== undefined) throw new Error(`process ${first} still runs`);
  });
}

/** Of Debian 12, whose containerd is old and does all that is needed. */
function nodeRoot(): Promise<string> {
  const packages = ['containerd', 'runc', 'containernetworking-plugins', 'iptables', 'mount', 'dnsmasq-base'];
  return debianRoot({ name: 'node', suite: 'bookworm', packages });
}

async function writeConfig(state: string, kube: Kube, { namespace: name, address }: Cable): Promise<void> {
  const proxyKubeconfig = await login(state, kube, 'kube-proxy', '/CN=system:kube-proxy');
  await login(state, kube, 'kubelet', `/O=system:nodes/CN=system:node:${name}`);
  await mkdir(join(state, 'cni'));
  const authorityFile = join(state, 'ca.crt');
  await writeFile(authorityFile, await readFile(kube.authority.certFile));
  await Promise.all(
    Object.entries({
      'containerd.toml': containerdConfig(join(state, 'cni')),
      'cni/pods.conflist': podNetwork,
      'kubelet.json': kubeletConfig({ authorityFile, address, cgroup: cgroupPath(name) }),
      'kube-proxy.json': kubeProxyConfig({ kubeconfig: proxyKubeconfig, name }),
    }).map(([file, content]) =>
      writeFile(join(state, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2)),
    ),
  );
}

async function login(folder: string, kube: Kube, name: string, subject: string): Promise<string> {
  const as = await makeSigned(folder, name, subject, kube.authority);
  return writeKubeconfig(join(folder, `${name}.kubeconfig`), {
    server: kube.server,
    authorityFile: kube.authority.certFile,
    as,
  });
}
