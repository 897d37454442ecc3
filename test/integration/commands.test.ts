import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

function run(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', env: {} });
  return { status, stdout, stderr };
}

test('the program names its commands, and helps with each', () => {
  const { status, stdout } = run('--help');
  assert.equal(status, 0);
  const names = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name);
  assert.deepEqual(names, names.toSorted());
  assert.ok(names.includes('caps') && names.includes('run'));
  for (const name of names) {
    assert.match(run(name, '--help').stdout, new RegExp(`^Usage: node src/main.ts ${name}`));
  }
});

test('the program ends with 2 and a sentence, when it does not understand its words', () => {
  const unknown = run('constructor');
  assert.deepEqual([unknown.status, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /^Unknown command "constructor"; there are: caps, render, run\.\n$/);
  const { status, stdout, stderr } = run('caps', '--polisy', 'x');
  assert.deepEqual([status, stdout, stderr], [2, '', "Unknown option '--polisy'. See node src/main.ts caps --help.\n"]);
});

test('the program ends with 1 when it cannot do what it was told', () => {
  const unset = run();
  assert.match(unset.stderr, /^INSTALLATION is not set/);
  assert.equal(unset.status, 1);
  const { status, stderr } = run('caps', '--policy', '/nowhere.yaml');
  assert.equal(status, 1);
  assert.equal(stderr, '/nowhere.yaml: cannot be read: there is no such file: give the path of one that is there.\n');
  assert.deepEqual(run('render', '-f', '/nowhere.yaml').stderr, stderr);
});

test('the program says its version, that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(main, '..', '..', 'package.json'), 'utf8'));
  assert.deepEqual(run('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
});
