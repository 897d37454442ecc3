import type { Image } from './operator-image.ts';
import { chartFolder } from './render-chart.ts';
import { installation, operatorName, type World } from './world.ts';

/**
 * Has helm install the chart with an image, in a namespace that lets only Pods of the restricted profile in, or upgrade it.
 * Its Pods are ready when it resolves. `values` are as `--set` takes them. Gives what helm printed.
 */
export async function installOperator(
  { kube, namespace }: World,
  { repository, tag }: Image,
  { values = [], verb = 'install' }: { values?: readonly string[]; verb?: 'install' | 'upgrade' } = {},
): Promise<string> {
  await kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(ownNamespace) });
  const set = [
    `installation=${installation},watchNamespaces={${namespace}},image.repository=${repository},image.tag=${tag}`,
    ...values,
  ];
  const flags = [`--namespace=${operatorName}`, '--wait', '--timeout=90s', ...set.map((one) => `--set=${one}`)];
  return kube.helm([verb, operatorName, chartFolder, ...flags]);
}

const ownNamespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: operatorName, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
};
