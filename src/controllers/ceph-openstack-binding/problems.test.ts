import assert from 'node:assert/strict';
import { test } from 'node:test';
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
