import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { asText } from './as-text.ts';
import { asTree } from './as-tree.ts';
import { debian } from './input.fixture.ts';
import { render } from './render.ts';

const examples = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples');
const seeds = ['quickstart.yaml', 'guide-2014.yaml', 'rbd-pool.yaml', 'ceph-client-auth.yaml', 'ssh.yaml'].flatMap(
  (file) => loadAll(readFileSync(join(examples, file), 'utf8')),
);

/** Every place in a value, as a path. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => placesIn(item, [...path, name]))];
}

function withPut(value: unknown, [first, ...rest]: readonly string[], put: unknown): unknown {
  if (first === undefined) return put;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === first ? withPut(item, rest, put) : item));
  const fields = Object.entries(value as object).map(([name, item]) => [
    name,
    name === first ? withPut(item, rest, put) : item,
  ]);
  return Object.fromEntries(fields);
}

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '../../etc',
    '/etc/shadow',
    'a\nb',
    '$(id)',
    '[x]',
    '__proto__',
    '-',
    '',
    'x'.repeat(5000),
    -1,
    2 ** 63,
  ),
);

const document = fc.constantFrom(...seeds).chain((seed) => {
  const places = placesIn(seed);
  return fc
    .array(fc.tuple(fc.constantFrom(...places), nasty), { maxLength: 2 })
    .map((changes) =>
      changes.reduce((value, [path, put]) => (hasPlace(value, path) ? withPut(value, path, put) : value), seed),
    );
});

function hasPlace(value: unknown, path: readonly string[]): boolean {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false;
    at = (at as Record<string, unknown>)[name];
  }
  return true;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may come out
const control = /[\x00-\x09\x0b-\x1f\x7f]/;

test('render() answers anything: with a rendering whose files stay where they belong, or with sentences of one line', () => {
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 3 }), (values) => {
      const text = values.map((value) => JSON.stringify(value) ?? 'null').join('\n---\n');
      const result = render([{ name: 'x.yaml', text }], debian('2025.1'));
      if ('faults' in result) {
        assert.ok(result.faults.length > 0);
        for (const fault of result.faults) assert.match(fault, /^[^\n]{1,4000}\.$/);
        return;
      }
      assert.doesNotMatch(asText(result.rendering), control);
      for (const path of asTree(result.rendering).keys()) {
        assert.match(path, /^(_ceph\.txt|[a-z0-9][a-z0-9.-]*\/(host\.txt|etc(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+))$/);
      }
    }),
    { numRuns: 400 },
  );
});

test('render() answers any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const result = render([{ name: 'x.yaml', text }], debian('2025.1'));
      assert.ok('faults' in result);
      for (const fault of result.faults) assert.match(fault, /^[^\n]+\.$/);
    }),
  );
});
