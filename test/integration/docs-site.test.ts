import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { brokenLinks } from '../../docs/site/broken-links.ts';
import { contents } from '../../docs/site/contents.ts';
import { addressOf, allPages, linkOnSite } from '../../docs/site/pages.ts';
import { projectRoot } from '../../lab/cache.ts';
import { run } from '../../lab/process.ts';

test('make docs makes a page of each file, with a search and without a broken link', async () => {
  assert.match(await run('make', ['docs']), /^Made dist\/docs\. .*\n?$/m);
  const site = join(projectRoot, 'dist', 'docs');
  const textOf = (address: string) => readFileSync(join(site, address.replace(/\/$/, '/index.html')), 'utf8');
  for (const page of allPages().values()) assert.ok(textOf(addressOf(page)).includes('<h1'), page.source);
  const home = textOf('/');
  for (const [, address = ''] of home.matchAll(/class="VPLink link link" href="([^"]*)"/g)) textOf(address);
  assert.match(home, /VPNavBarSearch/);
  assert.match(textOf('/deploy/examples/'), /href="\/deploy\/examples\/quickstart-yaml.html"/);
});

test('contents() lists each page once', () => {
  const links = contents(allPages()).flatMap(({ items }) => items.map(({ link }) => link));
  assert.deepEqual(links.toSorted(), [...new Set(links)].toSorted());
});

test('a link to what the site does not show is refused', () => {
  const pages = allPages();
  assert.equal(linkOnSite(pages, 'docs/render.md', '../README.md#install'), '/#install');
  assert.equal(linkOnSite(pages, 'docs/render.md', 'decisions'), '/docs/decisions/');
  assert.throws(() => linkOnSite(pages, 'docs/render.md', '../src/main.ts'), /"docs\/render.md" to "..\/src\/main.ts"/);
});

test('brokenLinks() names each link that leads nowhere, and what is loaded from elsewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  try {
    const page = '<h1 id="a">A</h1><a href="/under/#a">a</a><a href="/under/#b">b</a><a href="/under/c.html">c</a>';
    const loaded = '<a href="https://example.org">d</a><script src="https://example.org/e.js"></script>';
    writeFileSync(join(folder, 'index.html'), page + loaded);
    writeFileSync(join(folder, 'f.css'), '@font-face { src: url("//example.org/f.woff2") }');
    assert.deepEqual(brokenLinks(folder, '/under/'), [
      'f.css loads "//example.org/f.woff2", which is not of this site',
      'index.html links to "/#b": no such section',
      'index.html links to "/c.html": no such page',
      'index.html loads "https://example.org/e.js", which is not of this site',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
