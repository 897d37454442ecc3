import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { projectRoot, runFolder } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { register, startTimeOf, sweepLeftovers } from '../../lab/leftovers.ts';
import { run } from '../../lab/process.ts';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.lab.example' },
  spec: {
    group: 'lab.example',
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things', singular: 'thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer' } },
                'x-kubernetes-validations': [{ rule: 'self.size % 2 == 0', message: 'size must be even' }],
              },
            },
          },
        },
      },
    ],
  },
};

let kube: Kube;
before(async () => {
  const folder = runFolder('lab-kube-crds');
  register({ kind: 'directory', path: folder });
  const crds = join(folder, 'things.json');
  await writeFile(crds, JSON.stringify(crd));
  kube = await startKube({ name: 'lab-kube', crds });
});
after(() => kube[Symbol.asyncDispose]());

const apply = (manifest: unknown) => kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });

test('startKube() tells its version, so that clients which look at it go right', async () => {
  const version = JSON.parse(await kube.kubectl(['version', '-o', 'json']));
  assert.match(version.serverVersion.gitVersion, /^v1\.\d+\.\d+/);
  assert.equal(version.serverVersion.gitVersion, version.clientVersion.gitVersion);
});

test('serviceAccountKubeconfig() logs in as that account, which may do only what RBAC grants', async () => {
  await kube.kubectl(['create', 'serviceaccount', 'reader']);
  await kube.kubectl(['create', 'role', 'reader', '--verb=get,list', '--resource=configmaps']);
  await kube.kubectl(['create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=default:reader']);
  const kubeconfig = await kube.serviceAccountKubeconfig('default', 'reader');
  const asReader = (...args: string[]) => kube.kubectl([`--kubeconfig=${kubeconfig}`, ...args]);

  assert.match(await asReader('get', 'configmaps', '-o', 'name'), /configmap\/kube-root-ca\.crt/);
  await assert.rejects(
    asReader('get', 'secrets'),
    /system:serviceaccount:default:reader.* cannot list resource "secrets"/,
  );

  const refused = (await kube.requests()).filter(({ code }) => code === 403);
  assert.deepEqual(
    refused.map(({ user, verb }) => ({ user, verb })),
    [{ user: 'system:serviceaccount:default:reader', verb: 'list' }],
  );
});

test('the API server enforces CEL rules of a CRD, and an owner takes its dependants along', async () => {
  const thing = (name: string, size: number, owner?: string) => ({
    apiVersion: 'lab.example/v1',
    kind: 'Thing',
    metadata: {
      name,
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'lab.example/v1', kind: 'Thing', name: 'parent', uid: owner }] }),
    },
    spec: { size },
  });
  await assert.rejects(apply(thing('odd', 3)), /size must be even/);
  await apply(thing('parent', 2));
  const uid = await kube.kubectl(['get', 'thing', 'parent', '-o', 'jsonpath={.metadata.uid}']);
  await apply(thing('child', 4, uid));
  await kube.kubectl(['delete', 'thing', 'parent']);
  await eventually(async () => assert.equal(await kube.kubectl(['get', 'things', '-o', 'name']), ''), {
    what: 'the dependant is collected',
  });
});

test('a deleted namespace goes with all that it holds', async () => {
  await kube.kubectl(['create', 'namespace', 'passing']);
  await kube.kubectl(['create', 'configmap', 'thing', '--namespace=passing']);
  await kube.kubectl(['delete', 'namespace', 'passing', '--timeout=60s']);
  await assert.rejects(kube.kubectl(['get', 'namespace', 'passing']), /not found/);
});

test('restartApiServer() comes back at the same address with the same data', async () => {
  await kube.kubectl(['create', 'configmap', 'kept']);
  await kube.restartApiServer();
  assert.match(await kube.kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
});

test('two control planes run side by side and know nothing of each other', async () => {
  await using other = await startKube({ name: 'lab-kube-other' });
  await other.kubectl(['create', 'configmap', 'only-there']);
  assert.notEqual(other.server, kube.server);
  await assert.rejects(kube.kubectl(['get', 'configmap', 'only-there']), /not found/);
});

test('sweepLeftovers() takes away what an owner left that was killed with SIGKILL', async () => {
  const script = `
    const { startKube } = await import('./lab/kube.ts');
    const kube = await startKube({ name: 'lab-kube-killed' });
    console.log(kube.folder);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [folder] = await once(createInterface(owner.stdout), 'line');
  const pids = await processesIn(folder);
  assert.equal(pids.length, 3);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  sweepLeftovers();

  assert.equal(existsSync(folder), false);
  for (const pid of pids) assert.equal(startTimeOf(pid), undefined);
});

/** The processes whose arguments name a folder. */
async function processesIn(folder: string): Promise<number[]> {
  const pids = (await run('ls', ['/proc'])).split('\n').filter((name) => /^\d+$/.test(name));
  const named = await Promise.all(
    pids.map(async (pid) => (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).includes(folder)),
  );
  return pids.filter((_, index) => named[index]).map(Number);
}
