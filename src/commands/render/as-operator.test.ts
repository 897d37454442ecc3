import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import { needsOf } from '../../controllers/binding-needs.ts';
import { specWith } from '../../controllers/ceph-openstack-binding/spec.fixture.ts';
import { fsids, World } from '../../controllers/ceph-openstack-binding/world.fixture.ts';
import { desiredHost } from '../../openstack/merge-roles.ts';
import { debian, rendered } from './input.fixture.ts';

const anySpec = fc
  .record({
    hosts: fc.array(fc.uniqueArray(fc.constantFrom<Role>(...roles), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    }),
    release: fc.constantFrom('2026.2', '2025.1', 'train', 'queens', 'juno', 'havana'),
    backends: fc.constantFrom(
      [{ name: 'ceph' }],
      [
        { name: 'ssd', maxCloneDepth: 2 },
        { name: 'hdd', section: 'old' },
      ],
      [{ name: 'east', cluster: { secretName: 'ceph-east' } }, { name: 'ceph' }],
    ),
    nova: fc.constantFrom({}, { ephemeral: {} }, { ephemeral: {}, hwDiskDiscard: 'Ignore' }),
    cephConf: fc.constantFrom(undefined, { path: '/etc/ceph/north.conf', rbdCache: 'Enabled', adminSocket: 'Enabled' }),
  })
  .map(({ hosts, release, backends, nova, cephConf }) => ({
    release,
    spec: specWith(Object.fromEntries(hosts.map((some, index) => [`h${index}`, some])), {
      cinder: { backends },
      nova,
      cephConf,
    }),
  }));

/** Nova before ocata attaches no volume of another cluster, and says so. */
function isServed({ release, spec }: { release: string; spec: object }): boolean {
  return !['juno', 'havana'].includes(release) || !JSON.stringify(spec).includes('ceph-east');
}

/** What has no place in a rendering, and what it adds. */
function comparable(options: readonly object[]): unknown {
  return options.map((option) => ({ ...option, value: undefined }));
}

test('render() comes to what the operator has hosts do, once the world is settled', () => {
  fc.assert(
    fc.property(anySpec.filter(isServed), ({ release, spec }) => {
      const world = new World(spec);
      for (const { name } of world.binding.spec.hosts) world.machine(name).release = release;
      world.settle();
      const [revision, ...others] = world.revisions.values();
      assert.deepEqual(others, []);
      assert.ok(revision !== undefined);
      const connections = [spec.cluster.secretName, ...needsOf(world.binding).backends.map(({ cluster }) => cluster)];
      const ofConnections = (values: Readonly<Record<string, string>>) =>
        new Map(connections.map((name) => [name, values[name] ?? assert.fail()]));
      const known = { fsids: ofConnections(fsids), monHosts: ofConnections(world.monHosts) };
      const binding = { ...world.binding, spec };
      const { placeholders, hosts, users, pools } = rendered(
        [JSON.stringify(binding)],
        debian(world.observed().hosts.size === 0 ? undefined : (release as '2025.1'), known),
      );
      assert.deepEqual(placeholders, []);
      assert.equal(hosts.length, spec.hosts.length);
      for (const host of hosts) {
        const releases = { glance: release, cinder: release, nova: release } as Parameters<
          typeof desiredHost
        >[1]['releases'];
        const desired = desiredHost(revision.data, { roles: host.roles, platform: 'debian-systemd', releases });
        assert.ok(!('refused' in desired));
        assert.deepEqual(comparable(host.options), comparable(desired.switch.options));
        assert.deepEqual(host.services, desired.switch.services);
        assert.deepEqual(host.packages.needed, desired.distribute.packages);
        assert.deepEqual(host.access, desired.access);
        assert.deepEqual(
          host.files.map(({ path, owner, group, mode }) => ({ path, owner, group, mode })),
          [...desired.distribute.files, ...desired.distribute.keyrings].map(({ path, owner, group, mode }) => ({
            path,
            owner,
            group,
            mode,
          })),
        );
        assert.deepEqual(host.files[0]?.content, desired.distribute.files[0]?.content);
        assert.deepEqual(
          host.libvirtSecrets.map(({ uuid, usageName }) => [uuid, usageName]),
          desired.distribute.libvirtSecrets.map(({ uuid, usageName }) => [uuid, usageName]),
        );
      }
      const names = (kind: 'RbdPool' | 'CephClientAuth') => [...world.children[kind].keys()].sort();
      const own = (objects: readonly { readonly object: string }[]) =>
        objects.map(({ object }) => object.split('/')[1]).sort();
      assert.deepEqual(own(pools), names('RbdPool'));
      assert.deepEqual(own(users), names('CephClientAuth'));
    }),
    { numRuns: 60 },
  );
});
