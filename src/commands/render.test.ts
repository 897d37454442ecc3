import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from './command.ts';
import { renderCommand } from './render.ts';

const quickstart = join(import.meta.dirname, '..', '..', 'deploy', 'examples', 'quickstart.yaml');

const misused: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [[], /^Give the file with -f, or - for the input\.$/],
  [['-f', quickstart, '--output', 'xml'], /^--output is "xml"; it must be text, json or dir DIR\./],
  [['-f', quickstart, 'more'], /^Unexpected argument "more"\./],
  [['-f', quickstart, '-o', 'dir'], /^Say which folder: --output dir DIR\./],
  [['-f', quickstart, '-o', 'dir', 'a', '--host', 'ctl1'], /^A tree holds every host: leave --host out\./],
  [['-f', quickstart, '--release', '2025.3'], /^--release is "2025\.3"; it must be a release from havana to 2026\.2/],
  [['-f', quickstart, '--release', 'swift=2025.1'], /^--release is "swift=2025\.1"/],
  [['-f', quickstart, '--release', '2025.1', '--host', 'x'], /^--host is "x"; the bindings have cmp1, ctl1\./],
  [
    ['-f', quickstart, '--distribution', 'slackware-15'],
    /^A machine with --distribution slackware-15 is not supported: /,
  ],
  [['-f', quickstart, '--init', 'openrc'], /^A machine with --distribution debian is not supported: .*openrc/],
  [['-f', quickstart, '--fsid', 'x\ny'], /^--fsid is "x\\ny"; it must be a UUID in lower case\./],
];
for (const [words, says] of misused) {
  test(`render does not understand: ${JSON.stringify(words.slice(2).join(' '))}`, async () => {
    await assert.rejects(renderCommand.run(words), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, says);
      return true;
    });
  });
}
