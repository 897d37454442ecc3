import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { chartFolder } from '../../lab/render-chart.ts';

/**
 * Makes the chart of a version before this one, in `folder`: pools have no quota there, and the operator may not write events.
 * Nothing is released yet, so there is no real one to come from.
 */
export async function writeOlderChart(folder: string): Promise<void> {
  await cp(chartFolder, folder, { recursive: true });
  await edit(join(folder, 'Chart.yaml'), (text) => text.replace(/^(version|appVersion): .*$/gm, '$1: 0.0.1'));
  await edit(join(folder, 'templates', '_helpers.tpl'), (text) =>
    text.replace(/^- apiGroups: \[events\.k8s\.io\]\n.*\n.*\n/m, ''),
  );
  await edit(join(folder, 'files', 'crds', 'cephopenstack.io_rbdpools.yaml'), (text) => {
    const definition = load(text) as PoolDefinition;
    for (const { schema } of definition.spec.versions) {
      delete schema.openAPIV3Schema.properties.spec.properties.quota;
    }
    return dump(definition);
  });
}

interface PoolDefinition {
  readonly spec: {
    readonly versions: readonly {
      readonly schema: {
        readonly openAPIV3Schema: {
          readonly properties: { readonly spec: { readonly properties: { quota?: object } } };
        };
      };
    }[];
  };
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`Cannot make an older chart: nothing to change in "${file}"`);
  await writeFile(file, after);
}
