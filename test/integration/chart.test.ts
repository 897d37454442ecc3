import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { formerVersion } from '../../lab/former-version.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { type KubeVersion, kubeVersions } from '../../lab/kube-tools.ts';
import { startOperatorProcess } from '../../lab/operator-process.ts';
import { freePorts } from '../../lab/ports.ts';
import { run } from '../../lab/process.ts';
import { chartFolder } from '../../lab/render-chart.ts';
import { oneOf, release, template } from './chart-rendering.ts';

/* The life of a release, from install to uninstall, and the rights that it gives. */

const operator = `system:serviceaccount:system:${release}`;
const flags = ['--namespace=system', '--set=installation=here,watchNamespaces={openstack}'];
const kinds = ['cephopenstackbindings', 'rbdpools', 'cephclientauths', 'cephopenstackhosts'];

const apiVersion = 'cephopenstack.io/v1alpha1';
const pool = {
  apiVersion,
  kind: 'RbdPool',
  metadata: { name: 'volumes', namespace: 'openstack' },
  spec: { cluster: { secretName: 'ceph-main' }, replicated: { size: 3 } },
};
const thePool = [
  'get',
  'rbdpool',
  'volumes',
  '--namespace=openstack',
  '-o',
  'jsonpath={.metadata.uid} {.metadata.generation} {.spec}',
];

for (const version of kubeVersions) describe(`on the ${version} Kubernetes`, () => livesARelease(version));

