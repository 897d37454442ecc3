import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CephOpenStackHost, Role } from '../../api/ceph-openstack-host.ts';
import type { HostStep } from '../../hosts/steps.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { cinderSecret } from '../../openstack/model.fixture.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

const controller: readonly Role[] = ['GlanceApi', 'CinderVolume', 'CinderBackup'];
const compute: readonly Role[] = ['NovaCompute'];

const verbs = (steps: readonly HostStep[]) => steps.map((step) => step.verb);
const holdOf = (machine: Machine, host: CephOpenStackHost, current?: DesiredHost, next = current) =>
  planHost(host, machine.look(current, next)).hold;

test('planHost() only lays out, and restarts nothing, while there is no current revision', () => {
  const machine = new Machine(compute);
  const steps = settle(machine, hostObject(compute), undefined, desiredFor(compute));
  assert.ok(machine.files.has('/etc/ceph/ceph.client.cinder.keyring'));
  assert.equal(machine.secrets.get(cinderSecret)?.value, 'key-of-cinder');
  assert.deepEqual(machine.restarts, []);
  assert.equal(machine.text('/etc/nova/nova.conf').includes('rbd'), false);
  assert.equal(verbs(steps)[0], 'write-manifest');
});

test('planHost() edits options and restarts each unit once when the host is switched', () => {
  const machine = new Machine(controller);
  const desired = desiredFor(controller);
  settle(machine, hostObject(controller), undefined, desired);
  settle(machine, hostObject(controller), desired);
  assert.match(machine.text('/etc/cinder/cinder.conf'), /rbd_pool = volumes/);
  assert.match(machine.text('/etc/cinder/cinder.conf'), /# theirs\nmy_ip = 10\.0\.0\.1/);
  assert.deepEqual(machine.restarts.toSorted(), [
    'cinder-backup.service',
    'cinder-volume.service',
    'glance-api.service',
  ]);
  assert.deepEqual(settle(machine, hostObject(controller), desired), []);
});

test('planHost() writes the manifest before it changes anything, and again with the moment of the change', () => {
  const machine = new Machine(compute);
  const desired = desiredFor(compute);
  settle(machine, hostObject(compute), undefined, desired);
  const steps = planHost(hostObject(compute), machine.look(desired, desired)).stages.flat();
  assert.deepEqual(verbs(steps), ['write-manifest', 'write-file', 'write-manifest', 'restart-unit', 'restart-unit']);
});

test('planHost() repairs a hand-made edit without a restart when the service never read it', () => {
  const machine = new Machine(compute);
  const desired = desiredFor(compute);
  const host = hostObject(compute);
  settle(machine, host, desired);
  machine.restarts = [];
  machine.wait(100);
  machine.put('/etc/nova/nova.conf', `${machine.text('/etc/nova/nova.conf')}\n[libvirt]\nimages_type = qcow2\n`);
  settle(machine, host, desired);
  assert.deepEqual(machine.restarts, []);
  machine.put('/etc/nova/nova.conf', machine.text('/etc/nova/nova.conf').replaceAll('= rbd', '= qcow2'));
  machine.wait(10);
  machine.start('nova-compute.service');
  machine.wait(10);
  settle(machine, host, desired);
  assert.deepEqual(machine.restarts, ['nova-compute.service']);
});

test('planHost() adopts a host whose values already agree with no restart', () => {
  const desired = desiredFor(compute);
  const wired = new Machine(compute);
  settle(wired, hostObject(compute), desired);
  const brownfield = new Machine(compute);
  brownfield.files = wired.files;
  brownfield.packages = wired.packages;
  brownfield.secrets = wired.secrets;
  const steps = settle(brownfield, hostObject(compute), desired);
  assert.deepEqual(verbs(steps), ['write-manifest']);
});

const refusals: readonly { name: string; prepare: (machine: Machine) => void; reason: string; words: RegExp }[] = [
  {
    name: 'a ceph.conf of somebody else',
    prepare: (machine) => machine.put('/etc/ceph/ceph.conf', '[global]\nfsid = other\n'),
    reason: 'AlreadyExists',
    words: /ceph\.conf exists with other content: set adoption/,
  },
  {
    name: 'a libvirt secret with another key',
    prepare: (machine) => machine.secrets.set(cinderSecret, { usageName: 'x', value: 'other' }),
    reason: 'AlreadyExists',
    words: /secret .* exists with another value/,
  },
  {
    name: 'a libvirt secret with another key that guests use',
    prepare: (machine) => {
      machine.secrets.set(cinderSecret, { usageName: 'x', value: 'other' });
      machine.guestSecrets = [cinderSecret];
    },
    reason: 'GuestsUseSecret',
    words: /used by the guests guest-0/,
  },
  {
    name: 'a libvirt secret that goes when libvirt restarts',
    prepare: (machine) =>
      machine.secrets.set(cinderSecret, { usageName: 'x', value: 'key-of-cinder', ephemeral: true }),
    reason: 'AlreadyExists',
    words: /secret .* is ephemeral/,
  },
  {
    name: 'our usage name under another UUID',
    prepare: (machine) =>
      machine.secrets.set('11111111-1111-4111-8111-111111111111', { usageName: 'client.cinder secret', value: 'k' }),
    reason: 'AlreadyExists',
    words: /under the UUID 11111111-/,
  },
  {
    name: 'instances on local disks',
    prepare: (machine) => {
      machine.localInstances = 3;
    },
    reason: 'InstancesOnLocalDisk',
    words: /The disks of 3 instances are on this host/,
  },
  {
    name: 'one instance on a local disk',
    prepare: (machine) => {
      machine.localInstances = 1;
    },
    reason: 'InstancesOnLocalDisk',
    words: /The disks of 1 instance are on this host/,
  },
  {
    name: 'an option that a later file overrides',
    prepare: (machine) => machine.put('/etc/nova/nova-compute.conf', '[libvirt]\nimages_type = qcow2\n'),
    reason: 'OptionShadowed',
    words: /nova-compute\.conf sets images_type in \[libvirt\]/,
  },
  {
    name: 'the manifest of another binding',
    prepare: (machine) => {
      const other = new Machine(compute);
      settle(other, hostObject(compute), desiredFor(compute));
      if (other.manifest === undefined) throw new Error('no manifest');
      machine.manifest = { ...other.manifest, owner: { installation: 'lab', namespace: 'other', name: 'east' } };
    },
    reason: 'OwnedByAnother',
    words: /binding "other\/east" of the installation "lab"/,
  },
  {
    name: 'the manifest of this very binding under another installation',
    prepare: (machine) => {
      const other = new Machine(compute);
      settle(other, hostObject(compute), desiredFor(compute));
      if (other.manifest === undefined) throw new Error('no manifest');
      machine.manifest = { ...other.manifest, owner: { ...other.owner, installation: 'other' } };
      machine.former = 'unknown';
    },
    reason: 'OwnedByAnother',
    words: /installation "other": if another operator watches this namespace too, .* if none does, take it off there/,
  },
];

for (const { name, prepare, reason, words } of refusals) {
  test(`planHost() refuses ${name}`, () => {
    const machine = new Machine(compute);
    prepare(machine);
    const desired = desiredFor(compute);
    settle(machine, hostObject(compute), desired);
    const hold = holdOf(machine, hostObject(compute), desired);
    assert.equal(hold?.reason, reason);
    assert.equal(hold?.stalled, true);
    assert.match(hold?.message ?? '', words);
  });
}

test('planHost() says what is missing, and brings nothing, when packages are only verified', () => {
  const machine = new Machine(compute);
  const host = hostObject(compute, { packages: 'VerifyOnly' });
  const hold = holdOf(machine, host, undefined, desiredFor(compute));
  assert.equal(hold?.reason, 'PackagesMissing');
  assert.match(hold?.message ?? '', /ceph-common/);
  assert.deepEqual([...machine.packages], []);
});

test('planHost() gives back every byte when the host is let go', () => {
  for (const roles of [compute, controller, [...controller, ...compute]] as const) {
    const machine = new Machine(roles);
    const before = new Map([...machine.files].map(([path, file]) => [path, file.text]));
    settle(machine, hostObject(roles), desiredFor(roles));
    settle(machine, deleted(hostObject(roles)));
    assert.deepEqual(new Map([...machine.files].map(([path, file]) => [path, file.text])), before);
    assert.equal(machine.manifest, undefined);
    assert.equal(machine.secrets.size, 0);
  }
});

test('planHost() keeps what somebody changed since when the host is let go', () => {
  const machine = new Machine(compute);
  settle(machine, hostObject(compute), desiredFor(compute));
  machine.put(
    '/etc/nova/nova.conf',
    machine.text('/etc/nova/nova.conf').replace('images_type = rbd', 'images_type = raw'),
  );
  settle(machine, deleted(hostObject(compute)));
  assert.match(machine.text('/etc/nova/nova.conf'), /images_type = raw/);
});

test('planHost() takes away what belonged to a role that was taken off', () => {
  const roles: readonly Role[] = ['CinderVolume', 'CinderBackup'];
  const machine = new Machine(roles);
  settle(machine, hostObject(roles), desiredFor(roles));
  assert.ok(machine.files.has('/etc/ceph/ceph.client.cinder-backup.keyring'));
  const rest: readonly Role[] = ['CinderVolume'];
  settle(machine, hostObject(rest), desiredFor(rest));
  assert.equal(machine.files.has('/etc/ceph/ceph.client.cinder-backup.keyring'), false);
  assert.doesNotMatch(machine.text('/etc/cinder/cinder.conf'), /backup_driver/);
  assert.match(machine.text('/etc/cinder/cinder.conf'), /rbd_pool = volumes/);
});

test('planHost() does not undefine a secret that guests use', () => {
  const machine = new Machine(compute);
  settle(machine, hostObject(compute), desiredFor(compute));
  machine.guestSecrets = [cinderSecret];
  settle(machine, deleted(hostObject(compute)));
  assert.ok(machine.secrets.has(cinderSecret));
  assert.equal(holdOf(machine, deleted(hostObject(compute)))?.reason, 'GuestsUseSecret');
});

test('planHost() leaves a stopped service stopped', () => {
  const machine = new Machine(compute);
  const unit = machine.units.get('nova-compute.service');
  if (unit === undefined) throw new Error('no unit');
  unit.active = 'inactive';
  const desired = desiredFor(compute);
  settle(machine, hostObject(compute), desired);
  assert.equal(unit.active, 'inactive');
  assert.equal(holdOf(machine, hostObject(compute), desired), undefined);
});

test('planHost() settles from any state, and survives a death after any step', () => {
  const roleSets: readonly (readonly Role[])[] = [compute, controller, ['CinderVolume', 'NovaCompute']];
  const mess = fc.record({
    roles: fc.constantFrom(...roleSets),
    deaths: fc.array(fc.nat(20), { maxLength: 6 }),
    vandal: fc.array(fc.constantFrom('keyring', 'mode', 'conf', 'package', 'secret', 'option'), { maxLength: 4 }),
    ending: fc.boolean(),
  });
  fc.assert(
    fc.property(mess, ({ roles, deaths, vandal, ending }) => {
      const machine = new Machine(roles);
      const desired = desiredFor(roles);
      const before = new Map([...machine.files].map(([path, file]) => [path, file.text]));
      const host = hostObject(roles);
      for (const death of deaths) {
        const steps = planHost(host, machine.look(desired, desired)).stages.flat();
        for (const step of steps.slice(0, death)) machine.apply(step);
        machine.wait(6);
      }
      settle(machine, host, desired);
      for (const deed of vandal) vandalize(machine, deed);
      settle(machine, host, desired);
      assert.deepEqual(planHost(host, machine.look(desired, desired)), { stages: [] });
      for (const [unit, { starts }] of machine.units) assert.ok(starts <= 3 + deaths.length + vandal.length, unit);
      if (!ending) return;
      for (const death of deaths) {
        const steps = planHost(deleted(host), machine.look()).stages.flat();
        for (const step of steps.slice(0, death)) machine.apply(step);
        machine.wait(6);
      }
      settle(machine, deleted(host));
      assert.equal(machine.manifest, undefined);
      assert.deepEqual(new Map([...machine.files].map(([path, file]) => [path, file.text])), before);
    }),
    { numRuns: 300 },
  );
});

function vandalize(machine: Machine, deed: string): void {
  const keyring = [...machine.files.keys()].find((path) => path.endsWith('.keyring')) ?? '';
  if (deed === 'keyring') machine.put(keyring, 'garbage', 'root', 'root', '0600');
  if (deed === 'mode') Object.assign(machine.files.get(keyring) ?? {}, { mode: '0777' });
  if (deed === 'conf') machine.files.delete('/etc/ceph/ceph.conf');
  if (deed === 'package') machine.packages.delete('ceph-common');
  if (deed === 'secret') machine.secrets.clear();
  if (deed === 'option') {
    for (const [path, file] of machine.files) {
      if (path.endsWith('cinder.conf')) machine.put(path, file.text.replace('rbd_pool = volumes', 'rbd_pool = other'));
    }
  }
}
