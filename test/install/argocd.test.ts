import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { load } from 'js-yaml';
import { startArgoCD } from '../../lab/argocd.ts';
import { startWorld, type World } from '../../lab/world.ts';
import { client, pool } from '../api-objects.ts';
import { pool as poolIn, pools } from '../e2e/seen-ceph.ts';
import { soon } from '../e2e/story.ts';
import { heldBack } from '../e2e/waiting.ts';
import { type GitRepository, gitRepository } from './git-repository.ts';

/* The objects of a cloud in git, kept by the real Argo CD with the Application and the health checks that we ship. */

interface Application {
  readonly spec: { readonly source: object };
  readonly status?: {
    readonly sync: { readonly status: string; readonly revision?: string };
    readonly health: { readonly status: string };
    readonly resources?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly health?: { readonly status: string; readonly message?: string };
    }[];
    readonly conditions?: readonly { readonly message: string }[];
  };
}

let world: World;
let repository: GitRepository;
const started = new AsyncDisposableStack();
before(async () => {
  world = started.use(await startWorld({ policy: { delete: true } }));
  repository = started.use(await gitRepository());
  await world.startOperator({ CEPH_LOOK_SECONDS: '3' });
  started.use(await startArgoCD(world.kube));
});
after(() => started.disposeAsync());

const argocd = (...args: readonly string[]) => world.kube.kubectl(['--namespace', 'argocd', ...args]);
const volumes = (spec: object = {}) => pool({ deletionPolicy: 'Delete', ...spec }, 'volumes');
const glance = (spec: object = {}) =>
  client({ access: [{ poolRef: { name: 'images' }, mode: 'ReadWrite' }], ...spec }, 'glance');
const quota = (maxObjects: number) => ({ quota: { maxObjects } });
const quotaInCeph = async () => (await poolIn(world.ceph, 'volumes')).quota_max_objects;
const kustomization = (...resources: readonly string[]) => ({ namespace: 'openstack', resources });

/** Has Argo CD look, as a webhook does, and waits until it shows this. */
async function shown(health: string, sync = 'Synced', says?: (application: Required<Application>['status']) => void) {
  await soon(
    world,
    `Argo CD shows ${sync} and ${health}`,
    async () => {
      const { status }: Application = JSON.parse(await argocd('get', 'application', 'cloud', '-o', 'json'));
      assert.deepEqual([status?.sync.status, status?.health.status], [sync, health], JSON.stringify(status));
      assert.ok(status);
      says?.(status);
    },
    { timeoutMs: 90_000 },
  );
}

async function commit(files: Parameters<GitRepository['commit']>[0]): Promise<void> {
  await repository.commit(files);
  await argocd('annotate', 'application', 'cloud', 'argocd.argoproj.io/refresh=normal', '--overwrite');
}

test('what is in git is made and shown as Healthy', async () => {
  await repository.commit({
    'cloud/kustomization.yaml': kustomization('volumes.yaml', 'images.yaml', 'glance.yaml'),
    'cloud/volumes.yaml': volumes(quota(1000)),
    'cloud/images.yaml': pool({}, 'images'),
    'cloud/glance.yaml': glance(),
  });
  const example = new URL('../../deploy/examples/gitops/argocd/apps/cloud.yaml', import.meta.url);
  const application = load(await readFile(example, 'utf8')) as Application;
  const source = { ...application.spec.source, repoURL: repository.url };
  const input = JSON.stringify({ ...application, spec: { ...application.spec, source } });
  await world.kube.kubectl(['apply', '-f', '-'], { input });
  await shown('Healthy');
  assert.equal(await quotaInCeph(), 1000);
});

test('what somebody changes in the cluster is put back, in Kubernetes and in Ceph', async () => {
  await world.kubectl(['patch', 'rbdpool', 'volumes', '--type=merge', '-p', JSON.stringify({ spec: quota(5) })]);
  await soon(world, 'the quota is that of git again', async () => {
    assert.deepEqual((await world.get('rbdpool', 'volumes')).spec.quota, { maxObjects: 1000 });
    assert.equal(await quotaInCeph(), 1000);
  });
  await shown('Healthy');
});

test('a change that is only planned is shown as Suspended', async () => {
  await commit({ 'cloud/volumes.yaml': volumes({ mode: 'Plan', ...quota(2000) }) });
  await shown('Suspended');
  assert.equal(await quotaInCeph(), 1000);
  await commit({ 'cloud/volumes.yaml': volumes(quota(2000)) });
  await shown('Healthy');
  assert.equal(await quotaInCeph(), 2000);
});

test('what only a person can mend is shown as Degraded, with the sentence that says how', async () => {
  await commit({ 'cloud/glance.yaml': glance({ access: undefined, caps: { mon: 'allow r' } }) });
  await shown('Degraded', 'Synced', ({ resources }) => {
    const found = resources?.find(({ kind }) => kind === 'CephClientAuth');
    assert.match(found?.health?.message ?? '', /^PolicyForbids: .*rawCaps/);
  });
  await commit({ 'cloud/glance.yaml': glance() });
  await shown('Healthy');
});

test('a pool that is taken out of git while it holds an image stays, and its deletion is shown as pending', async () => {
  await world.ceph.rbd(['create', 'volumes/disk-1', '--size', '8M']);
  await commit({
    'cloud/kustomization.yaml': kustomization('images.yaml', 'glance.yaml'),
    'cloud/volumes.yaml': undefined,
  });
  await shown('Progressing', 'OutOfSync', ({ resources }) => {
    const found = resources?.find(({ name }) => name === 'volumes');
    assert.equal(found?.health?.message, 'Pending deletion');
  });
  await heldBack(world, 'rbdpool', 'volumes', 'DeletionBlocked', /it holds 1 image \(disk-1\)/);
  assert.ok((await pools(world.ceph)).has('volumes'));
});

test('and goes when it is empty', async () => {
  await world.ceph.rbd(['rm', '--no-progress', 'volumes/disk-1']);
  await shown('Healthy');
  assert.ok(!(await pools(world.ceph)).has('volumes'));
});
