import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { projectRoot } from '../../lab/cache.ts';
import { withValues } from '../../lab/chart-readme.ts';
import { foreignDefinitions } from '../../lab/foreign-definitions.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { kubeTool, kubeVersions } from '../../lab/kube-tools.ts';
import { run } from '../../lab/process.ts';
import { chartFolder, crdCopies, installFile, renderInstall } from '../../lab/render-chart.ts';
import { oneOf, release, template } from './chart-rendering.ts';
import { everything, refused, taken } from './chart-values.ts';

/* What the chart makes of its values, judged by the real helm and a real API server. */

const fileOf = (name: string) => readFile(join(chartFolder, name), 'utf8');

test('the chart passes helm lint', async () => {
  const printed = await run(await kubeTool('helm'), [
    'lint',
    '--strict',
    chartFolder,
    '--set=installation=here,watchAllNamespaces=true',
  ]);
  assert.match(printed, /0 chart\(s\) failed/);
});

test('the definitions in the chart equal those in crds/', async () => {
  for (const [file, content] of await crdCopies()) assert.equal(await readFile(file, 'utf8'), content, file);
});

test('deploy/install.yaml is what the chart renders', async () => {
  assert.equal(await readFile(installFile, 'utf8'), await renderInstall(), 'run make generate');
});

test("the tables of the chart's README tell of every value", async () => {
  const readme = await fileOf('README.md');
  assert.equal(readme, withValues(readme, await fileOf('values.yaml')), 'run make generate');
  assert.throws(() => withValues(readme, '## Names\nnameOverride: ""\n'), /Nothing is said of nameOverride/);
});

for (const [why, values, message] of refused) {
  test(`the chart refuses to render, when ${why}`, () => assert.rejects(template(values), message));
}

for (const version of kubeVersions) {
  describe(`on the ${version} Kubernetes`, () => {
    let kube: Kube;
    before(async () => {
      kube = await startKube({ name: 'chart-rendering', version });
      for (const namespace of ['system', 'openstack', 'elsewhere'])
        await kube.kubectl(['create', 'namespace', namespace]);
      await kube.kubectl(['label', 'namespace', 'system', 'pod-security.kubernetes.io/enforce=restricted']);
      for (const file of await foreignDefinitions('prometheus')) await kube.kubectl(['create', '-f', file]);
      await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    });
    after(() => kube[Symbol.asyncDispose]());

    test(`the chart and docs/support.md name it as what is tested`, async () => {
      const { serverVersion } = JSON.parse(await kube.kubectl(['version', '-o', 'json']));
      const minor = /^v(1\.\d+)\./.exec(serverVersion.gitVersion)?.[1];
      const support = await readFile(join(projectRoot, 'docs', 'support.md'), 'utf8');
      assert.ok(support.includes(`\n| ${minor} | **tested** |`), minor);
      if (version === 'oldest')
        assert.match(await fileOf('Chart.yaml'), new RegExp(`^kubeVersion: ">=${minor}.0-0"$`, 'm'));
    });

    test('deploy/install.yaml is taken as it is', async () => {
      await kube.kubectl(['apply', '--server-side', '-f', installFile]);
    });

    for (const [what, values] of Object.entries(taken)) {
      test(`the API server takes what the chart renders for ${what}`, async () => {
        const manifests = await template(values);
        const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
        await kube.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], { input });
        // A Deployment is taken with any pod; those that it makes must come past the restricted profile.
        const { metadata, spec } = oneOf(manifests, 'Deployment').spec.template;
        const pod = { metadata: { ...metadata, name: release }, spec: { ...spec, serviceAccountName: 'default' } };
        await kube.kubectl(['create', '--namespace=system', '--dry-run=server', '-f', '-'], {
          input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod }),
        });
      });
    }
  });
}

test('what can be set comes to where it belongs', async () => {
  const manifests = await template(everything);
  const deployment = oneOf(manifests, 'Deployment').spec;
  const { metadata, spec } = deployment.template;
  const [container] = spec.containers;
  assert.equal(deployment.replicas, 2);
  assert.equal(container.image, `${everything.image.repository}@${everything.image.digest}`);
  assert.deepEqual(container.env.slice(-2), everything.extraEnv);
  assert.deepEqual(container.volumeMounts.slice(1), everything.extraVolumeMounts);
  assert.deepEqual(container.resources, everything.resources);
  assert.deepEqual(spec.volumes.slice(1), everything.extraVolumes);
  for (const field of ['priorityClassName', 'nodeSelector', 'tolerations', 'affinity', 'imagePullSecrets'] as const) {
    assert.deepEqual(spec[field], everything[field], field);
  }
  assert.equal(metadata.labels.team, 'storage');
  assert.deepEqual(metadata.annotations, everything.podAnnotations);
  assert.deepEqual(oneOf(manifests, 'ServiceAccount').metadata.annotations, everything.serviceAccount.annotations);
  assert.equal(oneOf(manifests, 'CustomResourceDefinition'), undefined);
  const [assigned] = (await template({ ...everything, runAsUser: null })).filter(({ kind }) => kind === 'Pod');
  assert.deepEqual(Object.keys(assigned.spec.securityContext), ['runAsNonRoot', 'seccompProfile']);
});

