import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { parseCloudAccess } from '../openstack-api/cloud-access.ts';
import { Secret } from '../secret.ts';
import { cephClientAuthKind, parseCephClientAuth } from './ceph-client-auth.ts';
import { cephOpenStackBindingKind, parseCephOpenStackBinding } from './ceph-openstack-binding.ts';
import { structuralSchema } from './generate-crd.ts';
import { fields } from './generate-reference.ts';
import { parsePolicy } from './policy.ts';
import { parseRbdPool, rbdPoolKind } from './rbd-pool.ts';

const examples = join(import.meta.dirname, '..', '..', 'deploy', 'examples');
const document = z.looseObject({ kind: z.string(), stringData: z.record(z.string(), z.string()).optional() });

const parsers: Readonly<Record<string, (object: unknown) => unknown>> = {
  RbdPool: parseRbdPool,
  CephClientAuth: parseCephClientAuth,
  CephOpenStackBinding: parseCephOpenStackBinding,
  // Of the Secrets, only the policy and clouds.yaml have a form of their own.
  Secret: (object) => {
    const { stringData = {} } = document.parse(object);
    if (stringData['clouds.yaml'] === undefined)
      return parsePolicy(stringData.policy === undefined ? undefined : load(stringData.policy));
    const data = Object.entries(stringData).map(([key, text]) => [key, new Secret(text)] as const);
    return parseCloudAccess('example', Object.fromEntries(data));
  },
};

const files = globSync('*.yaml', { cwd: examples }).sort();
const objectsIn = (file: string) =>
  loadAll(readFileSync(join(examples, file), 'utf8')).map((value) => document.parse(value));

for (const file of files) {
  test(`deploy/examples/${file} holds what the parsers take`, () => {
    const objects = objectsIn(file);
    assert.ok(objects.length > 0);
    for (const object of objects) assert.ok(parsers[object.kind]?.(object), object.kind);
  });
}

test('the policies of the examples say what would be everything, were it left out', () => {
  const secrets = files.flatMap((file) => objectsIn(file)).map(({ stringData = {} }) => stringData);
  const of = (key: string) => secrets.filter((data) => data[key] !== undefined).map(({ policy = '' }) => policy);
  for (const policy of of('userID')) assert.ok(!parsePolicy(load(policy)).pools.includes('*'), policy);
  for (const policy of of('ssh-privatekey')) assert.ok(!parsePolicy(load(policy)).hostAddresses.includes('*'), policy);
});

/** As `fields` writes paths: `hosts[].name`. */
function pathsIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item) => pathsIn(item, `${path}[]`))];
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([name, item]) => pathsIn(item, path === '' ? name : `${path}.${name}`)),
  ];
}

for (const kind of [rbdPoolKind, cephClientAuthKind, cephOpenStackBindingKind]) {
  test(`the examples show every field of ${kind.kind}`, () => {
    const shown = new Set(
      files.flatMap((file) =>
        objectsIn(file).flatMap((object) => (object.kind === kind.kind ? pathsIn(object.spec) : [])),
      ),
    );
    // What a binding says of its own pools and users are fields of those kinds.
    const isTheirs = (path: string) => /(^|\.)(pool|client)\./.test(path);
    const missing = [...fields(structuralSchema(kind.spec, `${kind.kind}.spec`), '')].filter(
      ({ path }) => !shown.has(path) && !(kind === cephOpenStackBindingKind && isTheirs(path)) && !path.endsWith('.*'),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
  });
}
