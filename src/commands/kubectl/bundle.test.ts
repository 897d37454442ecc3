import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const name = 'kubectl-cephopenstack';

const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
const bundle = join(folder, name);
before(() => run(process.execPath, [join(import.meta.dirname, 'bundle.ts'), bundle]));
after(() => rmSync(folder, { recursive: true }));

function below(type: string): string {
  const copies = join(folder, type);
  mkdirSync(join(copies, 'dist'), { recursive: true });
  writeFileSync(join(copies, 'package.json'), JSON.stringify({ type }));
  const copy = join(copies, 'dist', name);
  cpSync(bundle, copy);
  return copy;
}

function linkTo(file: string): string {
  const link = join(folder, 'linked');
  symlinkSync(file, link);
  return link;
}

// As `make plugin` puts it, for the package.json of this repository says "module".
const places: readonly (readonly [where: string, place: () => string])[] = [
  ['where there is no package.json', () => bundle],
  ['below a package.json of modules', () => below('module')],
  ['below a package.json of CommonJS', () => below('commonjs')],
  ['through a link to one below a package.json of modules', () => linkTo(below('module'))],
];
for (const [where, place] of places) {
  test(`the plugin runs ${where}`, async () => {
    const { stdout, stderr } = await run(place(), ['--help']);
    assert.match(stdout, /^Usage: kubectl cephopenstack /);
    assert.equal(stderr, '');
  });
}

test('the plugin bears its version, and its name in what it says of its commands', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8'));
  assert.equal((await run(bundle, ['--version'])).stdout, `${version}\n`);
  assert.match((await run(bundle, ['why', '--help'])).stdout, /^Usage: kubectl cephopenstack why \[KIND\/\]NAME/);
});

test('the plugin says in a sentence that there is no kubeconfig', async () => {
  const { PATH } = process.env;
  await assert.rejects(run(bundle, ['status'], { env: { PATH, HOME: folder } }), {
    code: 1,
    stderr: 'No kubeconfig was found: set KUBECONFIG, or give --kubeconfig FILE.\n',
  });
});

test('the plugin says in one line that its output cannot be written', async () => {
  await assert.rejects(run('sh', ['-c', '"$0" --help > /dev/full', bundle]), {
    code: 1,
    stderr: /^The output cannot be written: .*no space left.*\n$/,
  });
});
