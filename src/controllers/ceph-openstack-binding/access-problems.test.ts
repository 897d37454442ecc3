import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOf } from '../binding-needs.ts';
import { accessProblems } from './access-problems.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const hosts = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'] } as const;
const clientRef = { name: 'mine' };
const ofNova = { nova: { ephemeral: {}, clientRef } };
const erasureCoded = { dataChunks: 2, codingChunks: 1 };
const inErasure = { nova: { ephemeral: { pool: { erasureCoded } }, clientRef } };
const write = (name: string) => ({ poolRef: { name }, mode: 'ReadWrite' });
const vms = { pool: 'vms', mode: 'ReadWrite' };
const user = 'spec.nova.clientRef: the user "client.mine"';
const wayOut =
  'add {poolRef: {name: cloud-nova}, mode: ReadWrite} to the access of CephClientAuth "mine", or refer to another user.';

for (const [what, sections, rights, expected] of [
  ['all is left to the guide', {}, {}, []],
  [
    'it has no access to the pool',
    ofNova,
    { access: [{ pool: 'images', mode: 'ReadOnly' }] },
    [`${user} may not use the pool "vms", where spec.nova.ephemeral writes: ${wayOut}`],
  ],
  [
    'it may only read the pool',
    ofNova,
    { access: [{ ...vms, mode: 'ReadOnly' }] },
    [`${user} may only read the pool "vms", where spec.nova.ephemeral writes: ${wayOut}`],
  ],
  [
    'it has a namespace of the pool',
    ofNova,
    { access: [{ ...vms, namespace: 'a' }] },
    [`${user} may not use all of the pool "vms", where spec.nova.ephemeral writes: ${wayOut}`],
  ],
  ['it may write the pool by its name', ofNova, { access: [vms] }, []],
  ['it may write the pool by its RbdPool, in the style of 2014', ofNova, { access: [write('cloud-nova')] }, []],
  ['it refers to an RbdPool that is not there', ofNova, { access: [write('none')] }, []],
  [
    'it misses the pool that has the data',
    inErasure,
    { access: [vms] },
    [
      `${user} may not use the pool "vms-data", which has the data of "vms", where spec.nova.ephemeral writes: ${wayOut}`,
    ],
  ],
  [
    'it may write neither of two pools',
    inErasure,
    { access: [{ pool: 'vms-data', mode: 'ReadOnly' }] },
    [
      `${user} may not use the pool "vms" and may only read the pool "vms-data", which has the data of "vms", where spec.nova.ephemeral writes: ${wayOut}`,
    ],
  ],
  ['it may write both pools by their RbdPool', inErasure, { access: [write('cloud-nova')] }, []],
  ['it may write both pools by their names', inErasure, { access: [vms, { ...vms, pool: 'vms-data' }] }, []],
  [
    'its caps are to the letter, and miss the pool that has the data',
    inErasure,
    { caps: { mon: 'profile rbd', osd: 'profile rbd pool=vms' } },
    [
      `${user} may not use the pool "vms-data", which has the data of "vms", where spec.nova.ephemeral writes: add "profile rbd pool=vms-data" to caps.osd of CephClientAuth "mine", or refer to another user.`,
    ],
  ],
  ['its caps to the letter are for all pools', inErasure, { caps: { osd: 'allow rwx' } }, []],
  ['its caps cannot be read, which it says itself', ofNova, { caps: { osd: 'zzz' } }, []],
  ['Nova has no disks in Ceph', { nova: { clientRef } }, { access: [{ pool: 'images', mode: 'ReadOnly' }] }, []],
  [
    'Nova shares it with a back end whose pool alone it may write',
    { cinder: { backends: [{ name: 'ceph', clientRef }] } },
    { access: [write('cloud-cinder-ceph')] },
    [
      `spec.cinder.backends[0].clientRef: the user "client.mine" may not use the pool "vms", where spec.nova.ephemeral writes: ${wayOut}`,
    ],
  ],
  [
    'it comes by another Secret to the same cluster, in which no RbdPool is',
    ofNova,
    { cluster: { secretName: 'ceph-too' }, access: [{ pool: 'images', mode: 'ReadOnly' }] },
    [
      `${user} may not use the pool "vms", where spec.nova.ephemeral writes: add {pool: vms, mode: ReadWrite} to the access of CephClientAuth "mine", or refer to another user.`,
    ],
  ],
  [
    "the binding's own user was given other access",
    {
      glance: {
        stores: [{ name: 'rbd' }, { name: 'fast', client: { access: [{ pool: 'images', mode: 'ReadWrite' }] } }],
      },
    },
    {},
    [
      'spec.glance.stores[1].client: the user "client.glance-fast" may not use the pool "images-fast", where spec.glance.stores[1] writes: add {poolRef: {name: cloud-glance-fast}, mode: ReadWrite} to the access of spec.glance.stores[1].client.',
    ],
  ],
] as const) {
  test(`accessProblems() tells ${expected.length === 0 ? 'nothing' : 'what a user may not write'} when ${what}`, () => {
    const world = new World(specWith(hosts, { cinderBackup: undefined, ...sections }));
    world.intrude('CephClientAuth', 'mine', rights);
    assert.deepEqual(
      accessProblems(needsOf(world.binding), world.observed()).map(({ message }) => message),
      expected,
    );
  });
}

test('planBinding() switches no host to a user with too few rights, and goes on when it has them', () => {
  const world = new World(specWith(hosts));
  world.settle();
  const before = world.host('cmp1').spec.revision;
  const revisions = [...world.revisions.keys()];
  world.intrude('CephClientAuth', 'mine', { access: [{ ...vms, mode: 'ReadOnly' }] });
  world.change(specWith(hosts, ofNova));
  world.settle();
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['InvalidSpec', true]);
  assert.match(hold?.message ?? '', /^spec\.nova\.clientRef: the user "client\.mine" may only read the pool "vms"/);
  assert.deepEqual([world.host('cmp1').spec.revision, [...world.revisions.keys()]], [before, revisions]);
  world.intrude('CephClientAuth', 'mine', { access: [vms] });
  world.settle();
  assert.equal(world.plan().hold, undefined);
  assert.notDeepEqual(world.host('cmp1').spec.revision, before);
});
