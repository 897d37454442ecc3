import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Machine, machineProblems } from '../../lab/preflight.ts';

const able: Machine = {
  isRoot: true,
  distribution: 'debian',
  release: '12',
  architecture: 'x64',
  memoryGiB: 12,
  diskGiB: 40,
  go: '1.26.8',
};

test('machineProblems() finds none on a machine that is able', () => {
  assert.deepEqual(machineProblems(able), []);
});

for (const [what, change, problem] of [
  ['one is not root', { isRoot: false }, /as root/],
  ['it is another distribution', { distribution: 'fedora', release: '43' }, /Debian 12 .* fedora 43/],
  ['it is an older Debian', { release: '11' }, /debian 11/],
  ['it has another processor', { architecture: 'arm64' }, /arm64/],
  ['memory is short', { memoryGiB: 3.25 }, /memory.* 3\.3/],
  ['the disk is full', { diskGiB: 1 }, /XDG_CACHE_HOME/],
  ['Go is missing', { go: undefined }, /Go 1\.26 or newer, and there is no go on the PATH/],
  ['Go is that of Debian 12', { go: '1.19.8' }, /Go 1\.26 or newer, and this is Go 1\.19\.8/],
] as const) {
  test(`machineProblems() names the one problem, when ${what}`, () => {
    const problems = machineProblems({ ...able, ...change });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', problem);
  });
}
