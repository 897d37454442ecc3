import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CephOpenStackHost, Role } from '../../api/ceph-openstack-host.ts';
import { placeOf } from '../../openstack/distributions.ts';
import { cinderSecret } from '../../openstack/model.fixture.ts';
import { describeHostStep } from './describe.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { recordAgain } from './lost-manifest.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

const compute: readonly Role[] = ['NovaCompute'];
const all: readonly Role[] = ['GlanceApi', 'CinderVolume', 'CinderBackup', 'NovaCompute'];
const wired = { distributed: 'current', switched: 'current' };

function known(host: CephOpenStackHost, status: CephOpenStackHost['status'] = wired): CephOpenStackHost {
  return { ...host, status };
}

const texts = (machine: Machine) => new Map([...machine.files].map(([path, file]) => [path, file.text]));

function toldOf(machine: Machine, host: CephOpenStackHost, roles = compute): readonly string[] {
  const desired = desiredFor(roles);
  const steps = planHost(host, machine.look(desired, desired)).stages.flat();
  return steps.filter((step) => step.incidental !== true).map(describeHostStep);
}

for (const roles of [compute, ['CinderVolume'], ['GlanceApi', 'CinderVolume', 'CinderBackup'], all] as const) {
  test(`planHost() records again what is on ${roles.join(', ')}, says so, and can still give it back`, () => {
    const machine = new Machine(roles);
    const before = texts(machine);
    const desired = desiredFor(roles);
    settle(machine, hostObject(roles), desired);
    const { files, libvirtSecrets, options = [] } = machine.manifest ?? {};
    machine.manifest = undefined;
    machine.restarts = [];
    const host = known(hostObject(roles));
    assert.deepEqual(toldOf(machine, host, roles), [recordAgain]);
    const steps = settle(machine, host, desired);
    assert.deepEqual(
      steps.map(({ verb }) => verb),
      ['write-manifest'],
    );
    assert.deepEqual(machine.restarts, []);
    const again = machine.manifest as Machine['manifest'];
    assert.deepEqual([again?.files, again?.libvirtSecrets], [files, libvirtSecrets]);
    assert.equal(again?.options.length, options.length);
    settle(machine, deleted(host));
    assert.deepEqual(texts(machine), before);
    assert.deepEqual([machine.manifest, machine.secrets.size], [undefined, 0]);
  });
}

for (const status of [
  { distributed: 'current' },
  { switched: 'current' },
  { runs: [{ unit: 'nova-compute.service' }] },
]) {
  test(`planHost() tells of a lost manifest by the status ${JSON.stringify(status)}`, () => {
    const machine = new Machine(compute);
    settle(machine, hostObject(compute), desiredFor(compute));
    machine.manifest = undefined;
    const host = known(hostObject(compute), status);
    assert.equal(toldOf(machine, host)[0], recordAgain);
  });
}

test('planHost() lays a machine that was made anew out as any other, and speaks of no manifest', () => {
  const machine = new Machine(compute);
  const told = toldOf(machine, known(hostObject(compute)));
  assert.ok(told.includes('Write /etc/ceph/ceph.conf.'));
  assert.equal(told.includes(recordAgain), false);
});

const silent: readonly { readonly name: string; readonly status: CephOpenStackHost['status'] }[] = [
  { name: 'was never laid out', status: {} },
  {
    name: 'was laid out as another machine',
    status: { ...wired, facts: { address: '192.0.2.99', releases: {} } },
  },
];
for (const { name, status } of silent) {
  test(`planHost() adopts what says the same on a host that ${name}`, () => {
    const machine = new Machine(compute);
    settle(machine, hostObject(compute), desiredFor(compute));
    machine.manifest = undefined;
    const host = known(hostObject(compute), status);
    assert.equal(toldOf(machine, host).includes(recordAgain), false);
    settle(machine, host, desiredFor(compute));
    const again = machine.manifest as Machine['manifest'];
    assert.deepEqual([again?.options, again?.libvirtSecrets[cinderSecret]?.adopted], [[], true]);
  });
}

