import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capsCommand } from './caps.ts';
import { UsageError } from './command.ts';

const misused: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [['x'], /^Unexpected argument 'x'\.$/],
  [['--entity'], /^Option '--entity <value>' argument missing\.$/],
  [['--output', 'xml'], /^--output is "xml"; it must be text or json\.$/],
  [['--entity', 'osd.1'], /^--entity is "osd\.1"; it must be a client/],
];
for (const [words, says] of misused) {
  test(`caps does not understand: ${words.join(' ')}`, async () => {
    await assert.rejects(capsCommand.run(words), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, says);
      return true;
    });
  });
}
