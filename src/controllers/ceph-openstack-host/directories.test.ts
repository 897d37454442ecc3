import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guideModel } from '../../openstack/model.fixture.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

const roles = ['NovaCompute'] as const;
const path = '/run/ceph-guests';
const wanted = { owner: 'libvirt-qemu', group: 'nova', mode: '0770' };
const nova = guideModel.nova === undefined ? undefined : { ...guideModel.nova, adminSocket: true };
const desired = desiredFor(roles, nova === undefined ? {} : { nova });
const host = hostObject(roles);

function laidOut(): Machine {
  const machine = new Machine(roles);
  settle(machine, host, undefined, desired);
  return machine;
}

test('planHost() makes a directory, and gives it back its owner and mode', () => {
  const machine = laidOut();
  assert.deepEqual(machine.directories.get(path), wanted);
  assert.deepEqual(machine.manifest?.directories.includes(path), true);
  machine.directories.set(path, { ...wanted, mode: '0777' });
  settle(machine, host, undefined, desired);
  assert.deepEqual(machine.directories.get(path), wanted);
});

test('planHost() makes a directory again that a boot has emptied away, and restarts nothing', () => {
  const machine = laidOut();
  machine.directories.delete(path);
  machine.restarts = [];
  settle(machine, host, undefined, desired);
  assert.deepEqual([machine.directories.get(path), machine.restarts], [wanted, []]);
});

test('planHost() takes a directory of its own away with the rest', () => {
  const machine = laidOut();
  settle(machine, deleted(host));
  assert.deepEqual([machine.directories.size, machine.files.has('/etc/tmpfiles.d/ceph-guests.conf')], [0, false]);
});

test('planHost() refuses to put a directory where something else stands', () => {
  const machine = new Machine(roles);
  machine.put(path, 'theirs');
  settle(machine, host, undefined, desired);
  const { hold } = planHost(host, machine.look(undefined, desired));
  assert.deepEqual(
    [hold?.reason, hold?.message],
    ['Conflict', `Cannot make the directory ${path}: something else stands there.`],
  );
});
