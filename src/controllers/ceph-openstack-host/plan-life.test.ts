import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { parseManifest, renderManifest } from '../../hosts/manifest-text.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { cinderSecret, guideModel } from '../../openstack/model.fixture.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import type { SeenHost } from './observed.ts';
import { planHost } from './plan.ts';

/* What happens to a host over the years: upgrades, other roles, other owners, and the way back. */

const compute: readonly Role[] = ['NovaCompute'];
const volume: readonly Role[] = ['CinderVolume'];

function hold(machine: Machine, host = hostObject(compute), current?: DesiredHost, next = current) {
  return planHost(host, machine.look(current, next)).hold;
}

test('planHost() lays out next, and leaves services alone, when current was not rendered for what the machine became', () => {
  const machine = new Machine(compute);
  const seen: SeenHost = {
    ...machine.look(undefined, desiredFor(compute)),
    current: { name: 'current', desired: { refused: 'WaitingForRevision', message: 'not rendered' } },
  };
  const steps = planHost(hostObject(compute), seen).stages.flat();
  assert.ok(steps.some((step) => step.verb === 'write-file' && step.path === '/etc/ceph/ceph.conf'));
  assert.equal(
    steps.some(
      (step) => step.verb === 'restart-unit' || (step.verb === 'write-file' && step.path.endsWith('nova.conf')),
    ),
    false,
  );
});

test('planHost() waits when neither revision serves the machine', () => {
  const machine = new Machine(compute);
  const refused = { refused: 'WaitingForRevision', message: 'not rendered' } as const;
  const seen = { ...machine.look(), current: { name: 'a', desired: refused }, next: { name: 'b', desired: refused } };
  const plan = planHost(hostObject(compute), seen);
  assert.deepEqual(plan.stages, []);
  assert.equal(plan.hold?.reason, 'WaitingForRevision');
});

test('planHost() keeps saying that a restart is owed after a later revision that changes nothing there', () => {
  const machine = new Machine(compute);
  const never = hostObject(compute, { restart: 'Never' });
  const desired = desiredFor(compute);
  settle(machine, never, desired);
  const later = { ...desired, switch: { ...desired.switch, options: desired.switch.options.slice(0, -1) } };
  settle(machine, never, later);
  assert.equal(hold(machine, never, later)?.reason, 'RestartNeeded');
  settle(machine, hostObject(compute), later);
  assert.ok(machine.restarts.includes('nova-compute.service'));
  assert.equal(hold(machine, hostObject(compute), later), undefined);
});

test('planHost() takes a back end off the list that the binding no longer has, and gives back the rest in the end', () => {
  const [backend = assert.fail()] = guideModel.cinder?.backends ?? [];
  const backends = [backend, { ...backend, name: 'fast', section: 'fast', pool: 'fast' }];
  const machine = new Machine(volume);
  const host = hostObject(volume);
  const before = machine.text('/etc/cinder/cinder.conf').replace('[DEFAULT]', '[DEFAULT]\nenabled_backends = lvm');
  machine.put('/etc/cinder/cinder.conf', before);
  const listed = () => /^enabled_backends = (.*)$/m.exec(machine.text('/etc/cinder/cinder.conf'))?.[1];
  settle(machine, host, desiredFor(volume, { cinder: { backends } }));
  assert.equal(listed(), 'lvm,ceph,fast');
  machine.restarts = [];
  settle(machine, host, desiredFor(volume));
  assert.equal(listed(), 'lvm,ceph');
  assert.deepEqual(machine.restarts, ['cinder-volume.service']);
  const [known] = machine.manifest?.options.filter(({ name }) => name === 'enabled_backends') ?? [];
  assert.equal(known?.member, 'ceph');
  settle(machine, deleted(host));
  assert.equal(machine.text('/etc/cinder/cinder.conf'), before);
});

test('planHost() does nothing for a list in another order, in the file or in the binding', () => {
  const [backend = assert.fail()] = guideModel.cinder?.backends ?? [];
  const backends = [backend, { ...backend, name: 'fast', section: 'fast', pool: 'fast' }];
  const machine = new Machine(volume);
  const host = hostObject(volume);
  machine.volumes = 3;
  settle(machine, host, desiredFor(volume, { cinder: { backends } }));
  const path = '/etc/cinder/cinder.conf';
  machine.put(path, machine.text(path).replace('ceph,fast', 'fast, lvm, ceph'), 'root', 'cinder', '0640');
  assert.deepEqual(settle(machine, host, desiredFor(volume, { cinder: { backends } })), []);
  const turned = desiredFor(volume, { cinder: { backends: backends.toReversed() } });
  assert.deepEqual(settle(machine, host, turned), []);
  machine.put(path, machine.text(path).replace('fast, lvm, ceph', 'ceph'), 'root', 'cinder', '0640');
  assert.deepEqual([hold(machine, host, turned), machine.restarts.length], [undefined, 1], 'a repair, not a change');
  settle(machine, host, turned);
  assert.match(machine.text(path), /^enabled_backends = ceph,fast$/m);
});

