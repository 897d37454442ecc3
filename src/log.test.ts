import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, prettyLine } from './log.ts';
import { Secret } from './secret.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void, format: 'json' | 'pretty' = 'json'): string {
  const lines: string[] = [];
  write(createLogger({ level: 'info', format }, { write: (line) => void lines.push(line) }));
  return lines.join('');
}

test('createLogger() writes one JSON object per line with fields', () => {
  const line = JSON.parse(logged((log) => log.info({ kind: 'RbdPool', name: 'x' }, 'Create pool "x".')));
  assert.deepEqual([line.level, line.kind, line.name, line.msg], ['info', 'RbdPool', 'x', 'Create pool "x".']);
  assert.match(line.time, /^\d{4}-.*Z$/);
});

test('createLogger() writes nothing below its level', () => {
  assert.equal(
    logged((log) => log.debug('no')),
    '',
  );
});

test('createLogger() shows no secret, neither as a Secret nor under the name of one', () => {
  const text = logged((log) =>
    log.info({
      value: new Secret('AQBsecret'),
      nested: { userKey: 'AQBsecret', deep: { 'ssh-privatekey': 'AQBsecret' } },
      password: 'AQBsecret',
      data: { anything: 'AQBsecret' },
    }),
  );
  assert.doesNotMatch(text, /AQBsecret/);
  assert.match(text, /\*\*\*/);
});

test('createLogger() is plain for people, with the stack of an error', () => {
  const text = logged((log) => log.error({ err: new Error('broken'), name: 'x' }, 'The pass failed.'), 'pretty');
  assert.match(text, /^\d\d:\d\d:\d\d .*error.* The pass failed\. {2}name=x\nError: broken\n/);
});

test('prettyLine() shows what is no text as JSON', () => {
  const line = prettyLine(JSON.stringify({ time: '2026-01-01T04:05:06.000Z', level: 'info', msg: 'Go.', list: ['a'] }));
  assert.equal(line, '04:05:06 \u001b[32minfo \u001b[0m Go.  list=["a"]\n');
});
