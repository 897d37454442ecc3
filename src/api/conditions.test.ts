import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conditionTypes, reasons } from './conditions.ts';

const operations = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
/** The first cell of every row that has three filled cells. */
const documented = [...operations.matchAll(/^\| `(\w+)` \| \S.* \| \S.* \|$/gm)].map(([, name]) => name ?? '');

test('docs/operations.md says of every condition type and reason what it means and what to do', () => {
  const missing = [...conditionTypes, ...reasons].filter((name) => !documented.includes(name));
  assert.deepEqual(missing, []);
});

test('docs/operations.md explains nothing that no status can hold, and nothing twice', () => {
  const known: readonly string[] = [...conditionTypes, ...reasons];
  assert.deepEqual(
    documented.filter((name) => !known.includes(name)),
    [],
  );
  assert.equal(new Set(documented).size, documented.length);
});
