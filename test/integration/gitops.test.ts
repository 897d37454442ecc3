import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load, loadAll } from 'js-yaml';
import { kubeTool } from '../../lab/kube-tools.ts';
import { run } from '../../lab/process.ts';
import { chartFolder } from '../../lab/render-chart.ts';
import type { CommonStatus, Condition } from '../../src/api/resource.ts';
import { type ArgoHealth, argoHealth, customizations } from '../argo-health.ts';
import { argoHealthOf, kstatus } from '../kstatus.ts';

/* What Argo CD and Flux make of our status, and the repository to begin with. On statuses of a world: test/e2e/health.ts. */

const unseen = { status: 'Progressing', message: 'Waiting for the operator to look at it' };
const says = (type: Condition['type'], status: Condition['status'], reason: Condition['reason']): Condition => ({
  type,
  status,
  reason,
  message: 'So it is.',
});
const notReady = (reason: Condition['reason'], abnormal?: 'Reconciling' | 'Stalled') => ({
  observedGeneration: 2,
  conditions: [says('Ready', 'False', reason), ...(abnormal === undefined ? [] : [says(abnormal, 'True', reason)])],
});
const ready = says('Ready', 'True', 'Converged');
const because = (status: string, reason: string): ArgoHealth => ({ status, message: `${reason}: So it is.` });

const cases: readonly [when: string, status: CommonStatus, health: ArgoHealth][] = [
  ['nobody has looked', { observedGeneration: -1 }, unseen],
  ['an older generation was judged', { observedGeneration: 1, conditions: [ready] }, unseen],
  ['it is in order', { observedGeneration: 2, conditions: [ready] }, { status: 'Healthy', message: 'So it is.' }],
  [
    'it is in order, but for what only is told',
    { observedGeneration: 2, conditions: [says('CopyOnWrite', 'False', 'CopyOnWriteUnavailable'), ready] },
    { status: 'Healthy', message: 'So it is.' },
  ],
  ['it is being done', notReady('Progressing', 'Reconciling'), because('Progressing', 'Progressing')],
  ['it fails and is tried again', notReady('Failed', 'Reconciling'), because('Progressing', 'Failed')],
  ['only a person can mend it', notReady('AlreadyExists', 'Stalled'), because('Degraded', 'AlreadyExists')],
  ['changes are only planned', notReady('ChangesPlanned'), because('Suspended', 'ChangesPlanned')],
  ['changes of children are', notReady('ChangesPlanned', 'Reconciling'), because('Suspended', 'ChangesPlanned')],
  ['it is abandoned', notReady('Abandoned', 'Stalled'), because('Degraded', 'Abandoned')],
  [
    'it is ready and yet not at rest',
    { observedGeneration: 2, conditions: [ready, says('Reconciling', 'True', 'Progressing')] },
    because('Progressing', 'Converged'),
  ],
  [
    'something abnormal is over',
    { observedGeneration: 2, conditions: [says('Stalled', 'False', 'Conflict'), ready] },
    { status: 'Healthy', message: 'So it is.' },
  ],
  [
    'nothing is known',
    { observedGeneration: 2, conditions: [says('Ready', 'Unknown', 'Failed')] },
    because('Progressing', 'Failed'),
  ],
];
for (const [when, status, health] of cases) {
  test(`an object is ${health.status} in Argo CD and the same in Flux, when ${when}`, async () => {
    const object = { metadata: { generation: 2 }, status };
    assert.deepEqual(await argoHealth(object), health);
    assert.ok((argoHealthOf[kstatus(object)] as readonly string[]).includes(health.status), kstatus(object));
  });
}

test('the script passes the tests that Argo CD runs of it', async () => {
  const inputs = load(await readFile(`${customizations}health_test.yaml`, 'utf8')) as {
    tests: readonly { inputPath: string; healthStatus: ArgoHealth }[];
  };
  const seen = new Set<string>();
  for (const { inputPath, healthStatus } of inputs.tests) {
    const object = load(await readFile(`${customizations}${inputPath}`, 'utf8'));
    assert.deepEqual(await argoHealth(object), healthStatus, inputPath);
    seen.add(healthStatus.status);
  }
  assert.deepEqual([...seen].sort(), ['Degraded', 'Healthy', 'Progressing', 'Suspended']);
});

test('an object is Progressing in Argo CD, when its status is none that the operator writes', async () => {
  for (const status of [undefined, {}, { observedGeneration: 2 }, { observedGeneration: 2, conditions: [] }]) {
    assert.deepEqual(await argoHealth({ metadata: { generation: 2 }, status }), unseen);
  }
});

const tree = fileURLToPath(new URL('../../deploy/examples/gitops/', import.meta.url));
const folders = {
  cloud: ['ExternalSecret/ceph-main', 'ExternalSecret/fleet-ssh', 'CephOpenStackBinding/cloud'],
  'argocd/apps': ['Namespace/openstack', 'Application/ceph-openstack-operator', 'Application/cloud'],
  'flux/operator': ['Namespace/openstack', 'HelmRelease/ceph-openstack-operator'],
};
for (const [folder, objects] of Object.entries(folders)) {
  test(`kustomize makes of the example's ${folder} what it says`, async () => {
    const built = loadAll(await run(await kubeTool('kubectl'), ['kustomize', join(tree, folder)]));
    const names = (built as { kind: string; metadata: { name: string } }[]).map(
      ({ kind, metadata }) => `${kind}/${metadata.name}`,
    );
    assert.deepEqual(names.sort(), objects.toSorted());
  });
}

test('the chart takes the values of the examples, the same for Argo CD and Flux', async () => {
  const { spec: application } = load(await readFile(join(tree, 'argocd/apps/operator.yaml'), 'utf8')) as {
    spec: { source: { path: string; helm: { releaseName: string; valuesObject: object } } };
  };
  const { spec: release } = load(await readFile(join(tree, 'flux/operator/helm-release.yaml'), 'utf8')) as {
    spec: { values: object; chart: { spec: { chart: string } } };
  };
  const { releaseName, valuesObject } = application.source.helm;
  assert.deepEqual(release.values, valuesObject);
  assert.equal(release.chart.spec.chart, `./${application.source.path}`);
  assert.ok(chartFolder.endsWith(application.source.path));
  await run(await kubeTool('helm'), ['template', releaseName, chartFolder, '--values=-'], {
    input: JSON.stringify(valuesObject),
  });
});
