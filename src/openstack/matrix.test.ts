import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { roles } from '../api/ceph-openstack-host.ts';
import { allPlatforms } from './distributions.ts';
import { renderMatrix } from './matrix.ts';
import { guideModel } from './model.fixture.ts';
import { cells, proofOf, proofs } from './proofs.ts';
import { releases } from './releases.ts';
import { renderRole } from './render-role.ts';

test('every cell of the matrix can be rendered', () => {
  let count = 0;
  for (const cell of cells()) {
    const rendered = renderRole(guideModel, cell);
    assert.ok(!('refused' in rendered), `${cell.role} of ${cell.release} on ${cell.platform}`);
    assert.ok(rendered.distribute.packages.length > 0);
    count += 1;
  }
  assert.equal(count, 27 * roles.length * allPlatforms.length);
});

/** What a cell says of each role: `table`, or `packages: GlanceApi; table: NovaCompute`. */
function wordsIn(cell: string): ReadonlyMap<string, string> {
  const parts = cell.split('; ').map((part) => part.split(': '));
  return new Map(
    parts.flatMap(([word = '', some]) => (some?.split(', ') ?? roles).map((role) => [role, word] as const)),
  );
}

test('renderMatrix() says of every cell how it is known', () => {
  const [, chapter = ''] = renderMatrix().split('\n## How each cell is known\n');
  const lines = (chapter.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  const [head, , ...rows] = lines.map((line) =>
    line
      .replaceAll('*', '')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  assert.deepEqual(head, ['release', ...allPlatforms]);
  assert.deepEqual(
    rows.map(([release]) => release),
    releases,
  );
  for (const { release, role, platform } of cells()) {
    const cell = rows[releases.indexOf(release)]?.[1 + allPlatforms.indexOf(platform)] ?? '';
    assert.equal(wordsIn(cell).get(role), proofOf(release, role, platform)?.kind ?? 'table', `${release} ${platform}`);
  }
});

test('every proof names a test that there is', () => {
  for (const { test: file } of proofs) assert.ok(existsSync(join(import.meta.dirname, '..', '..', file)), file);
});

test('proofOf() gives the strongest proof of a cell, and none for what only the table tells', () => {
  assert.equal(proofOf('2025.1', 'NovaCompute', 'debian-systemd')?.kind, 'guest');
  assert.equal(proofOf('juno', 'NovaCompute', 'debian-upstart'), undefined);
});
