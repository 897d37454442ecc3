import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Host } from '../../lab/hosts.ts';
import { startWorld, type WorldHost } from '../../lab/world.ts';
import { binding } from '../api-objects.ts';
import { fileOn, libvirtSecretsOn, optionsOn } from './seen-host.ts';
import { allReady, objects, refusedRequests, sayings, soon } from './story.ts';
import { gone, remove, seen } from './waiting.ts';

/*
 * One binding over machines of several families, ages and init systems, and a cluster of Ceph 16.2: Debian 13 with SysV
 * scripts, Debian 12 with OpenStack Zed and Ceph 16.2, Debian unstable with whatever it has today, and two of the Red Hat
 * family with stand-in packages over Debian's services.
 */

const hosts: readonly WorldHost[] = [
  { name: 'sysv', layer: 'sysv', roles: ['GlanceApi', 'CinderVolume', 'CinderBackup'] },
  { name: 'zed', layer: 'bookworm', roles: ['CinderVolume', 'NovaCompute'] },
  { name: 'sid', layer: 'sid', roles: ['GlanceApi', 'CinderVolume', 'CinderBackup', 'NovaCompute'] },
  { name: 'rocky9', layer: 'redhat', roles: ['GlanceApi', 'NovaCompute'] },
  { name: 'centos7', layer: 'redhat', roles: ['NovaCompute'] },
];

/** Makes another age of the machine: its names, versions, tools and Python are those of CentOS 7. */
const age = `set -e
printf '%s\\n' 'NAME="CentOS Linux"' 'ID="centos"' 'ID_LIKE="rhel fedora"' 'VERSION_ID="7"' 'PRETTY_NAME="CentOS Linux 7 (Core)"' >/etc/os-release
dnf -q -y remove openstack-nova-compute openstack-nova-common 2>&1
dnf -q -y install openstack-nova-compute-17.0.13 2>&1
mv /usr/bin/dnf /usr/bin/yum
ln -s python3 /usr/bin/python2
rm /usr/bin/setpriv`;

/** The services that each is wired for, by what the machine calls them, and the files that are edited. */
const wired = {
  sysv: [
    ['glance-api', 'cinder-volume', 'cinder-backup'],
    ['/etc/glance/glance-api.conf', '/etc/cinder/cinder.conf'],
  ],
  zed: [
    ['cinder-volume', 'nova-compute'],
    ['/etc/cinder/cinder.conf', '/etc/nova/nova.conf'],
  ],
  sid: [
    ['glance-api', 'cinder-volume', 'cinder-backup', 'nova-compute'],
    ['/etc/glance/glance-api.conf', '/etc/cinder/cinder.conf', '/etc/nova/nova.conf'],
  ],
  rocky9: [
    ['openstack-glance-api', 'openstack-nova-compute'],
    ['/etc/glance/glance-api.conf', '/etc/nova/nova.conf'],
  ],
  centos7: [['openstack-nova-compute'], ['/etc/nova/nova.conf']],
} as const;
type Name = keyof typeof wired;
const names = Object.keys(wired) as readonly Name[];

const world = await startWorld({ suite: 'bookworm', hosts, policy: { delete: true } });
after(() => world[Symbol.asyncDispose]());
const host = (name: Name): Host => world.host(name);

/** The main process of each service, and when it started. */
async function processes(name: Name): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const service of wired[name][0]) {
    const pid =
      name === 'sysv' ? `cat /var/run/*/${service}.pid` : `systemctl show --value -p MainPID ${service}.service`;
    found[service] = await host(name).run(
      `pid=$(${pid}); echo "$pid $(sed 's/.*) //' /proc/$pid/stat | cut -d ' ' -f 20)"`,
    );
  }
  return found;
}

const contents = (name: Name) =>
  Promise.all(wired[name][1].map(async (path) => (await fileOn(host(name), path))?.content.reveal()));

