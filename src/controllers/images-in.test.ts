import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import { imagesIn, sumOf } from './images-in.ts';

const pool = (name: string, images: number | undefined, cluster = 'main', poolName = 'volumes'): RbdPool =>
  // Sound: nothing else is asked of it.
  ({
    metadata: { name },
    spec: { cluster: { secretName: cluster }, poolName },
    status: { usage: { images } },
  }) as RbdPool;

for (const [what, pools, images, uncounted] of [
  ['nothing is declared', [], 0, []],
  ['it is empty', [pool('a', 0)], 0, []],
  ['its OSDs are silent', [pool('a', undefined)], 0, ['a']],
  ['a rival knows nothing of it', [pool('a', undefined), pool('b', 3)], 3, []],
  ['there is one in another cluster', [pool('b', undefined, 'east'), pool('a', 3)], 3, ['b']],
  ['only another pool tells none', [pool('a', 3), pool('b', undefined, 'main', 'other')], 3, []],
] as const) {
  test(`imagesIn() finds ${images} images and ${uncounted.length} pools uncounted, when ${what}`, () => {
    assert.deepEqual(imagesIn(pools, 'volumes'), { images, uncounted });
  });
}

test('sumOf() adds up what is known, and names once what is not', () => {
  const counts = [
    { images: 2, uncounted: ['b'] },
    { images: 3, uncounted: ['a', 'b'] },
  ];
  assert.deepEqual(sumOf(counts), { images: 5, uncounted: ['a', 'b'] });
});
