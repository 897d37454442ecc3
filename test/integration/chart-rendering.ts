import { loadAll } from 'js-yaml';
import { kubeTool } from '../../lab/kube-tools.ts';
import { run } from '../../lab/process.ts';
import { chartFolder } from '../../lab/render-chart.ts';

export const release = 'ceph-openstack-operator';

// biome-ignore lint/suspicious/noExplicitAny: manifests of any kind, for tests to look into
export type Manifest = any;

/** What the chart makes of values, in the namespace `system`. */
export async function template(values: object): Promise<Manifest[]> {
  const args = ['template', release, chartFolder, '--namespace=system', '--values=-'];
  return loadAll(await run(await kubeTool('helm'), args, { input: JSON.stringify(values) }));
}

/** The one of that kind. */
export function oneOf(manifests: readonly Manifest[], kind: string): Manifest {
  return manifests.find((manifest) => manifest.kind === kind);
}