test('planHost() takes no file or libvirt secret for ours that says the same in other words', () => {
  const keyring = '/etc/ceph/ceph.client.cinder.keyring';
  const machine = new Machine(compute);
  machine.put(keyring, '# theirs\n[client.cinder]\n\tkey = key-of-cinder\n', 'root', 'root', '0600');
  machine.secrets.set(cinderSecret, { usageName: 'theirs', value: 'key-of-cinder' });
  settle(machine, hostObject(compute), desiredFor(compute));
  machine.manifest = undefined;
  const host = known(hostObject(compute));
  assert.deepEqual(toldOf(machine, host), [recordAgain]);
  settle(machine, host, desiredFor(compute));
  settle(machine, deleted(host));
  assert.ok(machine.files.has(keyring) && machine.secrets.has(cinderSecret));
});

test('planHost() takes over no file that changed while its manifest was lost, and forgets none of the rest', () => {
  const machine = new Machine(compute);
  const desired = desiredFor(compute);
  settle(machine, hostObject(compute), desired);
  const options = machine.manifest?.options.length;
  machine.manifest = undefined;
  machine.put('/etc/ceph/ceph.conf', '[global]\nfsid = other\n');
  const host = known(hostObject(compute));
  settle(machine, host, desired);
  assert.equal(planHost(host, machine.look(desired, desired)).hold?.reason, 'AlreadyExists');
  assert.equal((machine.manifest as Machine['manifest'])?.options.length, options);
});

test("planHost() leaves others' members in a list of which it only knows its own", () => {
  const roles: readonly Role[] = ['CinderVolume'];
  const machine = new Machine(roles);
  const path = '/etc/cinder/cinder.conf';
  machine.put(path, `${machine.text(path)}enabled_backends = lvm\n`, 'root', 'cinder', '0640');
  const before = machine.text(path);
  settle(machine, hostObject(roles), desiredFor(roles));
  assert.match(machine.text(path), /enabled_backends = lvm,/);
  machine.manifest = undefined;
  const host = known(hostObject(roles));
  settle(machine, host, desiredFor(roles));
  settle(machine, deleted(host));
  assert.equal(machine.text(path), before);
});

test('planHost() restarts a service that was still to read what was written when the manifest was lost', () => {
  const machine = new Machine(compute);
  const desired = desiredFor(compute);
  settle(machine, hostObject(compute), undefined, desired);
  const steps = planHost(hostObject(compute), machine.look(desired, desired)).stages.flat();
  for (const step of steps.filter(({ verb }) => verb === 'write-manifest' || verb === 'write-file'))
    machine.apply(step);
  machine.manifest = undefined;
  machine.wait(60);
  const host = known(hostObject(compute), { distributed: 'current' });
  settle(machine, host, desired);
  assert.ok(machine.restarts.includes('nova-compute.service'));
  machine.manifest = undefined;
  machine.restarts = [];
  machine.wait(60);
  settle(machine, host, desired);
  assert.deepEqual(machine.restarts, []);
});

test('planHost() settles and survives though the manifest goes again and again', () => {
  const mess = fc.record({
    roles: fc.constantFrom<readonly Role[]>(compute, ['CinderVolume', 'NovaCompute'], all),
    deaths: fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(mess, ({ roles, deaths }) => {
      const machine = new Machine(roles);
      const before = texts(machine);
      const desired = desiredFor(roles);
      settle(machine, hostObject(roles), undefined, desired);
      const host = known(hostObject(roles), { distributed: 'current' });
      for (const [death, isLost] of deaths) {
        const steps = planHost(host, machine.look(desired, desired)).stages.flat();
        for (const step of steps.slice(0, death)) machine.apply(step);
        if (isLost) machine.manifest = undefined;
        machine.wait(6);
      }
      settle(machine, host, desired);
      assert.deepEqual(planHost(host, machine.look(desired, desired)), { stages: [] });
      for (const role of roles) {
        const { unit, configFiles } = placeOf('debian-systemd', role);
        const edited = configFiles.filter((path) => machine.text(path) !== before.get(path));
        const written = edited.map((path) => machine.files.get(path)?.writtenAtTicks ?? 0);
        assert.ok((machine.units.get(unit)?.startTicks ?? 0) > Math.max(0, ...written), `${unit} runs with what was`);
      }
      settle(machine, deleted(host));
      assert.equal(machine.manifest, undefined);
      assert.deepEqual(texts(machine), before);
    }),
    { numRuns: 200 },
  );
});
