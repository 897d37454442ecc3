import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPlatforms, familyOf, packagesOf, placeOf, platformOf, pythonOf, versionPackages } from './distributions.ts';

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

for (const [distribution, family, initSystem, expected] of [
  ['debian-13', 'debian', 'systemd', 'debian-systemd'],
  [undefined, 'debian', 'systemd', 'debian-systemd'],
  ['debian-', 'debian', 'sysvinit', 'debian-sysvinit'],
  ['ubuntu-14.04', 'debian', 'upstart', 'debian-upstart'],
  ['centos-6.10', 'redhat', 'upstart', 'redhat-6'],
  ['centos-6', 'redhat', 'sysvinit', 'redhat-6'],
  ['centos-7', 'redhat', 'systemd', 'redhat-7'],
  ['ol-8.9', 'redhat', 'systemd', 'redhat-8'],
  ['rocky-9.4', 'redhat', 'systemd', 'redhat-9'],
  ['centos-10', 'redhat', 'systemd', 'redhat-9'],
] as const) {
  test(`platformOf() says ${expected}, when ${distribution} is started by ${initSystem}`, () => {
    assert.equal(platformOf({ distribution, family, initSystem }), expected);
  });
}

for (const [distribution, family, initSystem, message] of [
  [
    'slackware-15.0',
    'slackware',
    'sysvinit',
    'Its distribution is of the family "slackware", and only debian and redhat are supported so far.',
  ],
  [
    'opensuse-leap-15.5',
    'suse',
    'systemd',
    'Its distribution is of the family "suse", and only debian and redhat are supported so far.',
  ],
  [
    'debian-13',
    'debian',
    'openrc',
    'Its services are started by "openrc", and on such a distribution only systemd, upstart and sysvinit can be served so far.',
  ],
  [
    'rocky-9.4',
    'redhat',
    'unknown',
    'Its services are started by "unknown", and on such a distribution only systemd can be served so far.',
  ],
  [
    'fedora-42',
    'redhat',
    'systemd',
    'Its distribution is "fedora-42", and of the family "redhat" only the versions 6, 7, 8, 9 and 10 are supported so far.',
  ],
  [
    undefined,
    'redhat',
    'systemd',
    'Its distribution is "unknown", and of the family "redhat" only the versions 6, 7, 8, 9 and 10 are supported so far.',
  ],
] as const) {
  test(`platformOf() refuses ${distribution} started by ${initSystem}, and names what was seen`, () => {
    assert.deepEqual(platformOf({ distribution, family, initSystem }), { refused: 'HostUnsupported', message });
  });
}

for (const [platform, unit] of [
  ['debian-systemd', 'nova-compute.service'],
  ['debian-upstart', 'nova-compute'],
  ['debian-sysvinit', 'nova-compute'],
  ['redhat-6', 'openstack-nova-compute'],
  ['redhat-7', 'openstack-nova-compute.service'],
  ['redhat-8', 'openstack-nova-compute.service'],
  ['redhat-9', 'openstack-nova-compute.service'],
] as const) {
  test(`placeOf() finds nova-compute as ${unit}, when the platform is ${platform}`, () => {
    assert.deepEqual(placeOf(platform, 'NovaCompute'), {
      unit,
      user: 'nova',
      configFiles: ['/etc/nova/nova.conf', '/etc/nova/nova-compute.conf'],
    });
  });
}

test('every platform names the packages that tell a release', () => {
  for (const platform of allPlatforms) {
    for (const names of Object.values(versionPackages(platform))) assert.ok(names.length > 0);
  }
});

for (const [platform, role, release, expected] of [
  ['debian-systemd', 'GlanceApi', '2025.1', ['python3-rados', 'python3-rbd']],
  ['debian-systemd', 'CinderVolume', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common']],
  ['debian-systemd', 'CinderBackup', 'queens', ['python-rados', 'python-rbd', 'ceph-common']],
  ['debian-systemd', 'NovaCompute', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common', 'qemu-block-extra']],
  ['debian-systemd', 'NovaCompute', 'icehouse', ['python-ceph', 'ceph-common']],
  ['debian-upstart', 'NovaCompute', 'juno', ['python-ceph', 'ceph-common']],
  ['debian-sysvinit', 'CinderVolume', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common']],
  ['redhat-6', 'GlanceApi', 'icehouse', ['python-ceph']],
  ['redhat-6', 'NovaCompute', 'havana', ['python-ceph', 'ceph']],
  ['redhat-7', 'NovaCompute', 'queens', ['python-rados', 'python-rbd', 'ceph-common']],
  ['redhat-8', 'NovaCompute', 'train', ['python3-rados', 'python3-rbd', 'ceph-common', 'qemu-kvm-block-rbd']],
  ['redhat-9', 'CinderBackup', '2025.1', ['python3-rados', 'python3-rbd', 'ceph-common']],
] as const) {
  test(`packagesOf() brings what ${role} of ${release} needs, when the platform is ${platform}`, () => {
    assert.deepEqual(
      packagesOf(platform, role, release).map(({ name }) => name),
      expected,
    );
  });
}

for (const [platform, restarts] of [
  ['debian-systemd', ['libvirtd.service']],
  ['redhat-8', ['libvirtd.service']],
  ['redhat-9', ['libvirtd.service', 'virtqemud.service']],
] as const) {
  test(`packagesOf() has libvirt find QEMU's new driver, when the platform is ${platform}`, () => {
    assert.deepEqual(packagesOf(platform, 'NovaCompute', '2025.1').at(-1)?.restarts, restarts);
  });
}

for (const [platform, release, expected] of [
  ['debian-systemd', 'queens', 'python2'],
  ['debian-systemd', 'rocky', 'python3'],
  ['redhat-7', 'train', 'python2'],
  ['redhat-8', 'train', 'python3'],
] as const) {
  test(`pythonOf() says ${expected}, when ${release} runs on ${platform}`, () => {
    assert.equal(pythonOf(platform, release), expected);
  });
}
