import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from './command.ts';
import { renderCommand } from './render.ts';

const examples = join(import.meta.dirname, '..', '..', 'deploy', 'examples');
const quickstart = join(examples, 'quickstart.yaml');
const twoClusters = join(examples, 'two-clusters.yaml');
const fsid = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';

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
  [
    ['-f', twoClusters, '--release', '2025.1', '--fsid', fsid],
    /^--fsid does not say of which connection "9b1deb4d-.*" is: write one of ceph-east=, ceph-main= before it\.$/,
  ],
  [
    ['-f', twoClusters, '--release', '2025.1', '--mon-host', 'typo=10.0.0.1'],
    /^--mon-host is for "typo"; the files name the connections ceph-east, ceph-main\.$/,
  ],
  [
    ['-f', quickstart, '--release', '2025.1', '--fsid', fsid, '--fsid', `ceph-main=${fsid}`],
    /^--fsid is given twice for the connection "ceph-main"\.$/,
  ],
  [['-f', quickstart, '--fsid', fsid, '--fsid', fsid], /^--fsid is given twice\.$/],
  [['-f', quickstart, '--release', 'zed', '--release', '2025.1'], /^--release is given twice for every project\.$/],
  [['-f', quickstart, '--release', 'nova=zed', '--release', 'nova=2025.1'], /^--release is given twice for nova\.$/],
  [['-f', quickstart, '--output', 'json', '-o', 'text'], /^--output is given twice\.$/],
  [
    ['-f', join(examples, 'rbd-pool.yaml'), '--release', 'nova=2025.1'],
    /^--release names nova, which no host runs; they run nothing\.$/,
  ],
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
