import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../lab/cache.ts';
import { type Host, startHost } from '../../lab/hosts.ts';
import { startTimeOf, sweepLeftovers } from '../../lab/leftovers.ts';
import { type Network, startNetwork } from '../../lab/network.ts';
import { run } from '../../lab/process.ts';

let network: Network;
let controller: Host;
let compute: Host;
before(async () => {
  network = await startNetwork();
  [controller, compute] = await Promise.all([
    startHost({ name: 'ctl1', layer: 'controller', network }),
    startHost({ name: 'cmp1', layer: 'compute', network }),
  ]);
});
after(async () => {
  await Promise.all([controller, compute].map((host) => host?.[Symbol.asyncDispose]()));
  await network?.[Symbol.asyncDispose]();
});

/** Logs in from one host to another with the network's key, knowing only `knownHosts`. */
async function ssh(from: Host, to: Host, user: string, command: string, knownHosts: string): Promise<string> {
  await from.run('umask 077; cat >/root/key', { input: network.sshKey.privateKey.reveal() });
  await from.run('cat >/root/known', { input: `${knownHosts}\n` });
  const options = '-i /root/key -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/root/known';
  return from.run(`ssh ${options} -o ConnectTimeout=5 ${user}@${to.address} '${command}'`);
}

const installed = (host: Host, name: string) =>
  host.run(`dpkg-query -W -f '\${db:Status-Status}' ${name} 2>/dev/null || true`);

/** Restarts a unit, and sees that one and the same process still runs as it ten seconds later. */
async function restart(host: Host, unit: string): Promise<void> {
  await host.run(`systemctl restart ${unit}`);
  const pid = (await host.run(`systemctl show --value -p MainPID ${unit}`)).trim();
  assert.notEqual(pid, '0');
  // Ends with 124 when the time is over first.
  assert.equal((await host.run(`timeout 10 tail --pid=${pid} -f /dev/null; echo $?`)).trim(), '124');
  assert.equal((await host.run(`systemctl show --value -p MainPID ${unit}`)).trim(), pid);
  assert.equal((await host.run(`systemctl is-active ${unit}`)).trim(), 'active');
}

test('startHost() lets the key of its network in as root, when the host key is known', async () => {
  assert.equal(await ssh(controller, compute, 'root', 'hostname; id -u', compute.knownHostsLine), 'cmp1\n0\n');
  for (const line of compute.knownHostsLines) {
    assert.equal(await ssh(controller, compute, 'root', 'hostname', line), 'cmp1\n');
  }
});

test('startHost() lets the key in as ops, who may do all through sudo', async () => {
  assert.equal(await ssh(controller, compute, 'ops', 'id -un; sudo -n id -u', compute.knownHostsLine), 'ops\n0\n');
});

test('startHost() gives each host keys of its own', async () => {
  const wrong = controller.knownHostsLine.replace(controller.address, compute.address);
  await assert.rejects(ssh(controller, compute, 'root', 'true', wrong), /Host key verification failed/);
});

test('Host.authorize() lets a further key in', async () => {
  await controller.run('rm -f /root/other; ssh-keygen -q -t ed25519 -N "" -f /root/other');
  const login = `ssh -i /root/other -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/root/known ops@${compute.address} id -un`;
  await controller.run('cat >/root/known', { input: compute.knownHostsLine });
  await assert.rejects(controller.run(login), /Permission denied/);
  await compute.authorize(await controller.run('cat /root/other.pub'), 'ops');
  assert.equal(await controller.run(login), 'ops\n');
});

test('a controller has the services of OpenStack 2025.1 and nothing of Ceph', async () => {
  for (const name of ['glance-api', 'cinder-volume', 'cinder-backup']) {
    assert.equal(await installed(controller, name), 'installed', name);
  }
  for (const name of ['ceph-common', 'python3-rbd', 'python3-rados', 'librbd1']) {
    assert.notEqual(await installed(controller, name), 'installed', name);
  }
  assert.match(await controller.run('dpkg-query -W cinder-volume'), /\t2:26\./);
  assert.match(await controller.run('grep ^enabled_backends /etc/cinder/cinder.conf'), /^enabled_backends = lvm$/m);
});

test('a compute has nova-compute, libvirt and python3-rbd, and no ceph-common', async () => {
  for (const name of ['nova-compute', 'libvirt-daemon-system', 'python3-rbd', 'qemu-block-extra']) {
    assert.equal(await installed(compute, name), 'installed', name);
  }
  assert.notEqual(await installed(compute, 'ceph-common'), 'installed');
});

