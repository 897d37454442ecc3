import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
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
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
  readonly [keyword: string]: unknown;
}

/** These may not change at all: what is left out would come to something else, or other writers would be in each other's way. */
const fixed = [
  ...['type', 'default', 'nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string'],
  ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'],
];
/** These may only go: what there was not before may refuse what could be said. */
const added = ['pattern', 'format', 'multipleOf', 'uniqueItems', 'not', 'allOf', 'anyOf', 'oneOf'];
const least = ['minimum', 'minLength', 'minItems', 'minProperties'];
const most = ['maximum', 'maxLength', 'maxItems', 'maxProperties'];

/** What could be said to the former schema and cannot any more, or comes to something else, as sentences. */
function broken(former: Schema, now: Schema, path: string): readonly string[] {
  const problems: string[] = [];
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)) ?? 'not said';
  const differs = (keyword: string): boolean => !isDeepStrictEqual(former[keyword], now[keyword]);
  const changed = (keyword: string) =>
    problems.push(`${path}: ${keyword} was ${text(former[keyword])} and is ${text(now[keyword])}`);
  for (const keyword of fixed) if (differs(keyword)) changed(keyword);
  for (const keyword of added) if (differs(keyword) && now[keyword] !== undefined) changed(keyword);
  const limit = (schema: Schema, keyword: string, none: number): number => (schema[keyword] as number) ?? none;
  for (const keyword of least) {
    const none = keyword === 'minimum' ? Number.NEGATIVE_INFINITY : 0;
    if (limit(now, keyword, none) > limit(former, keyword, none)) changed(keyword);
  }
  for (const keyword of most) {
    const none = Number.POSITIVE_INFINITY;
    if (limit(now, keyword, none) < limit(former, keyword, none)) changed(keyword);
  }
  if (former.enum === undefined && now.enum !== undefined) changed('enum');
  for (const value of former.enum ?? [])
    if (now.enum !== undefined && !now.enum.includes(value)) problems.push(`${path} can be ${value} no more`);
  for (const name of now.required ?? []) {
    if (!former.required?.includes(name)) problems.push(`${path}.${name} is required now`);
  }
  const rules = new Set(former['x-kubernetes-validations']?.map(({ rule }) => rule));
  for (const { rule } of now['x-kubernetes-validations'] ?? [])
    if (!rules.has(rule)) problems.push(`${path} has the new rule ${rule}`);
  for (const [name, schema] of Object.entries(former.properties ?? {})) {
    const same = now.properties?.[name];
    problems.push(...(same === undefined ? [`${path}.${name} is gone`] : broken(schema, same, `${path}.${name}`)));
  }
  for (const part of ['items', 'additionalProperties'] as const) {
    const [schema, same] = [former[part], now[part]];
    if (schema === undefined) continue;
    problems.push(...(same === undefined ? [`${path}: ${part} is gone`] : broken(schema, same, `${path}[]`)));
  }
  return problems;
}

/** What has changed all the same, each by a pattern of its sentence and with the reason why nobody has to act. */
const allowed: readonly (readonly [sentence: RegExp, reason: string])[] = [
  [
    /\.(openstack|glance|cinder|cinderBackup|nova|ephemeral|pool|client|replicated|placementGroups|quota|caps|libvirtSecret|cephConf(\.global|\.client)?|extraConfig(\.[a-z-]+\.conf(\[\])?)?|revision): x-kubernetes-map-type was not said and is atomic$/,
    'A section that may be empty is one value, or server-side apply could not empty it; docs/api-versions.md says for whom that differs.',
  ],
  [
    /\.capsStyle: default was Profile and is not said$/,
    'Left out it comes to Profile still (derivedCaps); one value has no defaults in it.',
  ],
  [/ v1alpha1\.status: default was not said and is \{"observedGeneration":-1\}$/, 'Nobody but the operator writes it.'],
  [
    /\.cinder has the new rule .*a\.name\.lowerAscii\(\)/,
    "Names of back ends take capitals, '_' and '.' now: of those without, none is refused.",
  ],
  [
    /\.backends\[\]\.name has the new rule self\.matches\('\^\[A-Za-z0-9\]/,
    'It takes all that the former one took, and more.',
  ],
];

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
  const isAllowed = (problem: string): boolean => allowed.some(([sentence]) => sentence.test(problem));
  assert.deepEqual(
    problems.filter((problem) => !isAllowed(problem)),
    [],
  );
  const idle = allowed.filter(([sentence]) => !problems.some((problem) => sentence.test(problem)));
  assert.deepEqual(idle, [], 'what has not changed needs no allowance');
});

for (const [what, former, now, problems] of [
  ['a value that is gone', { enum: ['x', 'y'] }, { enum: ['x'] }, ['f can be y no more']],
  ['an enum where there was none', {}, { enum: ['x'] }, ['f: enum was not said and is ["x"]']],
  ['no enum any more', { enum: ['x'] }, {}, []],
  ['another type', { type: 'string' }, { type: 'integer' }, ['f: type was string and is integer']],
  ['a field that is gone', { properties: { a: {} } }, { properties: {} }, ['f.a is gone']],
  ['a field that is required', {}, { required: ['a'] }, ['f.a is required now']],
  ['a change within a list', { items: { type: 'string' } }, { items: {} }, ['f[]: type was string and is not said']],
  ['a list of anything', { items: {} }, {}, ['f: items is gone']],
  ['no names of your own', { additionalProperties: {} }, { properties: {} }, ['f: additionalProperties is gone']],
  ['another pattern', { pattern: 'a' }, { pattern: 'b' }, ['f: pattern was a and is b']],
  ['no pattern any more', { pattern: 'a' }, {}, []],
  ['a longer minimum', { minLength: 1 }, { minLength: 2 }, ['f: minLength was 1 and is 2']],
  ['a minimum where there was none', {}, { minimum: 0 }, ['f: minimum was not said and is 0']],
  ['a minimum that says nothing', {}, { minItems: 0 }, []],
  ['a maximum where there was none', {}, { maxItems: 8 }, ['f: maxItems was not said and is 8']],
  ['a wider maximum', { maximum: 7 }, { maximum: 8 }, []],
  ['another default', { default: 'a' }, {}, ['f: default was a and is not said']],
  [
    'a new rule',
    { 'x-kubernetes-validations': [{ rule: 'a' }] },
    { 'x-kubernetes-validations': [{ rule: 'b' }] },
    ['f has the new rule b'],
  ],
  [
    'a section that becomes one value',
    {},
    { 'x-kubernetes-map-type': 'atomic' },
    ['f: x-kubernetes-map-type was not said and is atomic'],
  ],
] as const) {
  test(`broken() tells of ${what}`, () => assert.deepEqual(broken(former, now, 'f'), problems));
}
