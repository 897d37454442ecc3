import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

const hosts = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'] } as const;
const mine = { clientRef: { name: 'mine' } };
const disks = ['cloud-cinder-ceph', 'cloud-nova'].map((name) => ({ poolRef: { name }, mode: 'ReadWrite' }));

for (const [what, sections, access, expected] of [
  ['all is left to the guide', {}, undefined, /^True Converged Raw images in the pool "images" can be cloned/],
  [
    'Glance hides where images lie',
    { glance: { exposeDirectURL: false } },
    undefined,
    /^False CopyOnWriteUnavailable .*Glance does not say where they lie: leave glance\.exposeDirectURL out\.$/,
  ],
  [
    'a user of its own may not read the images',
    { cinder: { backends: [{ name: 'ceph', ...mine }] } },
    disks,
    /^False CopyOnWriteUnavailable .*CephClientAuth "mine" may not read the pool "images": add it to its access\.$/,
  ],
  [
    'a user of its own may read only a namespace of the images',
    { cinder: { backends: [{ name: 'ceph', ...mine }] } },
    [...disks, { pool: 'images', namespace: 'a', mode: 'ReadOnly' }],
    /^False CopyOnWriteUnavailable/,
  ],
  [
    'a user of its own may read the images by the name of their pool',
    { cinder: { backends: [{ name: 'ceph', ...mine }] } },
    [...disks, { pool: 'images', mode: 'ReadOnly' }],
    /^True/,
  ],
  [
    'a user of its own may read the images by their RbdPool',
    { cinder: { backends: [{ name: 'ceph', ...mine }] } },
    [...disks, { poolRef: { name: 'cloud-glance' }, mode: 'ReadOnly' }],
    /^True/,
  ],
  [
    'there are two stores',
    { glance: { stores: [{ name: 'rbd' }, { name: 'fast' }] } },
    undefined,
    /^True Converged Raw images in the pools "images", "images-fast" can be cloned/,
  ],
  [
    'a user of its own may read but one of two stores',
    { glance: { stores: [{ name: 'rbd' }, { name: 'fast' }] }, cinder: { backends: [{ name: 'ceph', ...mine }] } },
    [...disks, { poolRef: { name: 'cloud-glance' }, mode: 'ReadOnly' }],
    /^False CopyOnWriteUnavailable .*"mine" may not read the pool "images-fast"/,
  ],
  [
    'Nova’s own user may not read the images',
    { nova: { ephemeral: {}, ...mine } },
    disks,
    /^False CopyOnWriteUnavailable .*"mine"/,
  ],
  ['Nova has no disks in Ceph, and its own user needs no images', { nova: mine }, disks, /^True/],
  ['there is no Glance', { glance: undefined }, undefined, /^undefined$/],
] as const) {
  test(`bindingStatus() says of clones ${expected.source.split(' ')[0]?.replace(/\W/g, '')}, when ${what}`, () => {
    const roles = 'glance' in sections && sections.glance === undefined ? { ctl1: ['CinderVolume'] as const } : hosts;
    const world = new World(specWith(roles, sections));
    if (access !== undefined) {
      const spec = { cluster: { secretName: 'ceph-main' }, clientName: 'cinder-mine', access };
      world.intrude('CephClientAuth', 'mine', spec);
    }
    world.settle();
    const { conditions } = bindingStatus(world.binding, world.observed());
    const found = conditions.find(({ type }) => type === 'CopyOnWrite');
    assert.match(found === undefined ? 'undefined' : `${found.status} ${found.reason} ${found.message}`, expected);
  });
}
