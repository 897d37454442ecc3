import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/secret.ts';
import { type Machine, startMachine } from './machine.ts';

let machine: Machine;
before(async () => {
  machine = await startMachine();
});
after(() => machine?.[Symbol.asyncDispose]());

const uuid = '457eb676-33da-42ec-9a8c-9293d545c337';
const usageName = 'client.cinder secret';
const guest = `<domain type='qemu'><name>g1</name><uuid>11111111-2222-3333-4444-555555555555</uuid><memory>65536</memory>
<os><type arch='x86_64'>hvm</type></os><devices><disk type='network' device='disk'><driver name='qemu'/>
<auth username='cinder'><secret type='ceph' uuid='${uuid}'/></auth><source protocol='rbd' name='volumes/x'><host name='127.0.0.1'/></source>
<target dev='vda' bus='virtio'/></disk></devices></domain>`;

test('a libvirt secret is defined, given its value, told apart, and not removed under a guest', async () => {
  const key = new Secret(Buffer.from(`a key ${Math.random()}`).toString('base64'));
  const define = { verb: 'define-libvirt-secret', uuid, usageName } as const;
  const set = { verb: 'set-libvirt-secret-value', uuid, value: key } as const;
  assert.deepEqual(await machine.outcomes(define, define), ['done', 'already']);
  assert.deepEqual((await machine.observe({ libvirt: true })).libvirt?.secrets, [
    { uuid, usageType: 'ceph', usageName, ephemeral: false, private: false },
  ]);
  assert.deepEqual(await machine.outcomes(set, set), ['done', 'already']);
  assert.equal((await machine.host.run(`virsh secret-get-value ${uuid}`)).trim(), key.reveal());
  assert.equal((await machine.observe({ libvirt: true })).libvirt?.secrets[0]?.fingerprint, key.fingerprint());

  await assert.rejects(machine.apply({ ...define, usageName: 'client.other secret' }), {
    reason: 'Conflict',
    message: /is there with another usage/,
  });
  await assert.rejects(machine.apply({ ...define, uuid: uuid.replace('4', '5') }), {
    reason: 'StepFailed',
    message: /defining the libvirt secret .* failed \(.*already defined/,
  });

  await machine.host.run('cat >/root/g1.xml; virsh define /root/g1.xml; rm /root/g1.xml', { input: guest });
  const { libvirt } = await machine.observe({ libvirt: true, guests: true });
  assert.deepEqual(libvirt?.uses, [{ guest: '11111111-2222-3333-4444-555555555555', secretUUID: uuid }]);
  assert.deepEqual(libvirt.guestPools, [{ entity: 'client.cinder', pool: 'volumes' }]);
  const undefine = { verb: 'undefine-libvirt-secret', uuid, usageName } as const;
  await assert.rejects(machine.apply(undefine), { reason: 'Conflict', message: /a guest uses the libvirt secret/ });
  await machine.host.run('virsh undefine g1');
  assert.deepEqual(await machine.outcomes(undefine, undefine), ['done', 'already']);
  assert.deepEqual((await machine.observe({ libvirt: true, guests: true })).libvirt?.secrets, []);
});

test('a private secret is told as such, and libvirt that does not answer as what it is', async () => {
  const xml = `<secret private='yes'><uuid>${uuid}</uuid><usage type='ceph'><name>p &amp; q</name></usage></secret>`;
  await machine.host.run('cat >/root/s.xml; virsh secret-define /root/s.xml; rm /root/s.xml', { input: xml });
  assert.deepEqual((await machine.observe({ libvirt: true })).libvirt?.secrets, [
    { uuid, usageType: 'ceph', usageName: 'p & q', ephemeral: false, private: true },
  ]);
  await machine.host.run(`virsh secret-undefine ${uuid}; systemctl stop 'libvirtd*'`);
  const { libvirt } = await machine.observe({ libvirt: true });
  assert.ok(libvirt?.reachable === false && /failed to connect/i.test(libvirt.problem ?? ''), libvirt?.problem);
  await machine.host.run('systemctl start libvirtd.socket libvirtd.service');
});

test('a libvirt secret that was only in memory outlives a restart once it is defined anew, with its value', async () => {
  const key = new Secret(Buffer.from(`a key ${Math.random()}`).toString('base64'));
  const xml = `<secret ephemeral='yes'><uuid>${uuid}</uuid><usage type='ceph'><name>${usageName}</name></usage></secret>`;
  await machine.host.run('cat >/root/s.xml; virsh secret-define /root/s.xml; rm /root/s.xml', { input: xml });
  await machine.apply({ verb: 'set-libvirt-secret-value', uuid, value: key });
  const secrets = async () => (await machine.observe({ libvirt: true })).libvirt?.secrets;
  const seen = { uuid, usageType: 'ceph', usageName, private: false, fingerprint: key.fingerprint() };
  assert.deepEqual(await secrets(), [{ ...seen, ephemeral: true }]);
  const define = { verb: 'define-libvirt-secret', uuid, usageName } as const;
  assert.deepEqual(await machine.outcomes(define, define), ['done', 'already']);
  await machine.host.run('systemctl restart libvirtd');
  assert.deepEqual(await secrets(), [{ ...seen, ephemeral: false }]);
  await machine.host.run(`virsh secret-undefine ${uuid}`);
});

test('no key shows in an argv or environment of the host while it is laid out, nor in what is left behind', async () => {
  const key = new Secret(Buffer.from(`a key ${Math.random()} ${Math.random()}`).toString('base64'));
  const sampling = machine.host.run(
    `grep -q x /dev/null; end=$(($(date +%s) + 6)); while [ "$(date +%s)" -lt $end ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; done`,
    { timeoutMs: 60_000 },
  );
  const keyring = new Secret(`[client.glance]\n\tkey = ${key.reveal()}\n`);
  const rights = { owner: 'glance', group: 'glance', mode: '0640' } as const;
  await machine.apply({ verb: 'make-directory', path: '/etc/ceph', owner: 'root', group: 'root', mode: '0755' });
  let expected = 'absent';
  for (let round = 0; round < 6; round += 1) {
    const content = new Secret(`${keyring.reveal()}# ${round}\n`);
    await machine.apply(
      { verb: 'write-file', path: '/etc/ceph/ceph.client.glance.keyring', content, ...rights, expected },
      { verb: 'define-libvirt-secret', uuid, usageName },
      { verb: 'set-libvirt-secret-value', uuid, value: key },
    );
    expected = createHash('sha256').update(content.reveal()).digest('hex');
    await machine.observe({ libvirt: true, guests: true, files: ['/etc/ceph/ceph.client.glance.keyring'] });
    await machine.apply({ verb: 'undefine-libvirt-secret', uuid, usageName });
  }
  const seen = await sampling;
  assert.match(seen, /\/bin\/sh/);
  const spellings = [key.reveal(), Buffer.from(keyring.reveal()).toString('base64').slice(0, 60)];
  for (const text of spellings) assert.equal(seen.includes(text), false);
  const found = await machine.host.run(
    `grep -rlF -e '${spellings.join("' -e '")}' /run /tmp /var/tmp /var/lib/ceph-openstack-operator /root /etc 2>/dev/null || true`,
  );
  assert.equal(found, '/etc/ceph/ceph.client.glance.keyring\n');
});
