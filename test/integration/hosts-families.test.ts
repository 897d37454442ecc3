import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { type Host, startHost } from '../../lab/hosts.ts';
import { type Network, startNetwork } from '../../lab/network.ts';
import { type HostFacts, lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { RestartDebt } from '../../src/hosts/manifest.ts';
import { type RestartVerdict, restartVerdict } from '../../src/hosts/restart.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import type { HostStep, StepResult } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';

/* The scripts on machines of another family or another init system than Debian with systemd, which hosts-machine has. */

const never = new AbortController().signal;
let network: Network;
let sysv: Host;
let redhat: Host;
let pool: SshPool;
before(async () => {
  network = await startNetwork();
  sysv = await startHost({ name: 'old1', layer: 'sysv', network });
  redhat = await startHost({ name: 'rocky1', layer: 'redhat', network });
  pool = new SshPool();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await sysv?.[Symbol.asyncDispose]();
  await redhat?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

function connection(host: Host) {
  const access = { privateKey: network.sshKey.privateKey, knownHosts: host.knownHostsLine, user: 'root', port: 22 };
  return pool.connection({ name: host.name, address: host.address, access });
}

function observe(host: Host, request: Partial<ObserveRequest>): Promise<HostFacts> {
  return observeHost(connection(host), { ...lookAtNothing, ...request }, never);
}

async function apply(host: Host, ...steps: readonly HostStep[]): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  await applySteps(connection(host), steps, (_, result) => results.push(result), never);
  return results;
}

/** Owes a restart from now on: gives what to ask for how it stands. */
async function owe(host: Host, unit: string): Promise<() => Promise<RestartVerdict>> {
  const { clock, units } = await observe(host, { units: [unit] });
  const debt: RestartDebt = {
    digest: 'd',
    since: clock,
    before: { invocation: units[unit]?.invocation ?? '', failing: units[unit]?.active === 'failed' },
  };
  return async () => {
    const facts = await observe(host, { units: [unit] });
    return restartVerdict(facts.units[unit] ?? assert.fail(), debt, facts.clock);
  };
}

test('a SysV machine tells its services as a systemd one does', async () => {
  const { os, units, packages, users } = await observe(sysv, {
    units: ['glance-api', 'cinder-volume', 'cinder-backup', 'nova-compute'],
    packages: ['glance-api', 'no-such-package'],
    users: ['cinder'],
  });
  assert.deepEqual([os.id, os.initSystem], ['debian', 'sysvinit']);
  for (const name of ['glance-api', 'cinder-volume', 'cinder-backup']) {
    const unit = units[name];
    assert.deepEqual([unit?.load, unit?.active, unit?.unitFile], ['loaded', 'active', 'enabled']);
    const line = await sysv.run(
      `tr '\\0' ' ' </proc/${unit?.mainPID}/cmdline; sed 's/.*) . //' /proc/${unit?.mainPID}/stat`,
    );
    // Services have children of the same name; the main process is the one that init has.
    assert.match(line, new RegExp(`^\\S+ /usr/bin/${name} .* 1 \\d+`.replace(' .* 1', '[^]* 1')));
    assert.ok(unit?.startTicks !== undefined);
  }
  assert.equal(units['nova-compute']?.load, 'not-found');
  assert.deepEqual(Object.keys(packages), ['glance-api']);
  assert.ok(users.cinder !== undefined);
});

test('a SysV service is restarted, followed, left stopped, and told when it does not come up', async () => {
  const step = { verb: 'restart-unit', unit: 'cinder-volume' } as const;
  const verdict = await owe(sysv, 'cinder-volume');
  assert.equal(await verdict(), 'Due');
  const script = '/etc/init.d/cinder-volume';
  await sysv.run(`sed -i '2i [ "$1" != restart ] || sleep 15' ${script}`);
  assert.deepEqual(await apply(sysv, step), [{ outcome: 'done' }]);
  await sysv.run(
    `pgrep -f "[/]${script.slice(1)} restart" || { echo "it waited for the restart"; exit 1; }; sed -i 2d ${script}`,
  );
  assert.equal(await verdict(), 'Following');
  await eventually(async () => assert.equal(await verdict(), 'Paid'), { timeoutMs: 120_000 });
  assert.match(await sysv.run('/etc/init.d/cinder-volume status'), /is running/);

  await sysv.run('mv /etc/cinder/cinder.conf /etc/cinder/cinder.away; echo "[" >/etc/cinder/cinder.conf');
  const second = await owe(sysv, 'cinder-volume');
  assert.deepEqual(await apply(sysv, step), [{ outcome: 'done' }]);
  await eventually(async () => assert.equal(await second(), 'Failed'), { timeoutMs: 120_000 });
  await sysv.run('mv /etc/cinder/cinder.away /etc/cinder/cinder.conf');
  assert.deepEqual(await apply(sysv, step), [{ outcome: 'done' }]);
  await eventually(async () => assert.equal(await second(), 'Paid'), { timeoutMs: 120_000 });

  await sysv.run('/etc/init.d/cinder-volume stop');
  // A child that the stop left behind, for which the script itself says that the service runs.
  await sysv.run(`bash -c 'exec -a /usr/bin/cinder-volume sleep 600' >/dev/null 2>&1 & sleep 1; ${script} status`);
  assert.equal(await (await owe(sysv, 'cinder-volume'))(), 'Stopped');
  assert.deepEqual(await apply(sysv, step), [{ outcome: 'skipped', detail: 'it is stopped' }]);
  await sysv.run('pkill -f "[/]usr/bin/cinder-volume 600"');
  await sysv.run('/etc/init.d/cinder-volume start');
  assert.deepEqual(await apply(sysv, { verb: 'reload-units' }), [{ outcome: 'already' }]);
});

test('glance-control serves where nothing else does', async () => {
  await sysv.run(`/etc/init.d/glance-api stop; mv /etc/init.d/glance-api /root/
cat >/usr/local/sbin/glance-control <<'E'
#!/bin/sh
[ ! -e /var/run/glance/glance-api.pid ] || kill "$(cat /var/run/glance/glance-api.pid)"
/usr/bin/glance-api >/dev/null 2>&1 &
echo $! >/var/run/glance/glance-api.pid
E
chmod 0755 /usr/local/sbin/glance-control; ln -s /usr/local/sbin/glance-control /usr/bin/
su -s /bin/sh glance -c 'glance-control api restart'`);
  const unit = (await observe(sysv, { units: ['glance-api'] })).units['glance-api'];
  assert.deepEqual([unit?.active, unit?.sub], ['active', 'control']);
  const verdict = await owe(sysv, 'glance-api');
  assert.deepEqual(await apply(sysv, { verb: 'restart-unit', unit: 'glance-api' }), [{ outcome: 'done' }]);
  await eventually(async () => assert.equal(await verdict(), 'Paid'), { timeoutMs: 120_000 });
  assert.equal(await sysv.run('stat -c %U "/proc/$(cat /var/run/glance/glance-api.pid)"'), 'glance\n');
});

test('a machine of the Red Hat family tells its packages and units', async () => {
  const { os, packages, units, libvirt } = await observe(redhat, {
    packages: ['openstack-nova-compute', 'python3-rbd', 'no-such-package'],
    units: ['openstack-nova-compute.service', 'nova-compute.service', 'libvirtd.service', 'virtqemud.service'],
    libvirt: true,
  });
  assert.deepEqual([os.id, os.versionId, os.initSystem], ['rocky', '9.4', 'systemd']);
  assert.deepEqual(packages, { 'openstack-nova-compute': { version: '1:31.0.0-1.el9', status: 'installed' } });
  assert.deepEqual(
    Object.values(units).map(({ load }) => load),
    ['loaded', 'not-found', 'loaded', 'not-found'],
  );
  assert.equal(units['openstack-nova-compute.service']?.active, 'active');
  assert.equal(libvirt?.reachable, true);
});

test('dnf and yum install what is missing, upgrade and remove nothing, and say why not', async () => {
  const step = { verb: 'install-packages', packages: ['python3-rbd', 'openstack-glance'] } as const;
  assert.deepEqual(await apply(redhat, step), [{ outcome: 'done', detail: 'installed python3-rbd' }]);
  assert.deepEqual(await apply(redhat, step), [{ outcome: 'already' }]);
  assert.equal(await redhat.run('ls /usr/share/stand-ins | grep python3'), 'python3-rados\npython3-rbd\n');
  assert.equal((await observe(redhat, { packages: ['python3-rbd'] })).packages['python3-rbd']?.status, 'installed');
  await assert.rejects(apply(redhat, { verb: 'install-packages', packages: ['no-such-package'] }), {
    reason: 'StepFailed',
    message: /finding the packages no-such-package failed \(Error: Unable to find a match: no-such-package\)/,
  });
  await assert.rejects(apply(redhat, { verb: 'install-packages', packages: ['cos-b'] }), {
    reason: 'StepFailed',
    message: /installing cos-b would upgrade or remove cos-a: do that by hand first/,
  });
  assert.equal(await redhat.run('rpm -q cos-a'), 'cos-a-1-1.el9.noarch\n');

  await redhat.run('mv /usr/bin/dnf /usr/bin/yum');
  assert.deepEqual(await apply(redhat, { verb: 'install-packages', packages: ['ceph-common'] }), [
    { outcome: 'done', detail: 'installed ceph-common' },
  ]);
  await redhat.run('mv /usr/bin/yum /usr/bin/dnf');

  assert.equal((await observe(redhat, {})).packageManagerBusy, false);
  await redhat.run('systemd-run -q --unit=held sleep 60; systemctl show --value -p MainPID held >/var/run/yum.pid');
  assert.equal((await observe(redhat, {})).packageManagerBusy, true);
  await redhat.run('systemctl stop held');
  assert.equal((await observe(redhat, {})).packageManagerBusy, false);
});

test('files keep their SELinux labels, and new ones get theirs', async () => {
  const path = '/etc/nova/nova.conf';
  await redhat.run(`chcon system_u:object_r:nova_etc_t:s0 ${path}`);
  const text = await redhat.run(`cat ${path}`);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const rights = { owner: 'root', group: 'nova', mode: '0640' } as const;
  await apply(
    redhat,
    { verb: 'write-file', path, content: new Secret(`${text}# the end\n`), expected: sha256, ...rights },
    { verb: 'make-directory', path: '/etc/ceph', owner: 'root', group: 'root', mode: '0755' },
    { verb: 'write-file', path: '/etc/ceph/new', content: new Secret('x'), expected: 'absent', ...rights },
  );
  assert.equal(
    await redhat.run(`stat -c %C ${path} /etc/ceph/new`),
    'system_u:object_r:nova_etc_t:s0\nsystem_u:object_r:etc_t:s0\n',
  );
  await redhat.run('rm -r /etc/ceph');
});

test('a unit of the Red Hat family is restarted and followed', async () => {
  const unit = 'openstack-nova-compute.service';
  const verdict = await owe(redhat, unit);
  assert.deepEqual(await apply(redhat, { verb: 'restart-unit', unit }), [{ outcome: 'done' }]);
  await eventually(async () => assert.equal(await verdict(), 'Paid'), { timeoutMs: 120_000 });
});
