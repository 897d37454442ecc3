import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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
    const help = run(name, '--help');
    assert.equal(help.status, 0, name);
    assert.match(help.stdout, new RegExp(`^Usage: ${name}`));
  }
});

const misused: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [['bake'], /^Unknown command "bake"; there are: caps, /],
  [['constructor'], /^Unknown command "constructor"/],
  [['caps', '--polisy', 'x'], /^Unknown option '--polisy'\. See caps --help\.\n$/],
  [['caps', 'x'], /^Unexpected argument 'x'/],
  [['caps', '--output', 'xml'], /^--output is "xml"; it must be text or json\./],
  [['caps', '--entity', 'osd.1'], /^--entity is "osd\.1"; it must be a client/],
];
for (const [words, says] of misused) {
  test(`the program ends with 2 and a sentence for: ${words.join(' ')}`, () => {
    const { status, stdout, stderr } = run(...words);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, says);
  });
}

test('the program ends with 1 when it cannot do what it was told', () => {
  assert.match(run('run').stderr, /^INSTALLATION is not set/);
  assert.equal(run('run').status, 1);
  const { status, stderr } = run('caps', '--policy', '/nowhere.yaml');
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot caps: .*nowhere\.yaml/);
});
