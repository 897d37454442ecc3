import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { parseCloudAccess } from '../openstack-api/cloud-access.ts';
import { Secret } from '../secret.ts';
import { parseCephClientAuth } from './ceph-client-auth.ts';
import { parseCephOpenStackBinding } from './ceph-openstack-binding.ts';
import { parsePolicy } from './policy.ts';
import { parseRbdPool } from './rbd-pool.ts';

const examples = join(import.meta.dirname, '..', '..', 'deploy', 'examples');
const document = z.looseObject({ kind: z.string(), stringData: z.record(z.string(), z.string()).optional() });

const parsers: Readonly<Record<string, (object: unknown) => unknown>> = {
  RbdPool: parseRbdPool,
  CephClientAuth: parseCephClientAuth,
  CephOpenStackBinding: parseCephOpenStackBinding,
  // Of the Secrets, only the policy and clouds.yaml have a form of their own.
  Secret: (object) => {
    const { stringData = {} } = document.parse(object);
    if (stringData['clouds.yaml'] === undefined) return parsePolicy(load(stringData.policy ?? ''));
    const data = Object.entries(stringData).map(([key, text]) => [key, new Secret(text)] as const);
    return parseCloudAccess('example', Object.fromEntries(data));
  },
};

for (const file of globSync('*.yaml', { cwd: examples }).sort()) {
  test(`deploy/examples/${file} holds what the parsers take`, () => {
    const objects = loadAll(readFileSync(join(examples, file), 'utf8')).map((value) => document.parse(value));
    assert.ok(objects.length > 0);
    for (const object of objects) assert.ok(parsers[object.kind]?.(object), object.kind);
  });
}
