import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from './cache.ts';
import { type Certificate, writeKubeconfig } from './certificates.ts';
import { eventually } from './eventually.ts';
import { prepare, serves, startApiServer, startControllers, startEtcd, type World } from './kube-processes.ts';
import { type KubeVersion, kubeTools } from './kube-tools.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';

/**
 * A Kubernetes control plane: API server with RBAC, etcd, and the controllers that the API's promises need. It has no nodes
 * unless one is started (`node.ts`).
 */
export interface Kube extends AsyncDisposable {
  /** As in `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A folder with `kubectl` and `helm`, for people. */
  readonly commands: string;
  /** Where its data, certificates and logs are, until it is disposed of. */
  readonly folder: string;
  /** The authority that signed the server's certificate. */
  readonly authority: Certificate;
  /** Runs kubectl as administrator and gives what it printed. */
  kubectl(args: readonly string[], options?: { input?: string }): Promise<string>;
  /** Runs helm as administrator and gives what it printed. */
  helm(args: readonly string[], options?: { input?: string }): Promise<string>;
  /** Path of a kubeconfig with a fresh token of a service account. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** What service accounts have asked of the API server so far. */
  requests(): Promise<ApiRequest[]>;
  /** Kills the API server, which loses every connection, and brings it back at the same address. */
  restartApiServer(): Promise<void>;
}

export interface ApiRequest {
  /** As in `system:serviceaccount:openstack:operator`. */
  readonly user: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  readonly uri: string;
  /** HTTP status; 403 is a refusal. */
  readonly code: number;
}

export interface KubeOptions {
  /** Names its folder. */
  readonly name?: string;
  /** Left out: the newest. */
  readonly version?: KubeVersion;
  /**
   * A file or folder of CRDs to install. The garbage collector knows their kinds from the first moment;
   * of kinds that come later it takes notice within half a minute.
   */
  readonly crds?: string;
  /** Beside those that are on by default. */
  readonly admissionPlugins?: readonly string[];
  /** An address of this machine that nodes can reach; the controllers for workloads then run too. Left out: loopback. */
  readonly address?: string;
}

/** Starts a control plane of its own, beside any others. Ready to use when it resolves. */
export async function startKube(options: KubeOptions = {}): Promise<Kube> {
  sweepLeftovers();
  const { admissionPlugins = [] } = options;
  const tools = await kubeTools(options.version);
  const folder = runFolder(options.name ?? 'kube');
  const data = register({ kind: 'directory', path: folder });
  await using started = new AsyncDisposableStack();
  started.defer(() => data.release());
  return await progress('Starting Kubernetes', async () => {
    const world = await prepare(folder, tools, options.address);
    const etcd = started.use(startEtcd(world));
    let apiServer = startApiServer(world, admissionPlugins);
    started.defer(() => apiServer.stop());
    const tool = (path: string) => (args: readonly string[], input?: { input?: string }) =>
      run(path, args, { ...input, env: toolEnvironment(world) });
    const kubectl = tool(tools.kubectl);
    const commands = join(folder, 'bin');
    await mkdir(commands);
    for (const name of ['kubectl', 'helm'] as const) await symlink(tools[name], join(commands, name));
    if (options.crds !== undefined) {
      await serves(world, '/readyz', [etcd, apiServer]);
      await kubectl(['create', '-f', options.crds]);
      const { crds } = options;
      // kubectl gives up on one that has no conditions yet.
      await eventually(() => kubectl(['wait', '--for=condition=Established', '-f', crds, '--timeout=30s']));
    }
    const controllers = started.use(startControllers(world));
    await serves(world, '/readyz', [etcd, apiServer, controllers]);
    // The controllers work when they have made this.
    await serves(world, '/api/v1/namespaces/default/serviceaccounts/default', [etcd, apiServer, controllers]);
    const running = started.move();
    return {
      server: world.server,
      kubeconfig: world.kubeconfig,
      commands,
      folder,
      authority: world.authority,
      kubectl,
      helm: tool(tools.helm),
      async serviceAccountKubeconfig(namespace, name) {
        const token = await kubectl(['create', 'token', name, `--namespace=${namespace}`, '--duration=24h']);
        return writeKubeconfig(join(folder, `${namespace}-${name}.kubeconfig`), {
          server: world.server,
          authorityFile: world.authority.certFile,
          as: { token: token.trim() },
          namespace,
        });
      },
      requests: () => readRequests(world),
      async restartApiServer() {
        await apiServer.stop();
        apiServer = startApiServer(world, admissionPlugins);
        await serves(world, '/readyz', [apiServer]);
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  });
}

async function readRequests({ folder }: World): Promise<ApiRequest[]> {
  const log = await readFile(join(folder, 'audit.log'), 'utf8').catch(() => '');
  return log
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .map((event) => ({
      user: event.user.username,
      verb: event.verb,
      uri: event.requestURI,
      code: event.responseStatus?.code ?? 0,
    }));
}

function toolEnvironment({ folder, kubeconfig }: World): Record<string, string> {
  return {
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(folder, 'kubectl'),
    HELM_CACHE_HOME: join(folder, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(folder, 'helm', 'config'),
    HELM_DATA_HOME: join(folder, 'helm', 'data'),
  };
}