/** Debian unstable moves on: what its packages are of now. */
async function unstable() {
  const version = (name: string) => host('sid').run(`dpkg-query --show --showformat='\${Version}' ${name}`);
  // A release each half year, and a major version with each: 31 of Nova is 2025.1.
  const release = async (name: string, of2025: number): Promise<string> => {
    const [, major] = /^(?:\d+:)?(\d+)\./.exec(await version(name)) ?? [];
    const since = Number(major) - of2025;
    return `${2025 + Math.floor(since / 2)}.${1 + (since % 2)}`;
  };
  const [glance, cinder, nova, librados] = await Promise.all([
    release('glance-common', 30),
    release('cinder-common', 26),
    release('nova-common', 31),
    version('librados2'),
  ]);
  return { releases: { glance, cinder, nova }, librados };
}

let bare: ReadonlyMap<Name, readonly (string | undefined)[]>;
let first: ReadonlyMap<Name, Readonly<Record<string, string>>>;
let wiredAs: typeof first;

async function ofAll<T>(look: (name: Name) => Promise<T>): Promise<ReadonlyMap<Name, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await look(name)] as const)));
}

before(async () => {
  await host('centos7').run(age, { timeoutMs: 120_000 });
  // Debian 12 leaves Cinder's services to who has given them a database.
  await host('zed').run('systemctl enable --now --quiet cinder-volume');
  bare = await ofAll(contents);
  first = await ofAll(processes);
  const settings = { CEPH_LOOK_SECONDS: '5', HOST_LOOK_SECONDS: '5', LEADER_ELECTION: 'false' };
  await world.startOperator(settings);
  const listed = hosts.map(({ name, roles }) => ({ name, address: world.host(name).address, roles }));
  await world.apply(
    binding({ hosts: listed, deletionPolicy: 'Delete', rollout: { canary: 0 }, nova: { ephemeral: {} } }, 'cloud'),
  );
  await allReady(world);
});