test('the services of a host without a control plane restart and stay up', async () => {
  const units: [Host, string][] = [
    [controller, 'glance-api'],
    [controller, 'cinder-volume'],
    [controller, 'cinder-backup'],
    [compute, 'nova-compute'],
  ];
  await Promise.all(units.map(([host, unit]) => restart(host, unit)));
});

test('libvirt keeps secrets and guests that use them', async () => {
  const uuid = '2bcf1c5e-9c0e-4c8a-8f2c-0d3c1b3f7a11';
  await compute.run('cat >/tmp/secret.xml', {
    input: `<secret ephemeral='no' private='no'><uuid>${uuid}</uuid><usage type='ceph'><name>client.lab secret</name></usage></secret>`,
  });
  await compute.run(
    'virsh secret-define /tmp/secret.xml && virsh secret-set-value --secret $0 --file /etc/machine-id --plain'.replace(
      '$0',
      uuid,
    ),
  );
  assert.match(await compute.run('virsh secret-list'), new RegExp(uuid));
  await compute.run('cat >/tmp/guest.xml', {
    input: `<domain type='qemu'><name>guest</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
      <disk type='network' device='disk'><driver name='qemu' type='raw'/><auth username='lab'><secret type='ceph' uuid='${uuid}'/></auth>
      <source protocol='rbd' name='volumes/guest'><host name='${network.gateway}' port='6789'/></source><target dev='vda' bus='virtio'/></disk>
      </devices></domain>`,
  });
  await compute.run('virsh define /tmp/guest.xml');
  assert.match(await compute.run('virsh dumpxml guest'), new RegExp(uuid));
});

test('a host installs packages through the proxy of its network', async () => {
  assert.match(await compute.run('apt-config dump Acquire::http::Proxy'), new RegExp(network.aptProxyUrl));
  await compute.run('DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ceph-common');
  assert.equal(await installed(compute, 'ceph-common'), 'installed');
});

test('Host.powerOff() leaves an address that answers nothing, and start() the disk as it was', async () => {
  await using host = await startHost({ name: 'bare', layer: 'base', network });
  await host.run('echo kept >/root/kept');
  await host.powerOff();
  await assert.rejects(dial(host.address), /EHOSTUNREACH|silent/);
  await assert.rejects(host.run('true'), /powered off/);
  await host.start();
  assert.equal(await host.run('cat /root/kept'), 'kept\n');
  assert.equal(await ssh(controller, host, 'root', 'hostname', host.knownHostsLine), 'bare\n');
});

test('Host.freeze() lets connections in that nobody answers, until thaw()', async () => {
  await using host = await startHost({ name: 'bare', layer: 'base', network });
  await host.freeze();
  await assert.rejects(dial(host.address), /silent/);
  await host.thaw();
  assert.match(await dial(host.address), /^SSH-2\.0-/);
});

test('the layer "alien" is a system that nobody has heard of', async () => {
  await using host = await startHost({ name: 'slack', layer: 'alien', network });
  assert.match(await host.run('. /etc/os-release; echo $ID'), /^slackware$/m);
  // Disposing of it twice is no error.
  await host[Symbol.asyncDispose]();
});

test('the layer "combined" has a volume service and a hypervisor', async () => {
  await using host = await startHost({ name: 'both', layer: 'combined', network });
  await Promise.all(['cinder-volume', 'nova-compute'].map((unit) => restart(host, unit)));
  assert.notEqual(await installed(host, 'ceph-common'), 'installed');
  await host.run('virsh secret-list');
});

test('sweepLeftovers() takes away the hosts of a killed process', async () => {
  const program = `
    const { startNetwork } = await import('./lab/network.ts');
    const { startHost } = await import('./lab/hosts.ts');
    const network = await startNetwork();
    await startHost({ name: 'orphan', layer: 'base', network });
    console.log(network.name);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [name] = (await once(createInterface(owner.stdout), 'line')) as [string];
  const inside = (await run('ip', ['netns', 'pids', `${name}-2`])).trim().split('\n').map(Number);
  assert.ok(inside.some((pid) => startTimeOf(pid) !== undefined));
  assert.ok(existsSync(`/run/netns/${name}-2`));
  assert.ok(existsSync(`/sys/class/net/${name}`));
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  sweepLeftovers();
  assert.deepEqual(
    inside.filter((pid) => startTimeOf(pid) !== undefined),
    [],
  );
  assert.ok(!existsSync(`/run/netns/${name}-2`));
  assert.ok(!existsSync(`/sys/class/net/${name}`));
  assert.ok(!(await run('cat', ['/proc/self/mountinfo'])).includes('host-orphan'));
});

/** The first that sshd says; within two seconds, or the error says "silent". */
function dial(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: 22, timeout: 2000 });
    socket.once('timeout', () => socket.destroy(new Error('silent')));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
}
