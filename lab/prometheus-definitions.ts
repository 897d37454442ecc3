import { join } from 'node:path';
import { run } from './process.ts';

const version = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';
const sum = 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=';

/** Files with the definitions of ServiceMonitor and PrometheusRule, as the Prometheus operator publishes them in its Go module. */
export async function prometheusDefinitions(): Promise<readonly string[]> {
  const found = JSON.parse(await run('go', ['mod', 'download', '-json', version]));
  if (found.Sum !== sum) throw new Error(`Cannot use ${version}: its checksum is ${found.Sum}, not ${sum}`);
  return ['servicemonitors', 'prometheusrules'].map((plural) =>
    join(found.Dir, 'example', 'prometheus-operator-crd', `monitoring.coreos.com_${plural}.yaml`),
  );
}