function livesARelease(version: KubeVersion): void {
  let kube: Kube;
  before(async () => {
    // As OpenShift has it: whoever lets an object hold up the deletion of its owner needs a right to the owner's finalizers.
    kube = await startKube({ name: 'chart', version, admissionPlugins: ['OwnerReferencesPermissionEnforcement'] });
    for (const namespace of ['system', 'openstack', 'elsewhere'])
      await kube.kubectl(['create', 'namespace', namespace]);
  });
  after(() => kube[Symbol.asyncDispose]());

  /** `what` as in `patch rbdpools --subresource=status`. */
  const canI = async (who: string, what: string, namespace: string) =>
    (await kube
      .kubectl(['auth', 'can-i', ...what.split(' '), `--namespace=${namespace}`, `--as=${who}`])
      .catch((error) => error.stdout)) === 'yes\n';

  test('helm install serves the kinds and leads to a first binding', async () => {
    const notes = await kube.helm(['install', release, chartFolder, ...flags]);
    assert.match(notes, /watches the namespaces openstack/);
    await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    await eventually(async () => {
      const served = await kube.kubectl(['api-resources', '--api-group=cephopenstack.io', '-o', 'name']);
      assert.deepEqual(served.trim().split('\n').sort(), kinds.map((kind) => `${kind}.cephopenstack.io`).sort());
    });
    const binding = /^ {2}apiVersion: .*\n(?: {2}.*\n)+/m.exec(notes)?.[0] ?? '';
    const made = await kube.kubectl(['create', '--dry-run=server', '-f', '-'], {
      input: binding.replace(/^ {2}/gm, ''),
    });
    assert.match(made, /cloud created/);
  });

  test('the operator may do what it needs in a watched namespace, and nothing else anywhere', async () => {
    const allowed = [
      ...kinds.flatMap((kind) => [`get ${kind}`, `list ${kind}`, `watch ${kind}`, `patch ${kind}`]),
      ...kinds.map((kind) => `patch ${kind} --subresource=status`),
      ...['create rbdpools', 'delete cephclientauths', 'create cephopenstackhosts'],
      ...['watch secrets', 'patch secrets', 'create controllerrevisions.apps', 'create events.events.k8s.io'],
    ];
    const forbidden = [
      ...['create cephopenstackbindings', 'delete cephopenstackbindings', 'deletecollection rbdpools'],
      ...['delete secrets', 'get pods', 'create pods', 'get configmaps', 'get namespaces', 'create roles'],
      ...['impersonate users', 'patch controllerrevisions.apps', 'update rbdpools --subresource=status'],
    ];
    for (const what of allowed) {
      assert.equal(await canI(operator, what, 'openstack'), true, `${what} in the watched namespace`);
      assert.equal(await canI(operator, what, 'elsewhere'), false, `${what} in another namespace`);
    }
    for (const what of forbidden) assert.equal(await canI(operator, what, 'openstack'), false, what);
    assert.equal(await canI(operator, `patch leases.coordination.k8s.io/${release}`, 'system'), true);
    assert.equal(await canI(operator, 'patch leases.coordination.k8s.io/another', 'system'), false);
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
      await eventually(async () => assert.equal(await canI(who, `${verb} ${resource}`, 'openstack'), expected));
    });
  }

  for (const [owner, expected] of [
    ['CephOpenStackBinding', true],
    ['CephClientAuth', true],
    ['RbdPool', false],
  ] as const) {
    test(`the operator ${expected ? 'may' : 'may not'} let what it makes hold up the deletion of a ${owner}`, async () => {
      const reference = {
        apiVersion,
        kind: owner,
        name: 'cloud',
        uid: 'a',
        controller: true,
        blockOwnerDeletion: true,
      };
      const metadata = { name: 'owned', namespace: 'openstack', ownerReferences: [reference] };
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata });
      const create = ['create', '--dry-run=server', '--validate=false', `--as=${operator}`, '-f', '-'];
      // The API server looks up once in half a minute which kinds there are.
      await eventually(async () => {
        const answer = await kube.kubectl(create, { input }).catch((error) => error.stderr);
        assert.match(answer, expected ? /created/ : /can't set finalizers on/);
      });
    });
  }

  test("the operator starts with the pod's own environment, leads, is ready, and passes helm's test until it stops", async () => {
    const [port] = await freePorts(1);
    const manifests = await template({ installation: 'here', watchNamespaces: ['openstack'] });
    const environment: Record<string, string> = {};
    for (const { name, value } of oneOf(manifests, 'Deployment').spec.template.spec.containers[0].env) {
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

    // What the pod of `helm test` does, at the address that leads here instead of through the Service.
    const [{ command, args }] = oneOf(manifests, 'Pod').spec.containers;
    const { metadata, spec } = oneOf(manifests, 'Service');
    assert.equal(args.at(-1), `http://${metadata.name}.${metadata.namespace}.svc:${spec.ports[0].port}/readyz`);
    assert.equal(command[0], 'node');
    const look = () => run(process.execPath, [...command.slice(1), args[0], `http://127.0.0.1:${port}/readyz`]);
    assert.match(await look(), /: 200 ok/);
    assert.equal(await running.stop(), 0);
    await assert.rejects(look(), /ECONNREFUSED/);
  });

  test('without a replica helm leads to a process, which runs as the docs say', async () => {
    const notes = await kube.helm(['upgrade', release, chartFolder, ...flags, '--set=replicas=0']);
    assert.doesNotMatch(notes, /rollout status|helm test|exec deployment/);
    const page = await readFile(join(projectRoot, 'docs', 'operations.md'), 'utf8');
    const section = /^### Run it as a process$(.*?)^### /ms.exec(page)?.[1] ?? '';
    const [recipe = '', start = ''] = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
    const folder = join(kube.folder, 'process');
    await mkdir(folder);
    const env = { PATH: `${kube.commands}:${process.env.PATH}`, KUBECONFIG: kube.kubeconfig };
    await run('sh', ['-ec', recipe.replaceAll('-n ceph-openstack-operator', '-n system')], { cwd: folder, env });
    const kubeconfig = join(folder, 'operator.kubeconfig');
    assert.doesNotMatch(await readFile(kubeconfig, 'utf8'), /client-(key|certificate)/);

    // What helm says to start, which is what the page says, but for the values.
    const [said = assert.fail(), ...more] = notes.match(/INSTALLATION=.*$/gm) ?? [];
    assert.deepEqual(more, []);
    const names = (line: string) => [...line.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name);
    assert.deepEqual(names(said), names(start));
    const [port] = await freePorts(1);
    const settings = [...said.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]);
    await using running = startOperatorProcess({
      kubeconfig,
      logFile: join(folder, 'operator.log'),
      environment: { ...Object.fromEntries(settings), KUBECONFIG: kubeconfig, METRICS_ADDRESS: `127.0.0.1:${port}` },
    });
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    await eventually(async () => assert.equal(await ready(), 200, running.log.at(-1)));
    assert.equal(await running.stop(), 0);
  });

  test('helm uninstall takes the rights away, and leaves definitions and objects', async () => {
    await kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(pool) });
    await kube.helm(['uninstall', release, '--namespace=system']);
    await objectsStand();
    assert.equal(await canI(operator, 'get secrets', 'openstack'), false);
  });

  test('an upgrade brings new fields and takes rights that nobody needs any more, a rollback undoes both', async () => {
    const former = await formerVersion();
    const before = await kube.kubectl(thePool);
    // What tells the two charts apart.
    const has = async () => ({
      fields: (await kube.kubectl(['get', 'crd', 'rbdpools.cephopenstack.io', '-o', 'json'])).includes('"whenAdopted"'),
      rights: await canI(operator, 'delete secrets', 'openstack'),
    });

    await kube.helm(['install', release, former.chart, ...flags]);
    assert.deepEqual(await has(), { fields: false, rights: true });
    await kube.helm(['upgrade', release, chartFolder, '--reset-then-reuse-values', '--namespace=system']);
    assert.deepEqual(await has(), { fields: true, rights: false });
    await kube.helm(['rollback', release, '1', '--namespace=system']);
    assert.deepEqual(await has(), { fields: false, rights: true });
    await kube.helm(['uninstall', release, '--namespace=system']);
    assert.deepEqual(await kube.kubectl(thePool), before);
    await objectsStand();
  });

  async function objectsStand(): Promise<void> {
    assert.match(await kube.kubectl(['get', 'rbdpools', '--namespace=openstack', '-o', 'name']), /volumes/);
    const definitions = (await kube.kubectl(['get', 'crd', '-o', 'name'])).trim().split('\n');
    assert.equal(definitions.length, kinds.length);
  }
}
