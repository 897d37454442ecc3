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

test('renderMatrix() has a row for every release and a column for every kind of machine', () => {
  const [, chapter = ''] = renderMatrix().split('\n## How each cell is known\n');
  const rows = chapter
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | ').map((word) => word.replaceAll(/[|* ]/g, '')));
  const proven = releases.map((release) => [
    release,
    ...allPlatforms.map((platform) => proofOf(release, 'NovaCompute', platform)?.kind ?? 'table'),
  ]);
  assert.deepEqual(rows?.slice(2), proven);
});

test('every proof names a test that there is', () => {
  for (const { test: file } of proofs) assert.ok(existsSync(join(import.meta.dirname, '..', '..', file)), file);
});

test('proofOf() gives the strongest proof of a cell, and none for what only the table tells', () => {
  assert.equal(proofOf('2025.1', 'NovaCompute', 'debian-systemd')?.kind, 'guest');
  assert.equal(proofOf('juno', 'NovaCompute', 'debian-upstart'), undefined);
});
