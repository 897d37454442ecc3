import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../lab/world.ts';
import type { CephOpenStackHost } from '../src/api/ceph-openstack-host.ts';
import { requestFor } from '../src/controllers/ceph-openstack-host/observe.ts';
import { observeHost } from '../src/hosts/host.ts';
import { renderObserveScript } from '../src/hosts/observe-script.ts';
import { SshPool } from '../src/hosts/ssh-pool.ts';
import type { RevisionData } from '../src/openstack/desired-host.ts';
import { type Figure, median, seconds, timed } from './figures.ts';

const rounds = 15;

/** A settled look at one host by the operator's code, beside OpenSSH running the very same script. */
export async function benchHost(world: World): Promise<readonly Figure[]> {
  const object: CephOpenStackHost = await world.get('cephopenstackhost', 'cloud-cmp1');
  const name = object.spec.revision?.current ?? '';
  const revision = { name, data: (await world.get('controllerrevision', name)).data as RevisionData };
  const request = requestFor(object, { current: revision, next: revision }, 'debian-systemd');
  const host = world.host('cmp1');
  const { signal } = new AbortController();

  await using pool = new SshPool();
  const connection = pool.connection({
    ...{ name: host.name, address: host.address },
    access: {
      ...{ privateKey: world.network.sshKey.privateKey, knownHosts: host.knownHostsLine, user: 'root', port: 22 },
    },
  });
  const key = join(world.kube.folder, 'bench-key');
  const known = join(world.kube.folder, 'bench-known-hosts');
  await writeFile(key, world.network.sshKey.privateKey.reveal(), { mode: 0o600 });
  await writeFile(known, `${host.knownHostsLine}\n`);
  const script = renderObserveScript(request, [], randomBytes(16).toString('hex'));
  const options = ['-i', key, '-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes'];
  const plain = () => run('ssh', [...options, `root@${host.address}`, '/bin/sh -s'], script);

  await observeHost(connection, request, signal);
  const ours: number[] = [];
  const theirs: number[] = [];
  // In turns, so that a noisy machine is noisy for both.
  for (let round = 0; round < rounds; round++) {
    ours.push((await timed(() => observeHost(connection, request, signal))).ms);
    theirs.push((await timed(plain)).ms);
  }
  return [
    { what: `settled look at one host, median of ${rounds}`, value: seconds(median(ours)) },
    { what: 'OpenSSH, a login and the same script, median', value: seconds(median(theirs)) },
    { what: 'ratio', value: (median(ours) / median(theirs)).toFixed(2), goal: 'at most 1.5' },
  ];
}

function run(command: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with code ${code}`))));
    child.stdin.end(input);
  });
}