test('whatever finds the replicas finds them, and not the pod of `helm test`', async () => {
  const manifests = await template(everything);
  const labels = oneOf(manifests, 'Deployment').spec.template.metadata.labels;
  const [spread, chosen] = everything.topologySpreadConstraints;
  const constraints = oneOf(manifests, 'Deployment').spec.template.spec.topologySpreadConstraints;
  const selectors = [
    oneOf(manifests, 'Deployment').spec.selector.matchLabels,
    oneOf(manifests, 'Service').spec.selector,
    oneOf(manifests, 'PodDisruptionBudget').spec.selector.matchLabels,
    oneOf(manifests, 'NetworkPolicy').spec.podSelector.matchLabels,
    constraints[0].labelSelector.matchLabels,
  ];
  const finds = (selector: object, found: Record<string, string>) =>
    Object.entries(selector).every(([name, value]) => found[name] === value);
  for (const selector of selectors) {
    assert.equal(finds(selector, labels), true);
    assert.equal(finds(selector, oneOf(manifests, 'Pod').metadata.labels), false);
  }
  assert.deepEqual(constraints, [{ ...spread, labelSelector: { matchLabels: selectors[0] } }, chosen]);
  const { selector, namespaceSelector } = oneOf(manifests, 'ServiceMonitor').spec;
  assert.equal(finds(selector.matchLabels, oneOf(manifests, 'Service').metadata.labels), true);
  assert.deepEqual(namespaceSelector, { matchNames: ['system'] });
});

test('a NetworkPolicy lets out to each destination by its own ports, and in to the metrics', async () => {
  const manifests = await template(everything);
  const { egress, ingress } = oneOf(manifests, 'NetworkPolicy').spec;
  const tcp = (...ports: number[]) => ports.map((port) => ({ port, protocol: 'TCP' }));
  const cidrs = (...all: string[]) => all.map((cidr) => ({ ipBlock: { cidr } }));
  assert.deepEqual(egress, [
    { ports: tcp(6443), to: cidrs('192.0.2.1/32') },
    {
      ports: [...tcp(3300, 6789), { port: 6800, endPort: 7568, protocol: 'TCP' }],
      to: cidrs('10.0.0.0/24', 'fd00::/64'),
    },
    { ports: [{ port: 53, protocol: 'UDP' }, ...tcp(53)] },
    { ports: tcp(22) },
    ...everything.networkPolicy.extraEgress,
  ]);
  const test = { matchLabels: oneOf(manifests, 'Pod').metadata.labels };
  const from = [{ podSelector: test }, ...everything.networkPolicy.metricsFrom];
  assert.deepEqual(ingress, [{ ports: [{ port: 'http', protocol: 'TCP' }], from }]);
});

test('alerts and dashboard come as they lie in the chart', async () => {
  const manifests = await template(everything);
  for (const kind of ['ServiceMonitor', 'PrometheusRule', 'ConfigMap']) {
    assert.equal(oneOf(manifests, kind).metadata.namespace, 'elsewhere', kind);
  }
  const { metrics } = everything;
  const { runbookURL, ...rule } = metrics.prometheusRule;
  const alerts = await fileOf('files/alerts.yaml');
  const linked = alerts.replaceAll('runbook: docs/operations.md#', `runbook_url: ${runbookURL}#`);
  assert.deepEqual(oneOf(manifests, 'PrometheusRule').spec, load(linked));
  const unlinked = await template({ ...everything, metrics: { ...metrics, prometheusRule: rule } });
  assert.deepEqual(oneOf(unlinked, 'PrometheusRule').spec, load(alerts));
  const [dashboard] = Object.values(oneOf(manifests, 'ConfigMap').data);
  assert.equal(String(dashboard).trim(), (await fileOf('files/dashboard.json')).trim());
});

test('the chart grants no wildcard, whatever the values', async () => {
  for (const values of Object.values(taken)) {
    for (const { rules = [], metadata } of await template(values)) {
      const words = rules.flatMap((rule: Record<string, string[]>) => Object.values(rule).flat());
      assert.deepEqual(
        words.filter((word: string) => word.includes('*')),
        [],
        metadata.name,
      );
    }
  }
});

test('the chart gives the operator rights in the watched namespaces only, when some are named', async () => {
  const watchNamespaces = ['a', 'b'];
  const manifests = await template({ installation: 'here', watchNamespaces, rbac: { aggregate: false } });
  const roles = manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  assert.deepEqual(
    roles.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
    [`Role a/${release}`, `Role b/${release}`, `Role system/${release}-leader`],
  );
});
