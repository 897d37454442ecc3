import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { debian, rendered } from './input.fixture.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples');
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');

/** The guide is of another time. */
const release = (file: string) => (file === 'guide-2014.yaml' ? 'juno' : '2025.1');

for (const file of globSync('*.yaml', { cwd: folder }).sort()) {
  const [, companions] = /^# With: (.+)$/m.exec(textOf(file)) ?? [];
  // A file of Secrets comes to nothing by itself; the others render with it.
  if (companions === undefined) {
    test(`deploy/examples/${file} is whole without another`, () => {
      assert.doesNotMatch(textOf(file), /^apiVersion: cephopenstack\.io/m);
    });
    continue;
  }
  test(`deploy/examples/${file} renders with ${companions}, and their policies allow it`, () => {
    const { notes } = rendered([file, ...companions.split(', ')].map(textOf), debian(release(file)));
    assert.deepEqual(notes, []);
  });
}
