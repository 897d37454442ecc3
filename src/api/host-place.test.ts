import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostPlace, isSamePlace } from './host-place.ts';

const pairs: readonly (readonly [HostPlace, HostPlace, boolean])[] = [
  [{ address: 'ctl1' }, { address: 'CTL1' }, true],
  [{ address: 'ctl1' }, { address: 'ctl1', port: 22 }, true],
  [{ address: 'ctl1' }, { address: 'ctl1', port: 2222 }, true],
  [{ address: 'ctl1', port: 22 }, { address: 'ctl1', port: 22 }, true],
  [{ address: 'ctl1', port: 22 }, { address: 'ctl1', port: 2222 }, false],
  [{ address: 'ctl1' }, { address: 'ctl2' }, false],
];

for (const [a, b, same] of pairs) {
  test(`isSamePlace() says ${same} of ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
    assert.equal(isSamePlace(a, b), same);
    assert.equal(isSamePlace(b, a), same);
  });
}
