import { chmod, copyFile, mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { projectRoot, runFolder } from './cache.ts';
import { eventually } from './eventually.ts';
import { goModule, goProgram } from './go-program.ts';
import type { Kube } from './kube.ts';
import { register } from './leftovers.ts';
import { freePorts, isFree } from './ports.ts';
import { type Running, run, startProcess } from './process.ts';
import { progress } from './progress.ts';
import { needCommand } from './roots.ts';

const module = 'argocd';
const namespace = 'argocd';
const source = 'github.com/argoproj/argo-cd/v3';

/** Paths of Argo CD's one program and of kustomize, which it calls. */
export async function buildArgoCD(): Promise<{ readonly program: string; readonly kustomize: string }> {
  const [program, kustomize] = await Promise.all([
    goProgram({ module, name: 'argocd', package: `${source}/cmd` }),
    goProgram({ module, name: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5' }),
  ]);
  return { program, kustomize };
}

/**
 * Argo CD's controller and repository server, with our health checks merged in as docs/gitops.md has it. They have no
 * users and no web pages: Applications are applied in the namespace `argocd`, and read there.
 */
export async function startArgoCD(kube: Kube): Promise<AsyncDisposable> {
  const { program, kustomize } = await buildArgoCD();
  // Its server is the same program; the package redis-server would start one.
  await needCommand('redis-check-rdb', 'redis-tools');
  const folder = runFolder(module);
  const data = register({ kind: 'directory', path: folder });
  await using started = new AsyncDisposableStack();
  started.defer(() => data.release());
  return await progress('Starting Argo CD', async () => {
    const sources = (await run('go', ['list', '-C', goModule(module), '-m', '-f', '{{.Dir}}', source])).trim();
    await configure(kube, sources);
    const commands = join(folder, 'bin');
    await mkdir(commands);
    const redis = (await run('sh', ['-c', 'command -v redis-check-rdb'])).trim();
    const programs = { 'redis-server': redis, 'argocd-repo-server': program, 'argocd-application-controller': program };
    for (const [name, path] of Object.entries({ ...programs, kustomize })) await symlink(path, join(commands, name));
    // It is asked whether a commit is signed, whether or not anybody wants to know. A module's files are not executable.
    const verify = 'git-verify-wrapper.sh';
    await copyFile(join(sources, 'hack', verify), join(commands, verify));
    await chmod(join(commands, verify), 0o755);

    const ports = await freePorts(4);
    const [redisPort, repositoryPort, ...metricsPorts] = ports;
    const env = {
      PATH: [commands, kube.commands, process.env.PATH].join(delimiter),
      KUBECONFIG: kube.kubeconfig,
      HOME: folder,
      TMPDIR: folder,
      ARGOCD_FAKE_IN_CLUSTER: 'true',
      ARGOCD_GPG_ENABLED: 'false',
      ARGOCD_TLS_DATA_PATH: folder,
      ARGOCD_SSH_DATA_PATH: folder,
      ARGOCD_PLUGINSOCKFILEPATH: folder,
    };
    const start = (name: string, args: readonly string[]): Running =>
      started.use(startProcess(join(commands, name), args, { logFile: join(folder, `${name}.log`), env }));
    const running = [
      start('redis-server', [...['--bind', '127.0.0.1', '--port', `${redisPort}`], ...['--save', '', '--dir', folder]]),
      start('argocd-repo-server', [
        ...['--address', '127.0.0.1', '--port', `${repositoryPort}`],
        ...['--disable-tls', '--client-ca-path='],
        ...['--metrics-address', '127.0.0.1', '--metrics-port', `${metricsPorts[0]}`],
        ...['--redis', `127.0.0.1:${redisPort}`],
      ]),
      start('argocd-application-controller', [
        ...['--namespace', namespace, '--metrics-port', `${metricsPorts[1]}`, '--persist-resource-health'],
        ...['--repo-server', `127.0.0.1:${repositoryPort}`, '--repo-server-plaintext'],
        ...['--redis', `127.0.0.1:${redisPort}`],
      ]),
    ];
    await eventually(
      async () => {
        for (const one of running) if (!one.alive()) throw new Error(one.logTail());
        for (const port of ports)
          if (await isFree(port, '127.0.0.1')) throw new Error(`nobody listens on port ${port}`);
      },
      { timeoutMs: 60_000, what: 'Argo CD runs' },
    );
    return started.move();
  });
}

async function configure(kube: Kube, sources: string): Promise<void> {
  await kube.kubectl(['create', 'namespace', namespace]);
  const kinds = ['application', 'appproject'].flatMap((kind) => ['-f', `${sources}/manifests/crds/${kind}-crd.yaml`]);
  await kube.kubectl(['create', ...kinds]);
  // It fails on a definition that has no conditions yet.
  await eventually(() => kube.kubectl(['wait', '--for=condition=Established', ...kinds, '--timeout=30s']));
  await kube.kubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: settings }),
  });
  const patch = join(projectRoot, 'deploy', 'argocd', 'argocd-cm.yaml');
  await kube.kubectl(['patch', 'configmap', 'argocd-cm', '-n', namespace, '--patch-file', patch]);
}

const labels = { 'app.kubernetes.io/part-of': 'argocd' };
const settings = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace, labels } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-secret', namespace, labels } },
  {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace },
    spec: {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    },
  },
];
