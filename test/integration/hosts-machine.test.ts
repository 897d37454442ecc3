import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../lab/eventually.ts';
import { type Host, startHost } from '../../lab/hosts.ts';
import { type Network, startNetwork } from '../../lab/network.ts';
import { type HostFacts, lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { RestartDebt } from '../../src/hosts/manifest.ts';
import { restartVerdict } from '../../src/hosts/restart.ts';
import type { SshConnection } from '../../src/hosts/ssh-access.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import type { HostStep, StepResult } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';

const never = new AbortController().signal;
let network: Network;
let host: Host;
let pool: SshPool;
before(async () => {
  network = await startNetwork();
  host = await startHost({ name: 'cmp1', layer: 'combined', network });
  pool = new SshPool();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

function connection(user = 'root'): SshConnection {
  const access = { privateKey: network.sshKey.privateKey, knownHosts: host.knownHostsLine, user, port: 22 };
  return pool.connection({ name: host.name, address: host.address, access });
}

function observe(request: Partial<ObserveRequest>, user = 'root'): Promise<HostFacts> {
  return observeHost(connection(user), { ...lookAtNothing, ...request }, never);
}

async function apply(...steps: readonly HostStep[]): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  await applySteps(connection(), steps, (_, result) => results.push(result), never);
  return results;
}

async function outcomes(...steps: readonly HostStep[]): Promise<readonly StepResult['outcome'][]> {
  return (await apply(...steps)).map(({ outcome }) => outcome);
}

test('observeHost() sees the same through sudo as root does', async () => {
  const request: Partial<ObserveRequest> = {
    packages: ['nova-compute', 'librados2', 'no-such-package'],
    units: ['nova-compute.service', 'no-such-unit.service'],
    files: ['/etc/nova/nova.conf', '/etc/ceph/ceph.conf'],
    users: ['nova', 'root'],
    libvirt: true,
    guests: true,
    instanceDirectories: ['/var/lib/nova/instances'],
  };
  const facts = await observe(request);
  assert.deepEqual([facts.os.id, facts.os.versionId, facts.os.initSystem], ['debian', '13', 'systemd']);
  assert.match(facts.packages['nova-compute']?.version ?? '', /^2:31\./);
  const unit = facts.units['nova-compute.service'];
  assert.deepEqual([unit?.load, unit?.active, unit?.unitFile], ['loaded', 'active', 'enabled']);
  assert.ok(unit?.startTicks !== undefined && unit.startTicks < facts.clock.ticks);
  assert.equal(facts.units['no-such-unit.service']?.load, 'not-found');
  const file = facts.files['/etc/nova/nova.conf'];
  assert.ok(file?.kind === 'file' && file.content !== undefined);
  assert.deepEqual([file.owner, file.group, file.mode], ['root', 'nova', '0640']);
  assert.equal(file.sha256, createHash('sha256').update(file.content.reveal()).digest('hex'));
  assert.equal((await host.run('sha256sum </etc/nova/nova.conf')).slice(0, 64), file.sha256);
  assert.equal(facts.libvirt?.reachable, true);
  assert.equal(facts.manifest.state, 'absent');

  const same = await observe(request, 'ops');
  const { clock: _, ...stable } = facts;
  const { clock: __, ...stableSame } = same;
  assert.deepEqual({ ...stableSame, freeBytes: {}, files: {} }, { ...stable, freeBytes: {}, files: {} });
});

test('a user without the right to sudo is refused with a sentence that says what to allow', async () => {
  await host.run(
    'mv /etc/sudoers.d /etc/sudoers.away && mkdir /etc/sudoers.d; cp /etc/sudoers /etc/sudoers.kept; sed -i /ops/d /etc/sudoers',
  );
  try {
    await assert.rejects(observe({}, 'ops'), { reason: 'SshRefused', message: /"NOPASSWD: \/bin\/sh -s" in sudoers/ });
    await host.run('echo "ops ALL=(root) NOPASSWD: /bin/sh -s" >/etc/sudoers.d/ops');
    assert.equal((await observe({}, 'ops')).os.id, 'debian');
  } finally {
    await host.run('rm -r /etc/sudoers.d; mv /etc/sudoers.away /etc/sudoers.d; mv /etc/sudoers.kept /etc/sudoers');
  }
});

test('a file in the directory of a service is replaced whole, with its owner and mode', async () => {
  const path = '/etc/nova/nova.conf';
  const file = (await observe({ files: [path] })).files[path];
  assert.ok(file?.kind === 'file' && file.content !== undefined && file.sha256 !== undefined);
  const step: HostStep = {
    verb: 'write-file',
    path,
    content: new Secret(`${file.content.reveal()}# the end\n`),
    owner: file.owner,
    group: file.group,
    mode: file.mode,
    expected: file.sha256,
  };
  assert.deepEqual(await outcomes(step, step), ['done', 'already']);
  assert.equal(await host.run(`tail -n 1 ${path}; stat -c '%U:%G %a' ${path}`), '# the end\nroot:nova 640\n');
  assert.equal(await host.run('ls -A /etc /etc/nova | grep ceph-openstack-operator || true'), '');
});

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
  assert.deepEqual(await outcomes(define, define), ['done', 'already']);
  assert.deepEqual((await observe({ libvirt: true })).libvirt?.secrets, [
    { uuid, usageType: 'ceph', usageName, ephemeral: false, private: false },
  ]);
  assert.deepEqual(await outcomes(set, set), ['done', 'already']);
  assert.equal((await host.run(`virsh secret-get-value ${uuid}`)).trim(), key.reveal());
  assert.equal((await observe({ libvirt: true })).libvirt?.secrets[0]?.fingerprint, key.fingerprint());

  await assert.rejects(apply({ ...define, usageName: 'client.other secret' }), {
    reason: 'Conflict',
    message: /is there with another usage/,
  });
  await assert.rejects(apply({ ...define, uuid: uuid.replace('4', '5') }), {
    reason: 'StepFailed',
    message: /defining the libvirt secret .* failed \(.*already defined/,
  });

  await host.run('cat >/root/g1.xml; virsh define /root/g1.xml; rm /root/g1.xml', { input: guest });
  assert.deepEqual((await observe({ libvirt: true, guests: true })).libvirt?.uses, [
    { guest: '11111111-2222-3333-4444-555555555555', secretUUID: uuid },
  ]);
  const undefine = { verb: 'undefine-libvirt-secret', uuid, usageName } as const;
  await assert.rejects(apply(undefine), { reason: 'Conflict', message: /a guest uses the libvirt secret/ });
  await host.run('virsh undefine g1');
  assert.deepEqual(await outcomes(undefine, undefine), ['done', 'already']);
  assert.deepEqual((await observe({ libvirt: true, guests: true })).libvirt?.secrets, []);
});

test('a private secret is told as such, and libvirt that does not answer as what it is', async () => {
  const xml = `<secret private='yes'><uuid>${uuid}</uuid><usage type='ceph'><name>p &amp; q</name></usage></secret>`;
  await host.run('cat >/root/s.xml; virsh secret-define /root/s.xml; rm /root/s.xml', { input: xml });
  assert.deepEqual((await observe({ libvirt: true })).libvirt?.secrets, [
    { uuid, usageType: 'ceph', usageName: 'p & q', ephemeral: false, private: true },
  ]);
  await host.run(`virsh secret-undefine ${uuid}; systemctl stop 'libvirtd*'`);
  const { libvirt } = await observe({ libvirt: true });
  assert.ok(libvirt?.reachable === false && /failed to connect/i.test(libvirt.problem ?? ''), libvirt?.problem);
  await host.run('systemctl start libvirtd.socket libvirtd.service');
});

test('no key shows in an argv or environment of the host while it is laid out, nor in what is left behind', async () => {
  const key = new Secret(Buffer.from(`a key ${Math.random()} ${Math.random()}`).toString('base64'));
  const sampling = host.run(
    `grep -q x /dev/null; end=$(($(date +%s) + 6)); while [ "$(date +%s)" -lt $end ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; done`,
    { timeoutMs: 60_000 },
  );
  const keyring = new Secret(`[client.glance]\n\tkey = ${key.reveal()}\n`);
  const rights = { owner: 'glance', group: 'glance', mode: '0640' } as const;
  await apply({ verb: 'make-directory', path: '/etc/ceph', owner: 'root', group: 'root', mode: '0755' });
  let expected = 'absent';
  for (let round = 0; round < 6; round += 1) {
    const content = new Secret(`${keyring.reveal()}# ${round}\n`);
    await apply(
      { verb: 'write-file', path: '/etc/ceph/ceph.client.glance.keyring', content, ...rights, expected },
      { verb: 'define-libvirt-secret', uuid, usageName },
      { verb: 'set-libvirt-secret-value', uuid, value: key },
    );
    expected = createHash('sha256').update(content.reveal()).digest('hex');
    await observe({ libvirt: true, guests: true, files: ['/etc/ceph/ceph.client.glance.keyring'] });
    await apply({ verb: 'undefine-libvirt-secret', uuid, usageName });
  }
  const seen = await sampling;
  assert.match(seen, /\/bin\/sh/);
  const spellings = [key.reveal(), Buffer.from(keyring.reveal()).toString('base64').slice(0, 60)];
  for (const text of spellings) assert.equal(seen.includes(text), false);
  const found = await host.run(
    `grep -rlF -e '${spellings.join("' -e '")}' /run /tmp /var/tmp /var/lib/ceph-openstack-operator /root /etc 2>/dev/null || true`,
  );
  assert.equal(found, '/etc/ceph/ceph.client.glance.keyring\n');
});

test('install-packages brings what is missing, upgrades nothing, and says why not', async () => {
  const step = { verb: 'install-packages', packages: ['ceph-common', 'python3-rbd'] } as const;
  const first = await apply(step);
  assert.deepEqual(first, [{ outcome: 'done', detail: 'installed ceph-common' }]);
  assert.deepEqual(await outcomes(step), ['already']);
  assert.equal((await observe({ packages: ['ceph-common'] })).packages['ceph-common']?.status, 'installed');
  await assert.rejects(apply({ verb: 'install-packages', packages: ['no-such-package'] }), {
    reason: 'StepFailed',
    message: /finding the packages no-such-package failed \(E: Unable to locate package no-such-package\)/,
  });

  // `b` wants a version of `a` that is newer than the one installed.
  await host.run(`set -e; mkdir -p /repo/build; cd /repo
make() { mkdir -p build/$1-$2/DEBIAN; printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n%s' $1 $2 "$3" >build/$1-$2/DEBIAN/control; dpkg-deb -b build/$1-$2 . >/dev/null; }
make cos-a 1 ''; make cos-a 2 ''; make cos-b 1 'Depends: cos-a (= 2)
'
dpkg -i cos-a_1_all.deb >/dev/null
for f in *.deb; do dpkg-deb -f $f; echo "Filename: ./$f"; echo "Size: $(stat -c %s $f)"; echo "SHA256: $(sha256sum <$f | cut -c1-64)"; echo; done >Packages
echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list.d/repo.list
apt-get update -qq -o Dir::Etc::sourcelist=sources.list.d/repo.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0`);
  await assert.rejects(apply({ verb: 'install-packages', packages: ['cos-b'] }), {
    reason: 'StepFailed',
    message: /installing cos-b would upgrade or remove cos-a: do that by hand first/,
  });
  assert.match(await host.run('dpkg-query -s cos-a'), /^Version: 1$/m);
  assert.equal((await observe({})).packageManagerBusy, false);
  const hold = "import fcntl, time; f = open('/var/lib/dpkg/lock', 'a'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)";
  await host.run(`systemd-run -q --unit=held python3 -c "${hold}"`);
  await eventually(async () => assert.equal((await observe({})).packageManagerBusy, true));
  await host.run('systemctl stop held.service');
  assert.equal((await observe({})).packageManagerBusy, false);
});

test('restart-unit restarts what runs, follows a slow stop, and leaves alone what is stopped or masked', async () => {
  await host.run(`cat >/etc/systemd/system/slow.service <<'E'
[Service]
ExecStart=/bin/sh -c 'trap "sleep 3; exit 0" TERM; while :; do sleep 0.1; done'
E
cat >/etc/systemd/system/broken.service <<'E'
[Service]
ExecStart=/bin/sh -c '[ -e /run/broken-may-run ] && exec sleep 1000'
E
systemctl daemon-reload; systemctl start slow.service; systemctl start broken.service || true`);
  const units = ['slow.service', 'broken.service'];
  const look = () => observe({ units });
  await eventually(async () => assert.equal((await look()).units['broken.service']?.active, 'failed'));
  const first = await look();
  const debtOf = (unit: string): RestartDebt => ({
    digest: 'd',
    since: first.clock,
    before: { invocation: first.units[unit]?.invocation ?? '', failing: first.units[unit]?.active === 'failed' },
  });
  const debts = new Map(units.map((unit) => [unit, debtOf(unit)]));
  const verdicts = async () => {
    const facts = await look();
    return units.map((unit) => {
      const seen = facts.units[unit];
      assert.ok(seen);
      return restartVerdict(seen, debts.get(unit), facts.clock, { settleMs: 1_000 });
    });
  };
  assert.deepEqual(await verdicts(), ['Due', 'Due']);
  const started = performance.now();
  const restarts = units.map((unit) => ({ verb: 'restart-unit', unit }) as const);
  assert.deepEqual(await outcomes(...restarts), ['done', 'done']);
  assert.ok(performance.now() - started < 2_500, 'it waited for the slow stop');
  assert.equal((await verdicts())[0], 'Following');
  await eventually(async () => assert.deepEqual(await verdicts(), ['Paid', 'Failed']));
  await host.run('touch /run/broken-may-run; systemctl start broken.service');
  await eventually(async () => assert.deepEqual(await verdicts(), ['Paid', 'Paid']));

  await host.run(
    'systemctl stop slow.service broken.service; rm /etc/systemd/system/broken.service; systemctl mask broken.service',
  );
  assert.deepEqual(await apply(...restarts), [
    { outcome: 'skipped', detail: 'it is stopped' },
    { outcome: 'skipped', detail: 'it is masked' },
  ]);
  assert.deepEqual(await verdicts(), ['Stopped', 'Stopped']);
  await host.run('systemctl unmask broken.service; rm /etc/systemd/system/slow.service');
  assert.deepEqual(await outcomes({ verb: 'reload-units' }), ['done']);
});

test('a transaction whose connection breaks ends at the next step and leaves nothing behind', async () => {
  const controller = new AbortController();
  const steps = Array.from(
    { length: 200 },
    (_, index): HostStep => ({
      verb: 'write-file',
      path: `/etc/ceph/n${String(index).padStart(3, '0')}`,
      content: new Secret('x'),
      ...{ owner: 'root', group: 'root', mode: '0600', expected: 'absent' },
    }),
  );
  let done = 0;
  const applied = applySteps(
    connection(),
    steps,
    () => {
      done += 1;
      if (done === 5) controller.abort(new Error('enough'));
    },
    controller.signal,
  );
  await assert.rejects(applied, { message: 'enough' });
  const count = () => host.run('ls /etc/ceph | grep -c ^n').then(Number);
  const settled = await eventually(async () => {
    const before = await count();
    await sleep(500);
    assert.equal(await count(), before);
    return before;
  });
  assert.ok(settled >= 5 && settled < 200, `${settled}`);
  assert.equal(await host.run('ls -A /run /etc/ceph | grep ceph-openstack-operator || true'), '');
  assert.deepEqual(
    await outcomes({
      verb: 'remove-file',
      path: '/etc/ceph/n000',
      expected: createHash('sha256').update('x').digest('hex'),
    }),
    ['done'],
  );
});

test('a host that hangs or has no power is unreachable, and back when it is back', async () => {
  await observe({});
  await host.freeze();
  const frozen = performance.now();
  await assert.rejects(observe({}), { reason: 'HostUnreachable', message: /Host "cmp1" \(.*:22\) cannot be reached/ });
  assert.ok(performance.now() - frozen < 30_000);
  await host.thaw();
  await eventually(() => observe({}));

  await host.powerOff();
  await assert.rejects(observe({}), { reason: 'HostUnreachable' });
  const { bootID } = await (async () => {
    await host.start();
    return (await eventually(() => observe({}))).clock;
  })();
  assert.match(bootID, /^[0-9a-f-]{36}$/);
});
