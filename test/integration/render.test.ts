import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

/*
 * The command as people call it: as a process, with an empty environment and in a network that has nothing in it.
 */

const root = join(import.meta.dirname, '..', '..');
const quickstart = join(root, 'deploy', 'examples', 'quickstart.yaml');
const testdata = join(root, 'src', 'commands', 'render', 'testdata');
const folder = mkdtempSync(join(tmpdir(), 'render-'));
after(() => rmSync(folder, { recursive: true }));

function renderCommand(words: readonly string[], input = '') {
  const args = ['--net', process.execPath, join(root, 'src', 'main.ts'), 'render', ...words];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', env: {}, cwd: folder, input });
  return { status, stdout, stderr };
}

test('render prints the quickstart as text and as JSON', () => {
  // The file's name does not show: a rendering is the same wherever it is made.
  for (const [form, golden] of [
    ['text', 'quickstart-2025.1.txt'],
    ['json', 'quickstart-2025.1.json.txt'],
  ] as const) {
    const { status, stdout, stderr } = renderCommand(['-f', quickstart, '--release', '2025.1', '--output', form]);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.equal(stdout, readFileSync(join(testdata, golden), 'utf8'));
  }
});

test('render reads the input, and shows one host alone', () => {
  const yaml = readFileSync(quickstart, 'utf8');
  const { status, stdout } = renderCommand(['-f', '-', '--release', 'Epoxy', '--host', 'cmp1', '-o', 'json'], yaml);
  assert.equal(status, 0);
  const { pools, users, hosts } = JSON.parse(stdout);
  assert.deepEqual([pools, users, hosts.map(({ name }: { name: string }) => name)], [[], [], ['cmp1']]);
});

test('render ends with 2 when it is called wrongly', () => {
  const { status, stdout, stderr } = renderCommand([]);
  assert.deepEqual(
    [status, stdout, stderr],
    [2, '', 'Give the file with -f, or - for the input. See node src/main.ts render --help.\n'],
  );
});

test('render ends with 1 and a line for each thing to mend', () => {
  const yaml = readFileSync(quickstart, 'utf8').replace('glance: {}', 'glanse: {}').replace('10.0.0.21', '10.0.0.11');
  const { status, stdout, stderr } = renderCommand(['-f', '-'], yaml);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  const about = 'input: CephOpenStackBinding "openstack/cloud": spec';
  const [first, second, ...more] = stderr.trimEnd().split('\n');
  assert.ok(first?.startsWith(`${about}.hosts[1]: has the same address as host "ctl1"`));
  assert.ok(second?.startsWith(`${about}.glanse: is no field; there are adoption, `));
  assert.deepEqual(more, []);
});

test('render writes a tree that does not change when nothing does', () => {
  const words = ['-f', quickstart, '--release', '2025.1', '--output', 'dir', 'tree'];
  const { status, stdout } = renderCommand(words);
  assert.deepEqual([status, stdout], [0, 'Wrote 12 files below tree.\n']);
  const read = () =>
    readdirSync(join(folder, 'tree'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, readFileSync(path, 'utf8')]);
  const before = read();
  assert.equal(before.length, 13);
  assert.equal(renderCommand(words).status, 0);
  assert.deepEqual(read(), before);
});

test('docs/render.md shows what is printed', () => {
  const page = readFileSync(join(root, 'docs', 'render.md'), 'utf8');
  const block = (language: string): string => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';
  const [, words = ''] = /`render (-f images\.yaml .*?)` prints/.exec(page) ?? [];
  writeFileSync(join(folder, 'images.yaml'), block('yaml'));
  const { status, stdout, stderr } = renderCommand(words.split(' '));
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(block('json'), stdout);
});
