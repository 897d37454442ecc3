import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import type { HostStep } from '../../hosts/steps.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { notCreatedYet } from '../../openstack/foretold-keys.ts';
import { guideModel } from '../../openstack/model.fixture.ts';
import { asPlanned, refuseForetold } from './as-planned.ts';
import { describeHostStep } from './describe.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';
import { hostStatus } from './status.ts';

const compute: readonly Role[] = ['NovaCompute'];

function look(machine: Machine, planned: DesiredHost, current?: DesiredHost) {
  // What is planned with is asked for like what is laid out.
  const seen = machine.look(current, planned);
  return asPlanned({ ...seen, next: seen.current }, { name: 'planned', desired: planned });
}

/** What a host in mode Plan says: its lines, and what is in the way. */
function plan(machine: Machine, planned: DesiredHost, current?: DesiredHost) {
  const host = hostObject(machine.roles, { mode: 'Plan' });
  const { stages, hold } = planHost(host, look(machine, planned, current));
  return { lines: told(stages.flat()), hold };
}

const told = (steps: readonly HostStep[]) =>
  [...new Set(steps.filter(({ verb }) => verb !== 'write-manifest').map(describeHostStep))].sort();

/** With every key as `fingerprint`. */
function withKeys(desired: DesiredHost, fingerprint: string): DesiredHost {
  const { distribute } = desired;
  const change = <T>(item: T): T => ({ ...item, fingerprint });
  return {
    ...desired,
    distribute: {
      ...distribute,
      keyrings: distribute.keyrings.map(change),
      libvirtSecrets: distribute.libvirtSecrets.map(change),
    },
  };
}

const anyModel = fc.record({
  chunkSizeMb: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  isEphemeral: fc.boolean(),
  confName: fc.constantFrom('ceph', 'other'),
});

function desiredOf(some: readonly Role[], { chunkSizeMb, isEphemeral, confName }: FcOf<typeof anyModel>): DesiredHost {
  const { glance, nova, conf } = guideModel;
  assert.ok(glance !== undefined && nova !== undefined);
  const { ephemeralPool, ...attaching } = nova;
  return desiredFor(some, {
    glance: { ...glance, ...(chunkSizeMb === undefined ? {} : { chunkSizeMb }) },
    nova: isEphemeral && ephemeralPool !== undefined ? { ...attaching, ephemeralPool } : attaching,
    conf: { ...conf, path: `/etc/ceph/${confName}.conf` },
  });
}

type FcOf<T> = T extends fc.Arbitrary<infer U> ? U : never;

test('planHost() in mode Plan tells all that the host then does, in all its passes', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom<Role>(...roles), { minLength: 1, maxLength: 4 }),
      fc.option(anyModel, { nil: undefined }),
      anyModel,
      (some, first, second) => {
        const machine = new Machine(some);
        const before = first === undefined ? undefined : desiredOf(some, first);
        if (before !== undefined) settle(machine, hostObject(some), before);
        const after = desiredOf(some, second);
        const { lines, hold } = plan(machine, after, before);
        assert.equal(hold, undefined);
        const did = [...settle(machine, hostObject(some), before, after), ...settle(machine, hostObject(some), after)];
        assert.deepEqual(lines, told(did));
      },
    ),
    { numRuns: 80 },
  );
});

test('planHost() in mode Plan names keys that are not created yet, and lists all the rest', () => {
  const { lines, hold } = plan(new Machine(compute), withKeys(desiredFor(compute), notCreatedYet));
  assert.equal(hold, undefined);
  const uuid = guideModel.nova?.libvirtSecret.uuid;
  assert.deepEqual(lines, [
    `Define libvirt's secret ${uuid} ("client.cinder secret").`,
    'Install ceph-common, python3-rados, python3-rbd, qemu-block-extra.',
    'Restart libvirtd.service.',
    'Restart nova-compute.service.',
    'Set disk_cachemodes, hw_disk_discard, images_rbd_ceph_conf, images_rbd_pool, images_type, rbd_secret_uuid, rbd_user in [libvirt], ensure_libvirt_rbd_instance_dir_cleanup in [workarounds] of /etc/nova/nova.conf.',
    `Set the value of libvirt's secret ${uuid} to the key of client.cinder, which is not created yet.`,
    'Write /etc/ceph/ceph.client.cinder.keyring with the key of client.cinder, which is not created yet.',
    'Write /etc/ceph/ceph.conf.',
  ]);
});

test('planHost() in mode Plan knows a key on the host by its fingerprint, where no Secret holds it yet', () => {
  const machine = new Machine(compute);
  const desired = desiredFor(compute);
  settle(machine, hostObject(compute), desired);
  machine.manifest = undefined;
  const host = hostObject(compute, { mode: 'Plan' });
  const seen = asPlanned({ ...machine.look(undefined, desired), keys: new Map() }, { name: 'planned', desired });
  const { stages, hold } = planHost(host, seen);
  assert.equal(hold, undefined);
  assert.deepEqual(told(stages.flat()), []);
});

test('planHost() in mode Plan says what would stop it', () => {
  const machine = new Machine(compute);
  machine.localInstances = 2;
  const { lines, hold } = plan(machine, desiredFor(compute));
  assert.equal(hold?.reason, 'InstancesOnLocalDisk');
  assert.ok(lines.includes('Write /etc/ceph/ceph.conf.'));
  assert.ok(!lines.some((line) => line.startsWith('Set ') && line.includes('nova.conf')));
});

test('planHost() in mode Plan speaks of no restart that would not be: none at all, or of a stopped service', () => {
  const desired = desiredFor(compute);
  const restartsOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith('Restart'));
  const machine = new Machine(compute);
  Object.assign(machine.units.get('nova-compute.service') ?? {}, { active: 'inactive' });
  assert.deepEqual(restartsOf(plan(machine, desired).lines), ['Restart libvirtd.service.']);
  const host = hostObject(compute, { mode: 'Plan', restart: 'Never' });
  assert.deepEqual(restartsOf(told(planHost(host, look(machine, desired)).stages.flat())), []);
});

test('hostStatus() in mode Plan says how far the host has come, not how far it would', () => {
  const machine = new Machine(compute);
  const before = desiredFor(compute);
  settle(machine, hostObject(compute), before);
  const after = desiredOf(compute, { chunkSizeMb: undefined, isEphemeral: false, confName: 'other' });
  const { fields } = hostStatus(hostObject(compute, { mode: 'Plan' }), look(machine, after, before));
  assert.deepEqual([fields.distributed, fields.switched], ['current', 'current']);
});

test('refuseForetold() lets no host be told a revision with keys that are not created yet', () => {
  const role = (fingerprint: string) => {
    const keyring = { path: '/etc/ceph/a', entity: 'client.a', secretName: 'a', fingerprint, reader: 'nova' };
    const distribute = { packages: [], directories: [], files: [], keyrings: [keyring], libvirtSecrets: [] };
    const nothing = { switch: { services: [], options: [] }, access: [] };
    return { role: 'NovaCompute', platform: 'debian-systemd', release: '2025.1', distribute, ...nothing } as const;
  };
  assert.equal(refuseForetold('r', { roles: [role('0123456789abcdef')] }), undefined);
  assert.equal(refuseForetold('r', { roles: [role('0123456789abcdef'), role(notCreatedYet)] })?.refused, 'InvalidSpec');
});
