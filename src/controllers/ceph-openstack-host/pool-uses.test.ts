import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackHostStatus, Role } from '../../api/ceph-openstack-host.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { hostStatus } from './status.ts';

const all = ['CinderBackup', 'CinderVolume', 'GlanceApi', 'NovaCompute'] as const;
const compute: readonly Role[] = ['NovaCompute'];
const desired = desiredFor(compute);

/** As `entity pool Guests,Services`. */
function told(fields: Record<string, unknown>): readonly string[] | undefined {
  const { poolUses } = fields as CephOpenStackHostStatus;
  return poolUses?.map(({ entity, pool, by }) => `${entity} ${pool} ${by.join()}`);
}

test('hostStatus() says as whom services use which pools', () => {
  const { fields } = hostStatus(hostObject(all), new Machine(all).look(desiredFor(all)));
  assert.deepEqual(told(fields), [
    'client.cinder vms Services',
    'client.cinder volumes Services',
    'client.cinder-backup backups Services',
    'client.glance images Services',
  ]);
});

test('hostStatus() says as whom guests use which pools, also of a host that nobody configured yet', () => {
  const machine = new Machine(compute);
  machine.guestPools = [
    { entity: 'client.cinder', pool: 'vms' },
    { entity: 'client.old', pool: 'ssd' },
  ];
  const uses = (current?: typeof desired) => told(hostStatus(hostObject(compute), machine.look(current)).fields);
  assert.deepEqual(uses(), ['client.cinder vms Guests', 'client.old ssd Guests']);
  assert.deepEqual(uses(desired), ['client.cinder vms Guests,Services', 'client.old ssd Guests']);
});

test('hostStatus() says what was said before of services until they are switched, and of guests while libvirt is silent', () => {
  const machine = new Machine(compute);
  const poolUses = [{ entity: 'client.old', pool: 'vms', by: ['Guests', 'Services'] }] as const;
  const host = { ...hostObject(compute), status: { poolUses } };
  const before = machine.look(desired);
  assert.deepEqual(told(hostStatus(host, before).fields), ['client.cinder vms Services', 'client.old vms Services']);
  settle(machine, host, desired);
  const seen = machine.look(desired);
  assert.deepEqual(told(hostStatus(host, seen).fields), ['client.cinder vms Services']);
  const { libvirt: _, ...facts } = seen.facts;
  const silent = { ...seen, facts };
  assert.equal(told(hostStatus(host, silent).fields)?.at(-1), 'client.old vms Guests,Services');
  assert.equal(told(hostStatus(hostObject(compute), { ...silent, current: undefined }).fields), undefined);
});
