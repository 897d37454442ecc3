import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { projectRoot } from './cache.ts';
import { withValues } from './chart-readme.ts';
import { renderDashboard } from './dashboard.ts';
import { kubeTool } from './kube-tools.ts';
import { run } from './process.ts';

/**
 * Keeps what is made from the chart's sources:
 *
 *   node lab/render-chart.ts            copies crds/ into the chart, writes its dashboard and its README's tables, renders deploy/install.yaml
 *   node lab/render-chart.ts --check    writes nothing, and exits 1 when one of them differs. Quick: install.yaml is not rendered
 */
export const chartFolder = join(projectRoot, 'charts', 'ceph-openstack-operator');
export const installFile = join(projectRoot, 'deploy', 'install.yaml');
export const dashboardFile = join(chartFolder, 'files', 'dashboard.json');
const namespace = 'ceph-openstack-operator';

/** Helm reads nothing outside a chart's folder, so the definitions lie there a second time. Path to content. */
export async function crdCopies(): Promise<ReadonlyMap<string, string>> {
  const source = join(projectRoot, 'crds');
  const names = (await readdir(source)).filter((name) => name.endsWith('.yaml')).sort();
  const copies = names.map(
    async (name) => [join(chartFolder, 'files', 'crds', name), await readFile(join(source, name), 'utf8')] as const,
  );
  return new Map(await Promise.all(copies));
}

/** The chart's README, its tables as its values are now. Path to content. */
async function chartReadme(): Promise<ReadonlyMap<string, string>> {
  const file = join(chartFolder, 'README.md');
  const [readme, values] = await Promise.all(
    [file, join(chartFolder, 'values.yaml')].map((one) => readFile(one, 'utf8')),
  );
  return new Map([[file, withValues(readme ?? '', values ?? '')]]);
}

/** The manifests for people without helm. `INSTALLATION` is empty there, which the operator refuses: it must be chosen. */
export async function renderInstall(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'helm-'));
  try {
    const chosen = 'to-be-chosen';
    const values = `installation=${chosen},watchNamespaces={openstack},crds.keep=false`;
    const args = ['template', namespace, chartFolder, `--namespace=${namespace}`, `--set=${values}`, '--skip-tests'];
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
    const rendered = await run(await kubeTool('helm'), args, { env });
    return [
      '# Rendered by `make generate` from charts/ceph-openstack-operator; do not edit.',
      '# Before you apply it, give INSTALLATION below a name that no other operator has which uses the same Ceph clusters, and',
      '# make the namespace openstack, which it watches: for another one, change its Role, its RoleBinding and WATCH_NAMESPACES.',
      '# Name your image, too: none is published yet. Instead of ceph-openstack-operator:… below, what `make image` was told to make.',
      'apiVersion: v1',
      'kind: Namespace',
      'metadata:',
      `  name: ${namespace}`,
      '  labels:',
      '    pod-security.kubernetes.io/enforce: restricted',
      rendered
        .replaceAll('app.kubernetes.io/managed-by: Helm', 'app.kubernetes.io/managed-by: kubectl')
        .replace(/^.*helm\.sh\/chart: .*\n/gm, '')
        .replace(`value: "${chosen}"`, 'value: ""'),
    ].join('\n');
  } finally {
    await rm(home, { recursive: true });
  }
}

async function differing(files: ReadonlyMap<string, string>): Promise<string[]> {
  const found = [];
  for (const [file, content] of files) {
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== content) found.push(file);
  }
  return found;
}

async function main(): Promise<void> {
  const made = new Map([...(await crdCopies()), [dashboardFile, renderDashboard()], ...(await chartReadme())]);
  const folder = join(chartFolder, 'files', 'crds');
  const stale = (await readdir(folder)).map((name) => join(folder, name)).filter((file) => !made.has(file));
  if (process.argv.includes('--check')) {
    for (const file of [...(await differing(made)), ...stale]) {
      console.error(`${relative(projectRoot, file)} is not what its sources make: run make generate`);
      process.exitCode = 1;
    }
    return;
  }
  for (const file of stale) await rm(file);
  await write(made);
  // Last, for it has the others within.
  await write(new Map([[installFile, await renderInstall()]]));
}

async function write(files: ReadonlyMap<string, string>): Promise<void> {
  for (const file of await differing(files)) {
    await writeFile(file, files.get(file) ?? '');
    console.log(`Wrote ${relative(projectRoot, file)}`);
  }
}

if (import.meta.main) await main();
