import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

/* What volumes know their service by is not changed under them. */

const volume: readonly Role[] = ['CinderVolume'];

function hold(machine: Machine, host: ReturnType<typeof hostObject>, desired?: DesiredHost) {
  return planHost(host, machine.look(desired, desired)).hold;
}

test('planHost() takes no back end off a host while there are volumes', () => {
  const machine = new Machine(volume);
  settle(machine, hostObject(volume), desiredFor(volume));
  machine.volumes = 40;
  const before = machine.text('/etc/cinder/cinder.conf');
  settle(machine, deleted(hostObject(volume)));
  const inTheWay = hold(machine, deleted(hostObject(volume)));
  // Who deletes them in Cinder tells nobody: it is looked again soon.
  assert.deepEqual([inTheWay?.reason, inTheWay?.retryAfterMs], ['VolumesWouldBeOrphaned', 30_000]);
  assert.equal(machine.text('/etc/cinder/cinder.conf'), before);
});

test('planHost() takes no back end off a host while nobody knows whether there are volumes', () => {
  const machine = new Machine(volume);
  settle(machine, hostObject(volume), desiredFor(volume));
  machine.uncounted = ['cloud-cinder-ceph'];
  const before = machine.text('/etc/cinder/cinder.conf');
  settle(machine, deleted(hostObject(volume)));
  const inTheWay = hold(machine, deleted(hostObject(volume)));
  assert.deepEqual([inTheWay?.reason, inTheWay?.stalled], ['WaitingForPool', false]);
  assert.match(inTheWay?.message ?? '', /images there are in RbdPool "cloud-cinder-ceph", for giving back/);
  assert.equal(machine.text('/etc/cinder/cinder.conf'), before);
  machine.uncounted = [];
  settle(machine, deleted(hostObject(volume)));
  assert.notEqual(machine.text('/etc/cinder/cinder.conf'), before);
});

for (const [name, extra] of [
  ['backend_host', { ceph: { backend_host: 'rbd:volumes' } }],
  ['host', { DEFAULT: { host: 'cloud' } }],
] as const) {
  test(`planHost() gives volumes no other ${name}, nor takes it away again, while there are any`, () => {
    const [plain, named] = [desiredFor(volume), desiredFor(volume, { extraConfig: { 'cinder.conf': extra } })];
    const machine = new Machine(volume);
    settle(machine, hostObject(volume), plain);
    machine.volumes = 40;
    settle(machine, hostObject(volume), named);
    assert.equal(hold(machine, hostObject(volume), named)?.reason, 'VolumesWouldBeOrphaned');
    assert.equal(machine.text('/etc/cinder/cinder.conf').includes(`${name} = `), false);
    [machine.volumes, machine.uncounted] = [0, ['cloud-cinder-ceph']];
    assert.equal(hold(machine, hostObject(volume), named)?.reason, 'WaitingForPool', 'nobody knows how many');
    machine.uncounted = [];
    settle(machine, hostObject(volume), named);
    assert.equal(machine.text('/etc/cinder/cinder.conf').includes(`${name} = `), true);
    machine.volumes = 40;
    settle(machine, hostObject(volume), plain);
    assert.equal(hold(machine, hostObject(volume), plain)?.reason, 'VolumesWouldBeOrphaned');
    assert.equal(machine.text('/etc/cinder/cinder.conf').includes(`${name} = `), true);
  });
}

test('planHost() lets volumes into a cluster, and into no other, nor out of it, while there are any', () => {
  const machine = new Machine(volume);
  const host = hostObject(volume);
  const wanted = (cluster: string) => desiredFor(volume, { extraConfig: { 'cinder.conf': { DEFAULT: { cluster } } } });
  const text = () => machine.text('/etc/cinder/cinder.conf');
  settle(machine, host, desiredFor(volume));
  machine.volumes = 40;
  settle(machine, host, wanted('one'));
  assert.match(text(), /^cluster = one$/m);
  for (const [desired, mend] of [
    [
      wanted('two'),
      /changing cluster in \[DEFAULT\] of .* would orphan .*: keep it, or rename it with cinder-manage cluster/,
    ],
    [desiredFor(volume), /giving back cluster in .* would orphan .*: keep it in extraConfig, or take the host off/],
  ] as const) {
    settle(machine, host, desired);
    const inTheWay = hold(machine, host, desired);
    assert.equal(inTheWay?.reason, 'VolumesWouldBeOrphaned');
    assert.match(inTheWay?.message ?? '', mend);
    assert.match(text(), /^cluster = one$/m);
  }
  // Renamed in Cinder, and by hand in the file.
  machine.put('/etc/cinder/cinder.conf', text().replace('cluster = one', 'cluster = two'), 'root', 'cinder', '0640');
  settle(machine, host, wanted('two'));
  assert.equal(hold(machine, host, wanted('two')), undefined);
});
