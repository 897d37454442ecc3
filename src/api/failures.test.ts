import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { conditionTypes, reasons } from './conditions.ts';

const root = join(import.meta.dirname, '..', '..');
const rows = readFileSync(join(root, 'docs', 'failures.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, no, seen, why, answer, shown, ...rest] = line.split(' | ').join('|').split('|');
    return /^ *\d+ *$/.test(no ?? '')
      ? [{ no: Number(no), seen, why, answer: answer ?? '', shown: shown ?? '', rest }]
      : [];
  });

test('docs/failures.md answers each of the thirty-five once', () => {
  assert.deepEqual(
    rows.map(({ no }) => no).sort((a, b) => a - b),
    Array.from({ length: 35 }, (_, index) => index + 1),
  );
  for (const { no, seen, why, answer, rest } of rows) {
    assert.ok(seen !== '' && why !== '' && rest.length === 1, `row ${no}`);
    assert.match(answer, /^\*\*(Prevented|Detected|Out of reach)\*\*/, `row ${no}`);
  }
});

test('docs/failures.md names a condition or reason wherever something is detected', () => {
  const known: readonly string[] = [...conditionTypes, ...reasons];
  for (const { no, answer } of rows) {
    if (!answer.includes('**Detected**')) continue;
    const named = [...answer.matchAll(/`(\w+)`/g)].map(([, word]) => word ?? '');
    assert.ok(
      named.some((word) => known.includes(word)),
      `row ${no}`,
    );
  }
});

/** Whether the file has a test of that name; what a name takes from a table must stand in the file, too. */
function hasTest(text: string, name: string): boolean {
  return [...text.matchAll(/\b(?:test|it)\(\s*(['"`])(.*?)(?<!\\)\1\s*,/gs)].some(([, , written = '']) => {
    const pattern = written.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const filled = new RegExp(`^${pattern.join('(.+?)')}$`).exec(name);
    return filled?.slice(1).every((part) => text.includes(part)) === true;
  });
}

test('docs/failures.md names only tests that exist, and one wherever it is not out of reach', () => {
  for (const { no, answer, shown } of rows) {
    const named = [...shown.matchAll(/`([\w./-]+)`: "(.*?)"(?=;|$|\s*$)/g)];
    assert.ok(named.length > 0 || answer.startsWith('**Out of reach**'), `row ${no} names no test`);
    assert.equal(named.map(([all]) => all).join('; '), named.length === 0 ? '' : shown.trim(), `row ${no}`);
    for (const [, file = '', name = ''] of named) {
      assert.ok(existsSync(join(root, file)), `row ${no}: there is no ${file}`);
      assert.ok(hasTest(readFileSync(join(root, file), 'utf8'), name), `row ${no}: ${file} has no test "${name}"`);
    }
  }
});
