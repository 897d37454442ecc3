import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md', 'charts/**/*.md', 'deploy/**/*.md'], {
  cwd: root,
  exclude: ['docs/site/*/**'],
}).sort();
const textOf = (page: string) => readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```$/gms, '');

/** As GitHub makes them of titles. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (page: string) => [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));

for (const page of pages) {
  test(`${page} links to what is there`, () => {
    for (const [link, file = '', anchor] of textOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const target = file === '' ? page : join(dirname(page), file);
      assert.ok(existsSync(join(root, target)), link);
      assert.ok(anchor === undefined || anchorsIn(target).includes(anchor), link);
    }
  });
}

test('docs/operations.md lists its chapters in order', () => {
  const [contents = ''] = /^- \[.*?\n\n/ms.exec(textOf('docs/operations.md')) ?? [];
  const links = [...contents.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  assert.deepEqual(links, anchorsIn('docs/operations.md').slice(1));
});
