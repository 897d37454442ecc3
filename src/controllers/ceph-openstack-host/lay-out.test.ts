import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

const compute: readonly Role[] = ['NovaCompute'];

test('planHost() adopts a ceph.conf that says the same in other words', () => {
  const machine = new Machine(compute);
  machine.put(
    '/etc/ceph/ceph.conf',
    '# ours for years\n[global]\nmon host = m\nfsid = f\n[client.rgw]\nlog file = x\n',
  );
  const text = machine.text('/etc/ceph/ceph.conf');
  settle(machine, hostObject(compute), desiredFor(compute));
  assert.equal(planHost(hostObject(compute), machine.look(desiredFor(compute))).hold, undefined);
  assert.equal(machine.text('/etc/ceph/ceph.conf'), text);
});

for (const [what, found, isLeft] of [
  ['names its monitors by name, in another order', 'mon host = mon2:6789 mon1', true],
  ['names a monitor less', 'mon host = mon1', false],
  ['names a dead one more', 'mon host = mon1 mon2 10.0.0.9', false],
] as const) {
  test(`planHost() ${isLeft ? 'leaves' : 'replaces'} a ceph.conf that ${what}`, () => {
    const machine = new Machine(compute);
    machine.addresses = { mon1: ['10.0.0.1'], mon2: ['10.0.0.2'] };
    machine.put('/etc/ceph/ceph.conf', `[global]\n${found}\nfsid = f\n`);
    const before = machine.text('/etc/ceph/ceph.conf');
    const content = '[global]\nfsid = f\nmon_host = [v2:10.0.0.1:3300,v1:10.0.0.1:6789],10.0.0.2:6789\n';
    const desired = desiredFor(compute, { conf: { path: '/etc/ceph/ceph.conf', content } });
    settle(machine, hostObject(compute, { adoption: 'IfUnowned' }), desired);
    assert.equal(machine.text('/etc/ceph/ceph.conf'), isLeft ? before : content);
    // One name cannot be looked up for a moment.
    machine.addresses = { mon1: ['10.0.0.1'] };
    assert.deepEqual(settle(machine, hostObject(compute, { adoption: 'IfUnowned' }), desired), []);
    // No name can.
    machine.addresses = {};
    assert.deepEqual(settle(machine, hostObject(compute, { adoption: 'IfUnowned' }), desired), []);
    assert.equal(machine.text('/etc/ceph/ceph.conf'), isLeft ? before : content);
    const { hold } = planHost(hostObject(compute, { adoption: 'IfUnowned' }), machine.look(desired, desired));
    assert.equal(hold?.reason, isLeft ? 'CephUnreachable' : undefined);
    if (isLeft)
      assert.match(hold?.message ?? '', /ceph\.conf names cannot be looked up on this host \(mon1, mon2\), so/);
  });
}

test('planHost() writes another option into a ceph.conf whose monitors cannot all be looked up', () => {
  const path = '/etc/ceph/ceph.conf';
  const wanted = (cache: boolean) => `[global]\nmon_host = 10.0.0.1,10.0.0.2\n\n[client]\nrbd_cache = ${cache}\n`;
  const machine = new Machine(compute);
  machine.addresses = { mon1: ['10.0.0.1'], mon2: ['10.0.0.2'] };
  machine.put(path, '[global]\nmon host = mon1 mon2\n[client]\nrbd cache = true\n');
  const host = hostObject(compute, { adoption: 'IfUnowned' });
  settle(machine, host, desiredFor(compute, { conf: { path, content: wanted(true) } }));
  assert.match(machine.text(path), /mon1 mon2/);
  machine.addresses = { mon1: ['10.0.0.1'] };
  settle(machine, host, desiredFor(compute, { conf: { path, content: wanted(false) } }));
  assert.equal(machine.text(path), wanted(false));
});
