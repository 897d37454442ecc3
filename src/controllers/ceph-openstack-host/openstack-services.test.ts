import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackHostStatus } from '../../api/ceph-openstack-host.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine } from './machine.fixture.ts';
import { hostStatus } from './status.ts';

const roles = ['CinderBackup', 'CinderVolume', 'GlanceApi', 'NovaCompute'] as const;

/** As `binary host`, stopped ones in brackets. */
function servicesOf(machine: Machine): readonly string[] {
  const { fields } = hostStatus(hostObject(roles), machine.look(desiredFor(roles)));
  const { services } = fields as CephOpenStackHostStatus;
  return (services ?? []).map(({ binary, host, stopped }) => (stopped ? `(${binary} ${host})` : `${binary} ${host}`));
}

test('hostStatus() says what the services of a host are called in OpenStack: by its hostname', () => {
  assert.deepEqual(servicesOf(new Machine(roles)), [
    'cinder-backup h1',
    'cinder-volume h1@ceph',
    'glance-api h1',
    'nova-compute h1',
  ]);
});

test('hostStatus() goes by the names that stand in the files of the services, the last one first', () => {
  const machine = new Machine(roles);
  machine.put('/etc/cinder/cinder.conf', '[DEFAULT]\nhost = volumes\n[ceph]\nbackend_host = rbd:volumes\n');
  machine.put('/etc/nova/nova.conf', '[DEFAULT]\nhost = cmp1\n');
  machine.put('/etc/nova/nova-compute.conf', '[DEFAULT]\nhost = cmp1.example.org\n');
  assert.deepEqual(servicesOf(machine), [
    'cinder-backup volumes',
    'cinder-volume rbd:volumes@ceph',
    'glance-api h1',
    'nova-compute cmp1.example.org',
  ]);
});

test('hostStatus() leaves out a name that is made of another option, and tells of what was stopped, not of what failed', () => {
  const machine = new Machine(roles);
  machine.put('/etc/nova/nova.conf', '[DEFAULT]\nhost = $my_ip\n');
  const unit = machine.units.get('cinder-backup.service') ?? assert.fail();
  unit.active = 'inactive';
  const failed = machine.units.get('cinder-volume.service') ?? assert.fail();
  failed.active = 'failed';
  assert.deepEqual(servicesOf(machine), ['(cinder-backup h1)', 'cinder-volume h1@ceph', 'glance-api h1']);
});

test('hostStatus() says nothing of the services of a host that was not told what to do', () => {
  const { fields } = hostStatus(hostObject(roles), new Machine(roles).look());
  assert.equal((fields as CephOpenStackHostStatus).services, undefined);
});
