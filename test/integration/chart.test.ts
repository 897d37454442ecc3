import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { eventually } from '../../lab/eventually.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { startOperatorProcess } from '../../lab/operator-process.ts';
import { freePorts } from '../../lab/ports.ts';
import { chartFolder, crdCopies, installFile, renderInstall } from '../../lab/render-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly rules?: readonly { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[];
}

const release = 'ceph-openstack-operator';
const operator = `system:serviceaccount:system:${release}`;
const flags = ['--namespace=system', '--set=installation=here,watchNamespaces={openstack}'];
const kinds = ['cephopenstackbindings', 'rbdpools', 'cephclientauths', 'cephopenstackhosts'];

let kube: Kube;
before(async () => {
  kube = await startKube({ name: 'chart' });
});
after(() => kube[Symbol.asyncDispose]());

async function template(...values: readonly string[]): Promise<Manifest[]> {
  const flags = values.flatMap((value) => ['--set', value]);
  const text = await kube.helm(['template', release, chartFolder, '--namespace=system', ...flags]);
  return loadAll(text) as Manifest[];
}

const canI = async (who: string, verb: string, resource: string, namespace: string) =>
  (await kube
    .kubectl(['auth', 'can-i', verb, resource, `--namespace=${namespace}`, `--as=${who}`])
    .catch((error) => error.stdout)) === 'yes\n';

test('the chart passes helm lint', async () => {
  const printed = await kube.helm(['lint', '--strict', chartFolder, '--set=installation=here']);
  assert.match(printed, /0 chart\(s\) failed/);
});

test('the definitions in the chart equal those in crds/', async () => {
  for (const [file, content] of await crdCopies()) assert.equal(await readFile(file, 'utf8'), content, file);
});

test('deploy/install.yaml is what the chart renders', async () => {
  assert.equal(await readFile(installFile, 'utf8'), await renderInstall(), 'run make generate');
});

test('every value of the chart has a comment and a place in the schema', async () => {
  const lines = (await readFile(join(chartFolder, 'values.yaml'), 'utf8')).split('\n');
  const schema = JSON.parse(await readFile(join(chartFolder, 'values.schema.json'), 'utf8'));
  const values = load(lines.join('\n')) as Record<string, unknown>;
  assert.deepEqual(
    Object.keys(schema.properties).filter((name) => name !== 'global'),
    Object.keys(schema.properties).filter((name) => name in values),
  );
  assert.deepEqual(
    Object.keys(values).filter((name) => !(name in schema.properties)),
    [],
  );
  const bare = lines.filter(
    (line, index) => /^ *[a-zA-Z]+:/.test(line) && !isSection(lines, index) && !isCommented(lines, index),
  );
  assert.deepEqual(bare, []);
});

/** A value whose parts are commented one by one. */
function isSection(lines: readonly string[], index: number): boolean {
  return /:$/.test(lines[index] ?? '') && /^ +#/.test(lines[index + 1] ?? '');
}

/** A comment stands before it, or before the values just above that belong together. */
function isCommented(lines: readonly string[], index: number): boolean {
  for (let above = index - 1; above >= 0; above -= 1) {
    const line = lines[above] ?? '';
    if (/^ *#/.test(line)) return true;
    if (line === '') return false;
  }
  return false;
}

const refused: readonly [why: string, values: readonly string[], message: RegExp][] = [
  ['no installation is named', [], /Set installation: a name/],
  ['the installation has characters that a mark cannot hold', ['installation=Here'], /does not match pattern/],
  [
    'a value is unknown',
    ['installation=here', 'watchNamespace=a'],
    /additional properties 'watchNamespace' not allowed/,
  ],
  ['a value is of another type', ['installation=here', 'replicas=many'], /got string, want integer/],
  ['replicas could not agree', ['installation=here', 'replicas=2', 'leaderElection=false'], /more than one replica/],
];
for (const [why, values, message] of refused) {
  test(`the chart refuses to render, when ${why}`, () => assert.rejects(template(...values), message));
}

test('the chart grants no wildcard, whatever the values', async () => {
  for (const values of [[], ['watchNamespaces={a,b}'], ['rbac.aggregate=false'], ['leaderElection=false']]) {
    for (const { rules = [], metadata } of await template('installation=here', ...values)) {
      const words = rules.flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);
      assert.deepEqual(
        words.filter((word) => word.includes('*')),
        [],
        metadata.name,
      );
    }
  }
});

test('the chart gives rights of its own to the operator in the watched namespaces only, when some are named', async () => {
  const manifests = await template('installation=here', 'watchNamespaces={a,b}', 'rbac.aggregate=false');
  const roles = manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  assert.deepEqual(
    roles.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
    [`Role a/${release}`, `Role b/${release}`, `Role system/${release}-leader`],
  );
});

test('the chart leaves the definitions out, when told so', async () => {
  const manifests = await template('installation=here', 'crds.enabled=false');
  assert.equal(
    manifests.some(({ kind }) => kind === 'CustomResourceDefinition'),
    false,
  );
});

test('helm install serves the kinds and says what to do next', async () => {
  for (const namespace of ['system', 'openstack', 'elsewhere']) await kube.kubectl(['create', 'namespace', namespace]);
  await kube.kubectl(['label', 'namespace', 'system', 'pod-security.kubernetes.io/enforce=restricted']);
  const notes = await kube.helm(['install', release, chartFolder, ...flags]);
  assert.match(notes, /watches the namespaces openstack/);
  await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  await eventually(async () => {
    const served = await kube.kubectl(['api-resources', '--api-group=cephopenstack.io', '-o', 'name']);
    assert.deepEqual(served.trim().split('\n').sort(), kinds.map((kind) => `${kind}.cephopenstack.io`).sort());
  });
});

