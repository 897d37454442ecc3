import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { z } from 'zod';
import { cephClientAuthKind } from '../../api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../api/ceph-openstack-binding.ts';
import { structuralSchema } from '../../api/generate-crd.ts';
import { rbdPoolKind } from '../../api/rbd-pool.ts';
import { readDocuments } from './documents.ts';
import { readInput } from './input.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const files = globSync(['*.md', 'docs/**/*.md', 'charts/**/*.md', 'deploy/**/*.md'], { cwd: root }).sort();
const object = z.record(z.string(), z.unknown());

/** Each kind, and the least that it takes beside what a page says of it. */
const bases = [
  {
    kind: cephOpenStackBindingKind,
    spec: object.parse(load(readFileSync(join(root, 'deploy', 'examples', 'quickstart.yaml'), 'utf8'))).spec,
  },
  { kind: rbdPoolKind, spec: { cluster: { secretName: 'ceph-main' } } },
  {
    kind: cephClientAuthKind,
    spec: { cluster: { secretName: 'ceph-main' }, access: [{ pool: 'images', mode: 'ReadOnly' }] },
  },
];

/** Whole objects, of which the text holds any number; and pieces of a spec, in the place of those of its kind. */
function wholeOf(text: string): string | undefined {
  if (/^kind: /m.test(text)) return text;
  const piece = object.safeParse(load(text));
  if (!piece.success) return undefined;
  const base = bases.find(({ kind }) =>
    Object.keys(piece.data).every((name) =>
      Object.hasOwn(structuralSchema(kind.spec, kind.kind).properties ?? {}, name),
    ),
  );
  if (base === undefined) return undefined;
  const { group, version, kind } = base.kind;
  const metadata = { name: 'a', namespace: 'openstack' };
  return JSON.stringify({
    apiVersion: `${group}/${version}`,
    kind,
    metadata,
    spec: { ...object.parse(base.spec), ...piece.data },
  });
}

/** Blocks of YAML, and fields with braces within a line; not what leaves something out. */
function* yamlIn(page: string): Generator<string> {
  for (const [, block = ''] of page.matchAll(/^ *```yaml\n(.*?)^ *```$/gms)) yield block;
  for (const [, code = ''] of page.matchAll(/`([A-Za-z]+: \{[^`\n]+\})`/g)) {
    if (!code.includes('…')) yield code;
  }
}

test('what pages say in YAML of our kinds is what the API server takes', () => {
  const read: string[] = [];
  for (const file of files) {
    for (const text of yamlIn(readFileSync(join(root, file), 'utf8'))) {
      const whole = wholeOf(text);
      if (whole === undefined) continue;
      read.push(text);
      const { documents, faults } = readDocuments([{ name: file, text: whole }]);
      assert.deepEqual([...faults, ...readInput(documents).faults], [], text);
    }
  }
  assert.ok(read.length > 6, read.join('\n'));
});
