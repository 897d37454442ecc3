import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { projectRoot } from '../../lab/cache.ts';
import { formerVersion } from '../../lab/former-version.ts';

/* What docs/api-versions.md promises of the schemas, held against those of the former version. */

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

/** What could be said to the former schema and cannot any more, as sentences. */
function broken(former: Schema, now: Schema, path: string): readonly string[] {
  const problems: string[] = [];
  if (former.type !== now.type) problems.push(`${path} was ${former.type} and is ${now.type}`);
  for (const value of former.enum ?? [])
    if (!now.enum?.includes(value)) problems.push(`${path} can be ${value} no more`);
  for (const name of now.required ?? []) {
    if (!former.required?.includes(name)) problems.push(`${path}.${name} is required now`);
  }
  for (const [name, schema] of Object.entries(former.properties ?? {})) {
    const same = now.properties?.[name];
    problems.push(...(same === undefined ? [`${path}.${name} is gone`] : broken(schema, same, `${path}.${name}`)));
  }
  for (const part of ['items', 'additionalProperties'] as const) {
    const [schema, same] = [former[part], now[part]];
    if (schema !== undefined && same !== undefined) problems.push(...broken(schema, same, `${path}[]`));
  }
  return problems;
}

async function schemas(folder: string): Promise<ReadonlyMap<string, Schema>> {
  const files = await readdir(folder);
  const found = files.map(async (file) => {
    const { spec } = load(await readFile(join(folder, file), 'utf8')) as {
      spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
    };
    return spec.versions.map(({ name, schema }) => [`${file} ${name}`, schema.openAPIV3Schema] as const);
  });
  return new Map((await Promise.all(found)).flat());
}

test('whatever could be written for the former version can be written for this one', async () => {
  const { chart } = await formerVersion();
  const [former, now] = await Promise.all([schemas(join(chart, 'files', 'crds')), schemas(join(projectRoot, 'crds'))]);
  assert.equal(former.size, 4);
  const problems = [...former].flatMap(([name, schema]) => broken(schema, now.get(name) ?? {}, name));
  assert.deepEqual(problems, []);
});

test('broken() names what is gone, has another type, or is asked for', () => {
  const former = {
    type: 'object',
    properties: { a: { type: 'string', enum: ['x', 'y'] }, b: { type: 'array', items: { type: 'string' } }, c: {} },
  };
  const now = {
    type: 'object',
    required: ['d'],
    properties: { a: { type: 'string', enum: ['x'] }, b: { type: 'array', items: { type: 'integer' } }, d: {} },
  };
  assert.deepEqual(broken(former, now, 'spec'), [
    'spec.d is required now',
    'spec.a can be y no more',
    'spec.b[] was string and is integer',
    'spec.c is gone',
  ]);
});
