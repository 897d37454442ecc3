import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { cephClientAuthKind } from './ceph-client-auth.ts';
import { cephOpenStackBindingKind, parseCephOpenStackBinding } from './ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from './ceph-openstack-host.ts';
import { rbdPoolKind } from './rbd-pool.ts';
import { apiVersion } from './resource.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');
const tree = join(deploy, 'examples', 'gitops');
const document = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }).optional(),
});

function read(file: string) {
  return loadAll(readFileSync(join(tree, file), 'utf8')).map((value) => document.parse(value));
}

/** As kustomize puts it into its namespace. */
const bindings = read('cloud/binding.yaml').map((object) =>
  parseCephOpenStackBinding({ ...object, metadata: { namespace: 'openstack', ...object.metadata } }),
);

test('no file of the gitops example holds a Secret, and only one holds objects of ours', () => {
  const files = globSync('**/*.yaml', { cwd: tree });
  const kinds = files.flatMap((file) => read(file).map((object) => ({ file, ...object })));
  assert.ok(!kinds.some(({ kind }) => kind === 'Secret'));
  const ours = kinds.filter((object) => object.apiVersion === apiVersion).map(({ file }) => file);
  assert.deepEqual(ours, ['cloud/binding.yaml']);
});

test('each way of the gitops example brings the two Secrets that its binding names', () => {
  const wanted = bindings.flatMap(({ spec }) => [spec.cluster.secretName, spec.ssh.secretName]);
  for (const file of ['secrets-external.yaml', 'secrets-sealed.yaml']) {
    const names = read(`cloud/${file}`).map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, wanted, file);
  }
});

test('deploy/argocd/argocd-cm.yaml holds the script for each kind', () => {
  const argocd = join(deploy, 'argocd');
  const script = readFileSync(join(argocd, 'resource_customizations/cephopenstack.io/_/health.lua'), 'utf8');
  const { data } = load(readFileSync(join(argocd, 'argocd-cm.yaml'), 'utf8')) as { data: Record<string, string> };
  const kinds = [cephOpenStackBindingKind, rbdPoolKind, cephClientAuthKind, cephOpenStackHostKind];
  const keys = kinds.map(({ group, kind }) => `resource.customizations.health.${group}_${kind}`);
  assert.deepEqual(data, Object.fromEntries(keys.map((key) => [key, script])));
});
