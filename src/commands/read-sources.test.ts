import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSources } from './read-sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'sources-'));
after(() => rmSync(folder, { recursive: true }));
for (const name of ['b.yaml', 'a.json', 'c.yml', 'README.md']) writeFileSync(join(folder, name), name);
mkdirSync(join(folder, 'deeper'));

test('readSources() reads each file once, and the YAML and JSON of a folder in order', async () => {
  const { sources, faults } = await readSources([join(folder, 'README.md'), folder, folder]);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    sources.map(({ text }) => text),
    ['README.md', 'a.json', 'b.yaml', 'c.yml'],
  );
  assert.equal(sources[1]?.name, join(folder, 'a.json'));
});

test('readSources() names every place that it cannot read', async () => {
  const { faults } = await readSources(['/nowhere/a.yaml', '/nowhere/b.yaml']);
  assert.equal(faults.length, 2);
  assert.match(
    faults[0] ?? '',
    /^\/nowhere\/a\.yaml: cannot be read: there is no such file: give the path of one that is there\.$/,
  );
});
