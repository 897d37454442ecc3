import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specProblem } from './problems.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const uuid = '457eb676-33da-42ec-9a8c-9293d545c337';

test('planBinding() gives no libvirt secret to two users', () => {
  const backends = [
    { name: 'ceph', libvirtSecret: { uuid } },
    { name: 'ssd', libvirtSecret: { keep: [uuid] } },
  ];
  const world = new World(specWith({ ctl1: ['CinderVolume'] }, { cinder: { backends } }));
  world.settle();
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['InvalidSpec', true]);
  assert.match(hold?.message ?? '', /457eb676-.* is given to client\.cinder and client\.cinder-ssd/);
  assert.equal(world.revisions.size, 0);
});

const erasureCoded = { dataChunks: 2, codingChunks: 1 };
for (const [what, sections, expected] of [
  ['nothing is said', {}, undefined],
  [
    'a back end has the name of another service',
    { cinder: { backends: [{ name: 'ceph' }, { name: 'backup' }] } },
    'spec.cinder.backends[1].client.clientName and spec.cinderBackup.client.clientName, as written or by default, are both the user "client.cinder-backup": write another name in one of the two.',
  ],
  [
    'a store has the pool that another has by default',
    { glance: { stores: [{ name: 'rbd' }, { name: 'fast', pool: { poolName: 'images' } }] } },
    'spec.glance.stores[0].pool.poolName and spec.glance.stores[1].pool.poolName, as written or by default, are both the pool "images": write another name in one of the two.',
  ],
  [
    'a pool is where the data of another would be',
    {
      glance: { pool: { erasureCoded } },
      nova: { ephemeral: { pool: { poolName: 'images-data' } } },
    },
    'spec.glance.pool.erasureCoded.dataPoolName and spec.nova.ephemeral.pool.poolName, as written or by default, are both the pool "images-data": write another name in one of the two.',
  ],
  [
    'two back ends of two clusters have pool and user of one name',
    {
      cinder: {
        backends: [
          { name: 'ceph' },
          {
            name: 'east',
            cluster: { secretName: 'ceph-east' },
            pool: { poolName: 'volumes' },
            client: { clientName: 'cinder' },
          },
        ],
      },
    },
    undefined,
  ],
  [
    'two sections refer to one pool and one user',
    {
      cinder: { backends: [{ name: 'ceph' }] },
      cinderBackup: { poolRef: { name: 'cloud-cinder-ceph' }, clientRef: { name: 'cloud-cinder-ceph' } },
    },
    undefined,
  ],
] as const) {
  test(`specProblem() says ${expected === undefined ? 'nothing' : 'which two fields come to one name'} when ${what}`, () => {
    const world = new World(specWith({ ctl1: ['CinderVolume'] }, sections));
    assert.equal(specProblem(world.binding, world.observed())?.message, expected);
  });
}
