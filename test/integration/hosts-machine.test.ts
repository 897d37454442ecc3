import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../lab/cache.ts';
import { eventually } from '../../lab/eventually.ts';
import { newSshKey } from '../../lab/ssh-key.ts';
import { lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { RestartDebt } from '../../src/hosts/manifest.ts';
import { restartVerdict } from '../../src/hosts/restart.ts';
import type { SshConnection } from '../../src/hosts/ssh-access.ts';
import type { HostStep } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';
import { type Machine, startMachine } from './machine.ts';

const never = new AbortController().signal;
let machine: Machine;
before(async () => {
  machine = await startMachine();
});
after(() => machine?.[Symbol.asyncDispose]());

test('observeHost() sees the same through sudo as root does', async () => {
  const request: Partial<ObserveRequest> = {
    packages: ['nova-compute', 'librados2', 'no-such-package'],
    units: ['nova-compute.service', 'no-such-unit.service'],
    files: ['/etc/nova/nova.conf', '/etc/ceph/ceph.conf'],
    users: ['nova', 'root'],
    libvirt: true,
    guests: true,
    instanceDirectories: ['/var/lib/nova/instances'],
    imageDirectories: ['/var/lib/glance/images'],
  };
  const facts = await machine.observe(request);
  const { id, versionId, initSystem, hostname } = facts.os;
  assert.deepEqual([id, versionId, initSystem, hostname], ['debian', '13', 'systemd', 'cmp1']);
  assert.match(facts.packages['nova-compute']?.version ?? '', /^2:31\./);
  const unit = facts.units['nova-compute.service'];
  assert.deepEqual([unit?.load, unit?.active, unit?.unitFile], ['loaded', 'active', 'enabled']);
  assert.ok(unit?.startTicks !== undefined && unit.startTicks < facts.clock.ticks);
  assert.equal(facts.units['no-such-unit.service']?.load, 'not-found');
  const file = facts.files['/etc/nova/nova.conf'];
  assert.ok(file?.kind === 'file' && file.content !== undefined);
  assert.deepEqual([file.owner, file.group, file.mode], ['root', 'nova', '0640']);
  assert.equal(file.sha256, createHash('sha256').update(file.content.reveal()).digest('hex'));
  assert.equal((await machine.host.run('sha256sum </etc/nova/nova.conf')).slice(0, 64), file.sha256);
  assert.equal(facts.libvirt?.reachable, true);
  assert.equal(facts.manifest.state, 'absent');

  const same = await machine.observe(request, 'ops');
  const { clock: _, ...stable } = facts;
  const { clock: __, ...stableSame } = same;
  assert.deepEqual({ ...stableSame, files: {} }, { ...stable, files: {} });
});

test('a user without the right to sudo is refused with a sentence that says what to allow', async () => {
  await machine.host.run(
    'mv /etc/sudoers.d /etc/sudoers.away && mkdir /etc/sudoers.d; cp /etc/sudoers /etc/sudoers.kept; sed -i /ops/d /etc/sudoers',
  );
  try {
    await assert.rejects(machine.observe({}, 'ops'), {
      reason: 'SshRefused',
      message: /"NOPASSWD: \/bin\/sh -s" in sudoers/,
    });
    await machine.host.run('echo "ops ALL=(root) NOPASSWD: /bin/sh -s" >/etc/sudoers.d/ops');
    assert.equal((await machine.observe({}, 'ops')).os.id, 'debian');
  } finally {
    await machine.host.run(
      'rm -r /etc/sudoers.d; mv /etc/sudoers.away /etc/sudoers.d; mv /etc/sudoers.kept /etc/sudoers',
    );
  }
});

test('a user and keys with no more rights than docs/security.md gives are enough', async () => {
  const page = await readFile(join(projectRoot, 'docs', 'security.md'), 'utf8');
  const [, user = ''] = /^```sh\n(useradd [\s\S]*?)^```$/m.exec(page) ?? [];
  const [, root = ''] = /the line is `(restrict,.*?)`/.exec(page) ?? [];
  const [, jump = ''] = /^(restrict,port-forwarding,.*)$/m.exec(page) ?? [];
  const { host } = machine;
  const { privateKey, publicKey } = newSshKey();
  const script = { purpose: 'observe', timeoutMs: 20_000, maxOutputBytes: 1_000 } as const;
  const run = (connection: SshConnection, text: string) => connection.run({ ...script, script: text }, never);
  const [from] = (await run(machine.connection(), 'echo "$SSH_CONNECTION"')).stdout.split(' ');
  const filledIn = (text: string) =>
    text
      .replaceAll('from="10.0.0.5"', `from="${from}"`)
      .replaceAll('10.0.0.11:22', `${host.address}:22`)
      .replaceAll('ssh-ed25519 AAAA… operator', publicKey.trim());

  await host.run(filledIn(user));
  const key = { privateKey: new Secret(privateKey) };
  const operator = machine.connection('openstack-operator', key);
  assert.equal((await observeHost(operator, lookAtNothing, never)).os.id, 'debian');
  assert.equal((await run(operator, 'id -u')).stdout, '0\n');
  await assert.rejects(host.run('runuser -u openstack-operator -- sudo -n -- /bin/sh -c id'));

  await host.authorize(filledIn(root));
  const asRoot = machine.connection('root', key);
  assert.equal((await run(asRoot, 'id -u')).stdout, '0\n');

  // A way through is there only with its own line; what comes that way comes from there; and that line gives nothing else.
  const through = (name: string) => ({ ...key, jump: { user: name, address: host.address, port: 22 } });
  await assert.rejects(run(machine.connection('root', through('root')), 'true'), { reason: 'HostUnreachable' });
  await host.authorize(filledIn(jump), 'ops');
  await assert.rejects(run(machine.connection('root', through('ops')), 'true'), { reason: 'SshRefused' });
  await host.run(`sed -i 's/from="${from}"/from="${from},${host.address}"/' /root/.ssh/authorized_keys`);
  assert.equal((await run(machine.connection('root', through('ops')), 'id -u')).stdout, '0\n');
  assert.deepEqual(await run(machine.connection('ops', key), 'id'), { stdout: '', stderrTail: '', exitCode: 1 });
  const knownHosts = `${host.knownHostsLine}\n${host.knownHostsLine.replace(/^\S+/, '[$&]:2222')}`;
  const elsewhere = machine.connection('root', { ...through('ops'), knownHosts, port: 2222 });
  await assert.rejects(run(elsewhere, 'true'), { reason: 'HostUnreachable' });
});

test('a file in the directory of a service is replaced whole, with its owner and mode', async () => {
  const path = '/etc/nova/nova.conf';
  const file = (await machine.observe({ files: [path] })).files[path];
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
  assert.deepEqual(await machine.outcomes(step, step), ['done', 'already']);
  assert.equal(await machine.host.run(`tail -n 1 ${path}; stat -c '%U:%G %a' ${path}`), '# the end\nroot:nova 640\n');
  assert.equal(await machine.host.run('ls -A /etc /etc/nova | grep ceph-openstack-operator || true'), '');
});

test('install-packages brings what is missing, upgrades nothing, and says why not', async () => {
  const step = { verb: 'install-packages', packages: ['ceph-common', 'python3-rbd'] } as const;
  const first = await machine.apply(step);
  assert.deepEqual(first, [{ outcome: 'done', detail: 'installed ceph-common' }]);
  assert.deepEqual(await machine.outcomes(step), ['already']);
  assert.equal((await machine.observe({ packages: ['ceph-common'] })).packages['ceph-common']?.status, 'installed');
  await assert.rejects(machine.apply({ verb: 'install-packages', packages: ['no-such-package'] }), {
    reason: 'StepFailed',
    message: /finding the packages no-such-package failed \(E: Unable to locate package no-such-package\)/,
  });

  // `b` wants a version of `a` that is newer than the one installed.
  await machine.host.run(`set -e; mkdir -p /repo/build; cd /repo
make() { mkdir -p build/$1-$2/DEBIAN; printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n%s' $1 $2 "$3" >build/$1-$2/DEBIAN/control; dpkg-deb -b build/$1-$2 . >/dev/null; }
make cos-a 1 ''; make cos-a 2 ''; make cos-b 1 'Depends: cos-a (= 2)
'
dpkg -i cos-a_1_all.deb >/dev/null
for f in *.deb; do dpkg-deb -f $f; echo "Filename: ./$f"; echo "Size: $(stat -c %s $f)"; echo "SHA256: $(sha256sum <$f | cut -c1-64)"; echo; done >Packages
echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list.d/repo.list
apt-get update -qq -o Dir::Etc::sourcelist=sources.list.d/repo.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0`);
  await assert.rejects(machine.apply({ verb: 'install-packages', packages: ['cos-b'] }), {
    reason: 'StepFailed',
    message: /installing cos-b would upgrade or remove cos-a: do that by hand first/,
  });
  assert.match(await machine.host.run('dpkg-query -s cos-a'), /^Version: 1$/m);
  assert.equal((await machine.observe({})).packageManagerBusy, false);
  const hold = "import fcntl, time; f = open('/var/lib/dpkg/lock', 'a'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)";
  await machine.host.run(`systemd-run -q --unit=held python3 -c "${hold}"`);
  await eventually(async () => assert.equal((await machine.observe({})).packageManagerBusy, true));
  await machine.host.run('systemctl stop held.service');
  assert.equal((await machine.observe({})).packageManagerBusy, false);
});

test('restart-unit restarts what runs, follows a slow stop, and leaves alone what is stopped or masked', async () => {
  await machine.host.run(`cat >/etc/systemd/system/slow.service <<'E'
[Service]
ExecStart=/bin/sh -c 'trap "sleep 10; exit 0" TERM; while :; do sleep 0.1; done'
E
cat >/etc/systemd/system/broken.service <<'E'
[Service]
ExecStart=/bin/sh -c '[ -e /run/broken-may-run ] && exec sleep 1000'
E
systemctl daemon-reload; systemctl start slow.service; systemctl start broken.service || true`);
  const units = ['slow.service', 'broken.service'];
  const look = () => machine.observe({ units });
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
  const restarts = units.map((unit) => ({ verb: 'restart-unit', unit }) as const);
  assert.deepEqual(await machine.outcomes(...restarts), ['done', 'done']);
  assert.equal((await look()).units['slow.service']?.active, 'deactivating', 'it waited for the slow stop');
  assert.equal((await verdicts())[0], 'Following');
  await eventually(async () => assert.deepEqual(await verdicts(), ['Paid', 'Failed']), {
    timeoutMs: 60_000,
  });
  await machine.host.run('touch /run/broken-may-run; systemctl start broken.service');
  await eventually(async () => assert.deepEqual(await verdicts(), ['Paid', 'Paid']));

  await machine.host.run(
    'systemctl stop slow.service broken.service; rm /etc/systemd/system/broken.service; systemctl mask broken.service',
  );
  assert.deepEqual(await machine.apply(...restarts), [
    { outcome: 'skipped', detail: 'it is stopped' },
    { outcome: 'skipped', detail: 'it is masked' },
  ]);
  assert.deepEqual(await verdicts(), ['Stopped', 'Stopped']);
  await machine.host.run('systemctl unmask broken.service; rm /etc/systemd/system/slow.service');
  assert.deepEqual(await machine.outcomes({ verb: 'reload-units' }), ['done']);
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
    machine.connection(),
    steps,
    () => {
      done += 1;
      if (done === 5) controller.abort(new Error('enough'));
    },
    controller.signal,
  );
  await assert.rejects(applied, { message: 'enough' });
  const count = () => machine.host.run('ls /etc/ceph | grep -c ^n').then(Number);
  const settled = await eventually(async () => {
    const before = await count();
    await sleep(500);
    assert.equal(await count(), before);
    return before;
  });
  assert.ok(settled >= 5 && settled < 200, `${settled}`);
  assert.equal(await machine.host.run('ls -A /run /etc/ceph | grep ceph-openstack-operator || true'), '');
  assert.deepEqual(
    await machine.outcomes({
      verb: 'remove-file',
      path: '/etc/ceph/n000',
      expected: createHash('sha256').update('x').digest('hex'),
    }),
    ['done'],
  );
});

test('a host that hangs or has no power is unreachable, and back when it is back', async () => {
  await machine.observe({});
  await machine.host.freeze();
  const frozen = performance.now();
  await assert.rejects(machine.observe({}), {
    reason: 'HostUnreachable',
    message: /Host "cmp1" \(.*:22\) cannot be reached/,
  });
  assert.ok(performance.now() - frozen < 30_000);
  await machine.host.thaw();
  await eventually(() => machine.observe({}));

  await machine.host.powerOff();
  await assert.rejects(machine.observe({}), { reason: 'HostUnreachable' });
  const { bootID } = await (async () => {
    await machine.host.start();
    return (await eventually(() => machine.observe({}))).clock;
  })();
  assert.match(bootID, /^[0-9a-f-]{36}$/);
});
