import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { applicationDefinition, foreignDefinitions } from '../../lab/foreign-definitions.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { chartFolder } from '../../lab/render-chart.ts';
import { apiObject, type Spec } from '../api-objects.ts';
import { type ApiResource, isResource, type Shown, yamlBlocks, yamlFiles } from './documented-yaml.ts';

/* Each YAML that people are shown, in pages and below deploy/, given to whom it is for. */

/** What is no object, part of one or values, and where it is tried instead. */
const elsewhere: Readonly<Record<string, string>> = {
  'deploy/argocd/resource_customizations/cephopenstack.io/_/health_test.yaml': 'test/integration/gitops.test.ts',
};
const install = 'deploy/install.yaml';
const files = yamlFiles();
const blocks = yamlBlocks();

let kube: Kube;
before(async () => {
  kube = await startKube({ name: 'documented-yaml' });
  const foreign = ['fluxSources', 'fluxKustomizations', 'fluxReleases', 'externalSecrets', 'sealedSecrets'] as const;
  const definitions = [await applicationDefinition(), ...(await foreignDefinitions(...foreign))];
  for (const file of definitions) await kube.kubectl(['create', '-f', file]);
  await kube.kubectl(['create', 'namespace', 'openstack']);
  await kube.kubectl(['apply', '--server-side', '--validate=strict', '-f', install]);
  await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
});
after(() => kube[Symbol.asyncDispose]());

test('there is YAML to try, and what is tried elsewhere is there', () => {
  const found = files.map(({ where }) => where);
  for (const file of [install, 'deploy/examples/quickstart.yaml', ...Object.keys(elsewhere)]) {
    assert.ok(found.includes(file), file);
  }
  assert.ok(blocks.some(({ where }) => where.startsWith('README.md:')));
});

for (const shown of [...files, ...blocks]) {
  const { where, documents } = shown;
  if (where === install || where in elsewhere) continue;
  test(`${where} is taken`, async () => {
    assert.ok(documents.length > 0);
    const objects = documents.flatMap((document) => whole(document, shown));
    if (objects.length > 0) await create(where, objects);
    if (shown.partOf === 'values of the chart') for (const values of documents) await template(values);
    if (documents.some(isKustomize)) await kube.kubectl(['kustomize', dirname(where)]);
  });
}

/** The objects to create for a document: itself, or the least object of the kind that it is a part of, with it. */
function whole(document: unknown, { where, partOf }: Shown): readonly ApiResource[] {
  if (isKustomize(document) || partOf === 'values of the chart') return [];
  if (isResource(document)) return [document];
  const [, kind] = /^spec of (\w+)$/.exec(partOf ?? '') ?? [];
  const hint =
    'say what it is in a line before it: <!-- yaml: spec of RbdPool --> or <!-- yaml: values of the chart -->';
  assert.ok(kind !== undefined, `${where} is no whole object: ${hint}`);
  return [apiObject(kind, document as Spec)];
}

/** Read by kubectl itself. */
function isKustomize(document: unknown): boolean {
  return isResource(document) && document.apiVersion.startsWith('kustomize.config.k8s.io/');
}

/** In a namespace of their own, so that examples may share names. */
async function create(where: string, objects: readonly ApiResource[]): Promise<void> {
  const namespace = where
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-63)
    .replace(/^-/, '');
  await kube.kubectl(['create', 'namespace', namespace]);
  const items = objects.map(({ metadata: { name, labels, annotations }, ...rest }) => ({
    metadata: { name, namespace, labels, annotations },
    ...rest,
  }));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const made = await kube.kubectl(['apply', '--server-side', '--validate=strict', '-o', 'name', '-f', '-'], { input });
  assert.equal(made.trim().split('\n').length, objects.length);
}

async function template(values: unknown): Promise<void> {
  const required = ['--set=installation=here', '--set=watchNamespaces={openstack}'];
  await kube.helm(['template', 'shown', chartFolder, ...required, '--values=-'], { input: JSON.stringify(values) });
}