test('planHost() gives back a list as it was, which somebody has put in another order since', () => {
  const machine = new Machine(volume);
  const path = '/etc/cinder/cinder.conf';
  const before = machine.text(path).replace('[DEFAULT]', '[DEFAULT]\nenabled_backends = lvm, nfs');
  machine.put(path, before);
  settle(machine, hostObject(volume), desiredFor(volume));
  machine.put(path, machine.text(path).replace('lvm, nfs,ceph', 'ceph,nfs,lvm'), 'root', 'cinder', '0640');
  const read = parseManifest(renderManifest(machine.manifest ?? assert.fail()));
  machine.manifest = 'problem' in read ? assert.fail(read.problem) : read;
  settle(machine, deleted(hostObject(volume)));
  assert.equal(machine.text(path), before);
});

test('planHost() gives back nothing under guests that have disks in Ceph', () => {
  const machine = new Machine(compute);
  settle(machine, hostObject(compute), desiredFor(compute));
  machine.guestSecrets = [cinderSecret];
  const before = machine.text('/etc/nova/nova.conf');
  const { ephemeralPool: _, ...nova } = { ephemeralPool: '', ...desiredNova() };
  settle(machine, hostObject(compute), desiredFor(compute, { nova }));
  assert.equal(hold(machine, hostObject(compute), desiredFor(compute, { nova }))?.reason, 'GuestsUseSecret');
  settle(machine, deleted(hostObject(compute)));
  assert.equal(hold(machine, deleted(hostObject(compute)))?.reason, 'GuestsUseSecret');
  assert.equal(machine.text('/etc/nova/nova.conf'), before);
});

test('planHost() keeps what a host on trial may have to go back to, be it used by guests or not', () => {
  const machine = new Machine(compute);
  const client = { userId: 'cinder-backup', secretName: 'cloud-cinder-backup-ceph-client', fingerprint: '' };
  const formerSecret = '11111111-2222-4333-8444-555555555555';
  const nova = { ...desiredNova(), client, libvirtSecret: { uuid: formerSecret, keep: [] } };
  const [old, fresh] = [desiredFor(compute, { nova }), desiredFor(compute)];
  settle(machine, hostObject(compute), old);
  machine.guestSecrets = [formerSecret];
  const settled = hostObject(compute);
  const annotations = { 'cephopenstack.io/on-trial-from': 'old' };
  const onTrial = { ...settled, metadata: { ...settled.metadata, annotations } };
  settle(machine, onTrial, fresh);
  assert.equal(hold(machine, onTrial, fresh), undefined);
  settle(machine, onTrial, old, fresh);
  assert.equal(machine.secrets.get(formerSecret)?.value, 'key-of-cinder-backup');
  settle(machine, settled, fresh);
  assert.equal(hold(machine, settled, fresh)?.reason, 'GuestsUseSecret');
  machine.guestSecrets = [];
  settle(machine, settled, fresh);
  assert.deepEqual([...machine.secrets.keys()], [cinderSecret]);
});

function desiredNova() {
  const secret = { uuid: cinderSecret, keep: [] };
  const client = { userId: 'cinder', secretName: 'cloud-cinder-ceph-client', fingerprint: '' };
  return { client, adminSocket: false, libvirtSecret: secret };
}

for (const [what, seen, message] of [
  ['is too large', { kind: 'file', bytes: 5_000_000 }, /it is larger than 1 MiB/],
  ['is no text', { kind: 'file', bytes: 100 }, /it is no UTF-8 text/],
  ['became a link', { kind: 'symlink' }, /it is no file/],
] as const) {
  test(`planHost() lets go of nothing while a file of ours ${what}, for our options may stand in it`, () => {
    const machine = new Machine(volume);
    settle(machine, hostObject(volume), desiredFor(volume));
    const look = machine.look();
    const rights = { owner: 'root', group: 'cinder', mode: '0640', ageSeconds: 9, parentMissing: false };
    const files = { ...look.facts.files, '/etc/cinder/cinder.conf': { ...rights, ...seen } };
    const plan = planHost(deleted(hostObject(volume)), { ...look, facts: { ...look.facts, files } });
    assert.deepEqual([plan.stages, plan.hold?.reason], [[], 'Conflict']);
    assert.match(plan.hold?.message ?? '', message);
  });
}

