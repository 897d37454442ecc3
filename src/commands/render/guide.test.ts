import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Release } from '../../openstack/releases.ts';
import { asText } from './as-text.ts';
import { blocks, uuid } from './guide.fixture.ts';
import { assertGolden, debian, rendered } from './input.fixture.ts';
import type { RenderedHost } from './rendering.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples', 'guide-2014.yaml');
const guide = readFileSync(file, 'utf8');
function hostOf(name: string, release: Release): RenderedHost {
  return rendered([guide], debian(release)).hosts.find((host) => host.name === name) ?? assert.fail(name);
}

const linesOf = (host: RenderedHost) =>
  host.options.map(({ section, name, value }) => `[${section}] ${name} = ${value}`);

describe("the guide's own blocks", () => {
  for (const { what, host, releases, lines } of blocks) {
    for (const release of releases) {
      it(`${what}: each line counts in ${release}`, () => {
        const written = linesOf(hostOf(host, release));
        const missing = lines.map(([section, name, value]) => `[${section}] ${name} = ${value}`);
        assert.deepEqual(
          missing.filter((line) => !written.includes(line)),
          [],
        );
      });
    }
  }

  it('what a release does not know is not written', () => {
    for (const [name, host, first, last] of [
      ['rbd_store_chunk_size', 'cinder1', 'juno', '2026.2'],
      ['rados_connect_timeout', 'cinder1', 'juno', '2026.2'],
      ['live_migration_flag', 'cmp1', 'havana', 'mitaka'],
      ['glance_api_version', 'cinder1', 'havana', 'ocata'],
    ] as const) {
      const releases: readonly Release[] = [
        'havana',
        'icehouse',
        'juno',
        'mitaka',
        'newton',
        'ocata',
        'pike',
        '2026.2',
      ];
      const written = releases.filter((release) =>
        hostOf(host, release).options.some((option) => option.name === name),
      );
      assert.equal(written[0], first, name);
      assert.equal(written.at(-1), last, name);
    }
  });

  it("no image cache: Glance's flavour loses its caches and keeps the rest", () => {
    const flavor = hostOf('glance1', 'juno').options.find(({ name }) => name === 'flavor');
    assert.deepEqual(flavor?.edit, { how: 'list-without', members: ['caching', 'cachemanagement'], separator: '+' });
  });

  it('the [client] section, on every host', () => {
    for (const { files } of rendered([guide], debian('juno')).hosts) {
      assert.equal(
        files.find(({ path }) => path === '/etc/ceph/ceph.conf')?.content,
        '[global]\nfsid = <fsid:ceph-main>\nmon_host = <mon-host:ceph-main>\n\n' +
          '[client]\nrbd_cache = true\nrbd_cache_writethrough_until_flush = true\n\n' +
          // Under [client], as the guide has it, Glance and the ceph command would complain at every start.
          '[client.cinder]\nadmin_socket = /var/run/ceph-guests/$cluster-$type.$id.$pid.$cctid.asok\n',
      );
    }
  });

  it("legacy caps, with the right to break a dead client's lock, and managers", () => {
    const { users } = rendered([guide], debian('juno'));
    const osd = 'allow class-read object_prefix rbd_children';
    assert.deepEqual(
      users.map(({ entity, caps }) => [entity, caps.osd]),
      [
        ['client.glance', `${osd}, allow rwx pool=images`],
        ['client.cinder', `${osd}, allow rwx pool=volumes, allow rwx pool=vms, allow rx pool=images`],
        ['client.cinder-backup', `${osd}, allow rwx pool=backups`],
      ],
    );
    assert.ok(users.every(({ caps }) => caps.mon?.startsWith('allow r, ')));
  });

  it('profile caps, for the same pools', () => {
    const { users } = rendered([guide.replaceAll('Legacy', 'Profile')], debian('juno'));
    assert.deepEqual(
      users.map(({ entity, caps }) => [entity, caps.mon, caps.osd]),
      [
        ['client.glance', 'profile rbd', 'profile rbd pool=images'],
        [
          'client.cinder',
          'profile rbd',
          'profile rbd pool=volumes, profile rbd pool=vms, profile rbd-read-only pool=images',
        ],
        ['client.cinder-backup', 'profile rbd', 'profile rbd pool=backups'],
      ],
    );
  });

  it('pools with 128 placement groups', () => {
    const { pools } = rendered([guide], debian('juno'));
    assert.deepEqual(
      pools.map(({ pool }) => pool),
      ['images', 'volumes', 'backups', 'vms'],
    );
    for (const { settings } of pools) {
      assert.ok(settings.some(({ name, value }) => name === 'pg_num' && value === '128'));
      assert.ok(settings.some(({ name, value }) => name === 'pg_autoscale_mode' && value === 'off'));
    }
  });

  it('packages, keyrings and the libvirt secret', () => {
    const { hosts } = rendered([guide], debian('juno'));
    assert.deepEqual(
      hosts.map(({ name, packages }) => [name, packages.needed.map((need) => need.name).join(' ')]),
      [
        ['glance1', 'python-ceph'],
        ['cinder1', 'python-ceph ceph-common'],
        ['backup1', 'python-ceph ceph-common'],
        ['cmp1', 'python-ceph ceph-common'],
      ],
    );
    const keyrings = hosts.map(({ name, files }) =>
      [
        name,
        ...files
          .filter(({ path }) => path.endsWith('.keyring'))
          .map(({ path, owner, group }) => `${path.slice('/etc/ceph/ceph.'.length)} ${owner}:${group}`),
      ].join(', '),
    );
    assert.deepEqual(keyrings, [
      'glance1, client.glance.keyring glance:glance',
      'cinder1, client.cinder.keyring cinder:cinder',
      // os-brick opens volumes as their own user, on hosts that back them up, too.
      'backup1, client.cinder-backup.keyring cinder:cinder, client.cinder.keyring cinder:cinder',
      'cmp1, client.cinder.keyring nova:nova',
    ]);
    assert.deepEqual(hosts.at(-1)?.libvirtSecrets, [
      { uuid, usageName: 'client.cinder secret', entity: 'client.cinder', key: '***' },
    ]);
  });

  it('restarts, by the names of each family', () => {
    const units = (world: Parameters<typeof rendered>[1]) =>
      rendered([guide], world).hosts.map(({ restarts }) => restarts.units.join(' '));
    const old = { distribution: 'ubuntu-14.04', family: 'debian', initSystem: 'upstart' };
    assert.deepEqual(units(debian('juno', old)), ['glance-api', 'cinder-volume', 'cinder-backup', 'nova-compute']);
    const redhat = { distribution: 'centos-6', family: 'redhat', initSystem: 'sysvinit' };
    assert.deepEqual(units(debian('juno', redhat)), [
      'openstack-glance-api',
      'openstack-cinder-volume',
      'openstack-cinder-backup',
      'openstack-nova-compute',
    ]);
  });

  for (const release of ['havana', 'icehouse', 'juno'] as const) {
    it(`all of it in ${release}`, () =>
      assertGolden(`guide-${release}.txt`, asText(rendered([guide], debian(release)))));
  }
});
