import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guideModel } from '../../openstack/model.fixture.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { volumePools } from './volume-pools.ts';

const volume = ['CinderVolume'] as const;
const [here = assert.fail()] = guideModel.cinder?.backends ?? [];
const conf = { path: '/etc/ceph/ceph-east.conf', content: '[global]\nfsid = e\nmon_host = e\n' };
const east = { ...here, name: 'east', section: 'east', conf };

test('volumePools() tells pools of one name in two clusters apart', () => {
  const desired = desiredFor(volume, { cinder: { backends: [here, east] } });
  const machine = new Machine(volume);
  const both = [
    { pool: 'volumes', conf: '/etc/ceph/ceph.conf' },
    { pool: 'volumes', conf: conf.path },
  ];
  assert.deepEqual(volumePools({ name: 'r', desired }, machine.look(desired).facts), both, 'wanted');
  settle(machine, hostObject(volume), desired);
  assert.deepEqual(volumePools(undefined, machine.look().facts), both, 'configured');
  assert.deepEqual(volumePools({ name: 'r', desired }, machine.look(desired).facts), both, 'once');
});

test('volumePools() finds the cluster of a pool that is configured where somebody else named it', () => {
  const machine = new Machine(volume);
  const path = '/etc/cinder/cinder.conf';
  machine.put(path, `${machine.text(path)}[east]\nrbd_ceph_conf = ${conf.path}\n`, 'root', 'cinder', '0640');
  settle(machine, hostObject(volume), desiredFor(volume, { cinder: { backends: [east] } }));
  assert.ok(!machine.manifest?.options.some(({ name }) => name === 'rbd_ceph_conf'));
  assert.deepEqual(volumePools(undefined, machine.look().facts), [{ pool: 'volumes', conf: conf.path }]);
});