test('planHost() has a libvirt secret kept that would go when libvirt restarts, with its value, when it may adopt it', () => {
  for (const value of ['key-of-cinder', 'other']) {
    const machine = new Machine(compute);
    machine.secrets.set(cinderSecret, { usageName: 'x', value, ephemeral: true });
    settle(machine, hostObject(compute, { adoption: 'IfUnowned' }), desiredFor(compute));
    assert.deepEqual(machine.secrets.get(cinderSecret), { usageName: 'x', value: 'key-of-cinder' });
  }
});

test('planHost() does not touch a private libvirt secret, whose key nobody can tell', () => {
  const machine = new Machine(compute);
  const seen = machine.look(undefined, desiredFor(compute));
  const secret = { uuid: cinderSecret, usageType: 'ceph', usageName: 'x', ephemeral: false, private: true };
  const facts = { ...seen.facts, libvirt: { reachable: true, secrets: [secret], uses: [], guestPools: [] } };
  const plan = planHost(hostObject(compute), { ...seen, facts });
  assert.equal(plan.hold?.reason, 'Conflict');
  assert.equal(
    plan.stages.flat().some((step) => step.verb === 'set-libvirt-secret-value'),
    false,
  );
});

test('planHost() gives an adopted file back its owner, group and mode, and leaves its content', () => {
  const keyring = '/etc/ceph/ceph.client.cinder.keyring';
  const machine = new Machine(compute);
  const text = '# by hand\n[client.cinder]\n\tkey = key-of-cinder\n';
  machine.put(keyring, text, 'root', 'root', '0600');
  settle(machine, hostObject(compute), desiredFor(compute));
  const { owner, mode } = machine.files.get(keyring) ?? {};
  assert.deepEqual([owner, mode, machine.text(keyring)], ['nova', '0640', text]);
  settle(machine, deleted(hostObject(compute)));
  assert.equal(machine.manifest, undefined);
  const after = machine.files.get(keyring);
  assert.deepEqual([after?.owner, after?.group, after?.mode, after?.text], ['root', 'root', '0600', text]);
});

test('planHost() leaves an adopted file alone that says something else by now', () => {
  const keyring = '/etc/ceph/ceph.client.cinder.keyring';
  const machine = new Machine(compute);
  machine.put(keyring, '[client.cinder]\n\tkey = key-of-cinder\n', 'root', 'root', '0600');
  settle(machine, hostObject(compute), desiredFor(compute));
  machine.put(keyring, '[client.cinder]\n\tkey = another\n', 'nova', 'nova', '0400');
  settle(machine, deleted(hostObject(compute)));
  assert.equal(machine.files.get(keyring)?.mode, '0400');
});

const takeovers = [
  { name: 'a binding that has let go, when told so', former: 'let-go', adoption: 'IfUnowned', reason: undefined },
  { name: 'a binding that has let go, not untold', former: 'let-go', adoption: 'Never', reason: 'OwnedByAnother' },
  { name: 'a binding that lists it still, never', former: 'lists-it', adoption: 'TakeOver', reason: 'OwnedByAnother' },
  { name: 'another installation, when told so', former: 'unknown', adoption: 'TakeOver', reason: undefined },
  { name: 'another installation, not just so', former: 'unknown', adoption: 'IfUnowned', reason: 'OwnedByAnother' },
] as const;

for (const { name, former, adoption, reason } of takeovers) {
  test(`planHost() takes a host over from ${name}`, () => {
    const machine = new Machine(compute);
    settle(machine, hostObject(compute), desiredFor(compute));
    if (machine.manifest === undefined) throw new Error('no manifest');
    machine.manifest = { ...machine.manifest, owner: { installation: 'lab', namespace: 'old', name: 'east' } };
    machine.former = former;
    machine.adoption = adoption;
    machine.restarts = [];
    const host = hostObject(compute, { adoption });
    settle(machine, host, desiredFor(compute));
    assert.equal(hold(machine, host, desiredFor(compute))?.reason, reason);
    assert.deepEqual(machine.restarts, []);
    assert.equal(machine.manifest.owner.name, reason === undefined ? 'cloud' : 'east');
  });
}
