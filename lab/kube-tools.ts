import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goModule, goProgram } from './go-program.ts';

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

/** Paths of the programs. */
export type KubeTools = Readonly<Record<keyof typeof controlPlane, string>>;

/**
 * Gives the programs: those in the folder `KUBEBUILDER_ASSETS`, the others built from the Go module `lab/kube` and kept in the cache.
 * The first build takes minutes; with what Go's own build cache holds, seconds.
 */
export async function kubeTools(): Promise<KubeTools> {
  const found: Partial<Record<Tool, string>> = {};
  for (const tool of Object.keys(controlPlane) as (keyof typeof controlPlane)[]) found[tool] = await kubeTool(tool);
  return found as KubeTools;
}

/** One of them. */
export async function kubeTool(tool: Tool): Promise<string> {
  return (
    asset(tool) ?? goProgram({ module: 'kube', name: tool, package: packages[tool], linkerFlags: await linkerFlags() })
  );
}

function asset(tool: Tool): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (!folder) return undefined;
  const file = join(folder, tool);
  return existsSync(file) ? file : undefined;
}

/** Without them Kubernetes reports v0.0.0, and clients that look at the version go wrong. */
async function linkerFlags(): Promise<string> {
  const file = join(goModule('kube'), 'go.mod');
  const modules = await readFile(file, 'utf8');
  const [gitVersion, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(modules)?.slice(1) ?? [];
  if (gitVersion === undefined) throw new Error(`Cannot find the version of k8s.io/kubernetes in "${file}"`);
  const values = { gitVersion, gitMajor: major, gitMinor: minor };
  return [
    '-s -w',
    ...Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
  ].join(' ');
}
