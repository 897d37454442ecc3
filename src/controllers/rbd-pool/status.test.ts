import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPoolStatus } from '../../api/rbd-pool.ts';
import { deleting, rbdPool, see, worldWith } from './pool.fixture.ts';
import { coarse, coarseCount, poolStatus } from './status.ts';

for (const [count, shown] of [
  [0, 0],
  [1, 1],
  [2, 2],
  [4, 2],
  [5, 5],
  [9, 5],
  [10, 10],
  [19, 10],
  [49, 20],
  [99, 50],
  [100, 100],
  [12_345, 10_000],
] as const) {
  test(`coarseCount() shows ${count} as ${shown}`, () => assert.equal(coarseCount(count), shown));
}

test('coarse() shows two digits of mebibytes', () => {
  assert.deepEqual([coarse(0), coarse(1000), coarse(1234 * 2 ** 20)], [0, 0, 1200 * 2 ** 20]);
});

const absent = { runs: false, why: 'no manager is active' } as const;
for (const [what, pool, autoscaler, expected] of [
  ['the autoscaler runs', { autoscale: 'on' }, { runs: true }, 'True Converged'],
  ['nobody scales', { autoscale: 'on', pgNum: 1 }, absent, 'False AutoscalerAbsent'],
  ['nobody is to scale', { autoscale: 'off' }, absent, undefined],
] as const) {
  test(`poolStatus() says ${expected ?? 'nothing'} of the autoscaler, when ${what}`, () => {
    const resource = rbdPool();
    const { conditions } = poolStatus(resource, see(resource, worldWith(pool), { autoscaler }));
    const found = conditions.find(({ type }) => type === 'AutoscalerRunning');
    assert.equal(found && `${found.status} ${found.reason}`, expected);
    if (expected?.startsWith('False'))
      assert.match(found?.message ?? '', /"volumes", which has 1: no manager is active;/);
  });
}

for (const [what, metadata, changed, expected] of [
  ['it is looked into', {}, {}, 2],
  ['its OSDs are silent', {}, { look: undefined, silence: 'No answer.' }, undefined],
  ['it is being deleted', deleting, {}, 2],
] as const) {
  test(`poolStatus() tells ${expected ?? 'no'} images, when ${what}`, () => {
    const resource = rbdPool({}, metadata);
    const { fields } = poolStatus(resource, see(resource, worldWith({}, { images: { '': 1, a: 2 } }), changed));
    assert.equal((fields as RbdPoolStatus).usage?.images, expected);
  });
}
