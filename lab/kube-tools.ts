import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GoModule, goModule, goProgram } from './go-program.ts';

/** The programs of the control plane and its command line tools, by the package that each is built from. */
const controlPlane = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  helm: 'helm.sh/helm/v4/cmd/helm',
} as const;

/** What runs Pods. */
const workers = {
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  pause: './pause',
} as const;

const packages = { ...controlPlane, ...workers };
type Tool = keyof typeof packages;

/** The Go modules of the newest Kubernetes, and of the oldest that the operator claims to run on (docs/support.md). */
const modules = { newest: 'kube', oldest: 'kube-oldest' } as const;
export type KubeVersion = keyof typeof modules;
export const kubeVersions = Object.keys(modules) as readonly KubeVersion[];

/** What there is of the oldest; all else is of the newest, as it would be with a client that is not upgraded along. */
const ofEachVersion: readonly Tool[] = ['kube-apiserver', 'kube-controller-manager'];

/** Paths of the programs. */
export type KubeTools = Readonly<Record<keyof typeof controlPlane, string>>;

/**
 * Gives the programs: those in the folder `KUBEBUILDER_ASSETS`, where the newest are wanted, the others built from the lab's Go modules and
 * kept in the cache. The first build takes minutes; with what Go's own build cache holds, seconds.
 */
export async function kubeTools(version: KubeVersion = 'newest'): Promise<KubeTools> {
  const found: Partial<Record<Tool, string>> = {};
  for (const tool of Object.keys(controlPlane) as (keyof typeof controlPlane)[]) {
    found[tool] = await kubeTool(tool, version);
  }
  return found as KubeTools;
}

/** One of them. */
export async function kubeTool(tool: Tool, version: KubeVersion = 'newest'): Promise<string> {
  const module = modules[ofEachVersion.includes(tool) ? version : 'newest'];
  const found = module === modules.newest ? asset(tool) : undefined;
  return found ?? goProgram({ module, name: tool, package: packages[tool], linkerFlags: await linkerFlags(module) });
}

function asset(tool: Tool): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (!folder) return undefined;
  const file = join(folder, tool);
  return existsSync(file) ? file : undefined;
}

/** Without them Kubernetes reports v0.0.0, and clients that look at the version go wrong. */
async function linkerFlags(module: GoModule): Promise<string> {
  const file = join(goModule(module), 'go.mod');
  const modules = await readFile(file, 'utf8');
  const [gitVersion, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(modules)?.slice(1) ?? [];
  if (gitVersion === undefined) throw new Error(`Cannot find the version of k8s.io/kubernetes in "${file}"`);
  const values = { gitVersion, gitMajor: major, gitMinor: minor };
  return [
    '-s -w',
    ...Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
  ].join(' ');
}