describe('one binding over several families', () => {
  it('knows each machine and the releases of its services', async () => {
    const sid = await unstable();
    const facts = async (name: Name) => (await seen(world, 'coh', `cloud-${name}`)).status?.facts as object;
    for (const [name, distribution, family, initSystem, releases, librados] of [
      ['sysv', /^debian-13/, 'debian', 'sysvinit', { glance: '2025.1', cinder: '2025.1' }, /18\.2/],
      ['zed', /^debian-12/, 'debian', 'systemd', { glance: 'zed', cinder: 'zed', nova: 'zed' }, /^16\.2/],
      ['sid', /^debian$/, 'debian', 'systemd', sid.releases, /./],
      ['rocky9', /^rocky-9\.4$/, 'redhat', 'systemd', { glance: '2025.1', cinder: '2025.1', nova: '2025.1' }, /18\.2/],
      ['centos7', /^centos-7$/, 'redhat', 'systemd', { glance: '2025.1', cinder: '2025.1', nova: 'queens' }, /18\.2/],
    ] as const) {
      const found = (await facts(name)) as Record<string, unknown>;
      assert.match(String(found.distribution), distribution);
      assert.deepEqual([found.family, found.initSystem, found.releases], [family, initSystem, releases]);
      assert.match(String(found.libradosVersion), librados);
      if (name === 'sid') assert.equal(found.libradosVersion, sid.librados);
    }
  });

  it('installs what each lacks, under its own name', async () => {
    await host('sysv').run('dpkg -s ceph-common python3-rbd | grep -c "^Status: install ok installed" | grep -x 2');
    await host('zed').run('dpkg -s ceph-common qemu-block-extra | grep -c "^Status: install ok installed" | grep -x 2');
    await host('sid').run('dpkg -s ceph-common python3-rbd | grep -c "^Status: install ok installed" | grep -x 2');
    await host('rocky9').run('rpm -q python3-rados python3-rbd ceph-common qemu-kvm-block-rbd');
    await host('centos7').run('rpm -q python-rados python-rbd ceph-common');
    await host('centos7').run('! rpm -q qemu-kvm-block-rbd');
  });

  it('configures each service for its release, and its user opens its pool', async () => {
    for (const name of ['sysv', 'sid', 'rocky9'] as const) {
      const glance = await optionsOn(host(name), '/etc/glance/glance-api.conf');
      assert.equal(glance('rbd', 'rbd_store_pool') ?? glance('glance_store', 'rbd_store_pool'), 'images');
    }
    for (const name of ['sysv', 'zed', 'sid'] as const) {
      const cinder = await optionsOn(host(name), '/etc/cinder/cinder.conf');
      assert.equal(cinder('ceph', 'rbd_pool'), 'volumes');
      assert.match(cinder('DEFAULT', 'enabled_backends') ?? '', /\bceph\b/);
    }
    for (const name of ['zed', 'sid', 'rocky9', 'centos7'] as const) {
      const nova = await optionsOn(host(name), '/etc/nova/nova.conf');
      assert.deepEqual([nova('libvirt', 'images_type'), nova('libvirt', 'images_rbd_pool')], ['rbd', 'vms']);
      assert.ok((await libvirtSecretsOn(host(name))).has(nova('libvirt', 'rbd_secret_uuid') ?? ''));
    }
    for (const name of names) {
      const said = await sayings(world, 'CephOpenStackHost', `cloud-${name}`);
      assert.ok(
        said.some((saying) => saying.startsWith('AccessVerified Converged: Proved: ')),
        said.join('\n'),
      );
    }
  });

  it('has restarted every service that it configured', async () => {
    const now = await ofAll(processes);
    for (const name of names) {
      for (const [service, process] of Object.entries(now.get(name) ?? {})) {
        assert.notEqual(process, first.get(name)?.[service], `${service} on ${name}`);
        assert.match(process, /^\d+ \d+\n$/);
      }
    }
    wiredAs = now;
  });

  it('leaves a SysV service alone that somebody has stopped, mends another, and touches nothing else meanwhile', async () => {
    await host('sysv').run('/etc/init.d/cinder-backup stop');
    await soon(world, 'it is said', async () => {
      const said = await sayings(world, 'CephOpenStackHost', 'cloud-sysv');
      assert.ok(
        said.includes('ServicesRunning ServiceStopped: Not running, and left so: cinder-backup.'),
        said.join('\n'),
      );
    });
    const cinder = '/etc/cinder/cinder.conf';
    const pid = await host('sysv').run('cat /var/run/cinder/cinder-volume.pid');
    await host('sysv').run(
      `sed -i 's/^rbd_pool *=.*/rbd_pool = elsewhere/' ${cinder} && /etc/init.d/cinder-volume restart`,
    );
    await soon(world, 'the option is put right and its service restarted', async () => {
      assert.equal((await optionsOn(host('sysv'), cinder))('ceph', 'rbd_pool'), 'volumes');
      const manifest = await host('sysv').run('cat /var/lib/ceph-openstack-operator/manifest.json');
      assert.deepEqual(JSON.parse(manifest).debts, {});
    });
    assert.notEqual(await host('sysv').run('cat /var/run/cinder/cinder-volume.pid'), pid);
    await host('sysv').run('! /etc/init.d/cinder-backup status');
    await host('sysv').run('/etc/init.d/cinder-backup start');
    await allReady(world);
    const glance = 'glance-api';
    assert.equal((await processes('sysv'))[glance], wiredAs.get('sysv')?.[glance]);
    for (const name of ['zed', 'sid', 'rocky9', 'centos7'] as const) {
      assert.deepEqual(await processes(name), wiredAs.get(name));
    }
  });

  it('gives all of them back what was theirs', async () => {
    const before = await ofAll(processes);
    await remove(world, 'cob', 'cloud', 'background');
    await gone(world, 'cob', 'cloud', { timeoutMs: 180_000 });
    await soon(world, 'all objects are gone', async () => assert.deepEqual(await objects(world), []));
    assert.deepEqual(await ofAll(contents), bare);
    for (const name of names) {
      const left = await host(name).run('ls -A /etc/ceph /var/lib/ceph-openstack-operator 2>/dev/null || true');
      assert.doesNotMatch(left, /keyring|ceph\.conf|manifest|restart/, name);
    }
    const now = await ofAll(processes);
    for (const name of names) assert.notDeepEqual(now.get(name), before.get(name));
    assert.deepEqual(await refusedRequests(world), []);
  });
});
