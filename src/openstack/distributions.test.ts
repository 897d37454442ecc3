import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, packagesOf, platformOf } from './distributions.ts';

for (const [id, idLike, expected] of [
  ['debian', [], 'debian'],
  ['ubuntu', ['debian'], 'debian'],
  ['linuxmint', ['ubuntu', 'debian'], 'debian'],
  ['rhel', ['fedora'], 'redhat'],
  ['rocky', ['rhel', 'centos', 'fedora'], 'redhat'],
  ['opensuse-leap', ['suse', 'opensuse'], 'suse'],
  ['slackware', [], 'slackware'],
] as const) {
  test(`familyOf() says ${expected}, when the distribution is ${id}`, () => {
    assert.equal(familyOf(id, idLike), expected);
  });
}

test('platformOf() knows the Debian family with systemd, and refuses others by name', () => {
  assert.equal(platformOf({ family: 'debian', initSystem: 'systemd' }), 'debian-systemd');
  for (const [family, initSystem, word] of [
    ['redhat', 'systemd', '"redhat"'],
    ['debian', 'sysvinit', '"sysvinit"'],
    ['slackware', 'unknown', '"slackware"'],
  ] as const) {
    const refusal = platformOf({ family, initSystem });
    assert.ok(typeof refusal === 'object' && refusal.refused === 'HostUnsupported');
    assert.ok(refusal.message.includes(word));
  }
});

for (const [role, release, expected] of [
  ['GlanceApi', '2025.1', ['python3-rados', 'python3-rbd']],
  ['CinderVolume', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common']],
  ['CinderBackup', 'queens', ['python-rados', 'python-rbd', 'ceph-common']],
  ['NovaCompute', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common', 'qemu-block-extra']],
  ['NovaCompute', 'icehouse', ['python-ceph', 'ceph-common']],
] as const) {
  test(`packagesOf() brings what ${role} of ${release} needs`, () => {
    assert.deepEqual(
      packagesOf('debian-systemd', role, release).map(({ name }) => name),
      expected,
    );
  });
}