test('the operator may do what it needs in a watched namespace, and nothing else anywhere', async () => {
  const allowed = [
    ...kinds.flatMap((kind) => [`get ${kind}`, `list ${kind}`, `watch ${kind}`, `patch ${kind}`]),
    ...kinds.map((kind) => `patch ${kind}/status`),
    ...['create rbdpools', 'delete cephclientauths', 'create cephopenstackhosts'],
    ...['watch secrets', 'patch secrets', 'create controllerrevisions.apps', 'create events.events.k8s.io'],
  ];
  const forbidden = [
    ...['create cephopenstackbindings', 'delete cephopenstackbindings', 'deletecollection rbdpools'],
    ...['get pods', 'create pods', 'get configmaps', 'get namespaces', 'create roles', 'impersonate users'],
  ];
  const ask = (line: string, namespace: string) => {
    const [verb = '', resource = ''] = line.split(' ');
    return canI(operator, verb, resource, namespace);
  };
  for (const line of allowed) {
    assert.equal(await ask(line, 'openstack'), true, `${line} in the watched namespace`);
    assert.equal(await ask(line, 'elsewhere'), false, `${line} in another namespace`);
  }
  for (const line of forbidden) assert.equal(await ask(line, 'openstack'), false, line);
  assert.equal(await canI(operator, 'patch', `leases.coordination.k8s.io/${release}`, 'system'), true);
  assert.equal(await canI(operator, 'patch', 'leases.coordination.k8s.io/another', 'system'), false);
});

for (const [role, verb, resource, expected] of [
  ['view', 'get', 'cephopenstackhosts', true],
  ['view', 'create', 'rbdpools', false],
  ['edit', 'create', 'cephopenstackbindings', true],
  ['edit', 'patch', 'cephopenstackhosts', false],
  ['edit', 'create', 'cephopenstackhosts', false],
] as const) {
  test(`the cluster's role ${role} ${expected ? 'may' : 'may not'} ${verb} ${resource}`, async () => {
    const who = `${role}-${verb}-${resource}`;
    const binding = ['rolebinding', who, `--clusterrole=${role}`, `--user=${who}`, '--namespace=openstack'];
    await kube.kubectl(['create', ...binding]);
    // A controller puts the roles together.
    await eventually(async () => assert.equal(await canI(who, verb, resource, 'openstack'), expected));
  });
}

test("the operator starts with the Deployment's own environment, leads, is ready, and is refused nothing", async () => {
  const [port] = await freePorts(1);
  const environment: Record<string, string> = {};
  for (const { name, value } of (await podTemplate(...flags.slice(1))).spec.containers[0]?.env ?? []) {
    environment[name] = value ?? 'system';
  }
  await using running = startOperatorProcess({
    kubeconfig: await kube.serviceAccountKubeconfig('system', release),
    logFile: join(kube.folder, 'operator.log'),
    environment: { ...environment, METRICS_ADDRESS: `127.0.0.1:${port}` },
  });
  const path = (name: string) => fetch(`http://127.0.0.1:${port}/${name}`);
  await eventually(async () => assert.equal((await path('readyz')).status, 200, running.log.at(-1)));
  assert.equal((await path('healthz')).status, 200);
  await eventually(async () =>
    assert.match(await (await path('metrics')).text(), /^leader_election_master_status.* 1$/m),
  );
  const requests = (await kube.requests()).filter(({ user }) => user === operator);
  assert.ok(requests.length > 0);
  assert.deepEqual(
    requests.filter(({ code }) => code === 403),
    [],
  );
  assert.equal(await running.stop(), 0);
});

test('helm upgrade keeps objects, and they outlive helm uninstall, which takes the rights away', async () => {
  await kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(pool) });
  await kube.helm(['upgrade', release, chartFolder, ...flags, '--set=log.level=debug']);
  await kube.helm(['uninstall', release, '--namespace=system']);
  assert.match(await kube.kubectl(['get', 'rbdpools', '--namespace=openstack', '-o', 'name']), /volumes/);
  assert.equal(await canI(operator, 'get', 'secrets', 'openstack'), false);
});

test('the pod that the Deployment makes is admitted under the restricted profile', async () => {
  const { metadata, spec } = await podTemplate('--set=installation=here');
  await kube.kubectl(['create', 'serviceaccount', release, '--namespace=system']);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'operator' }, spec });
  await kube.kubectl(['create', '--namespace=system', '--dry-run=server', '-f', '-'], { input });
});

interface PodTemplate {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value?: string }[] }[] };
}

async function podTemplate(...values: readonly string[]): Promise<PodTemplate> {
  const text = await kube.helm(['template', release, chartFolder, ...values]);
  const deployment = (loadAll(text) as Manifest[]).find(({ kind }) => kind === 'Deployment');
  return (deployment as unknown as { spec: { template: PodTemplate } }).spec.template;
}

const pool = {
  apiVersion: 'cephopenstack.io/v1alpha1',
  kind: 'RbdPool',
  metadata: { name: 'volumes', namespace: 'openstack' },
  spec: { cluster: { secretName: 'ceph-main' }, replicated: { size: 3 } },
};
