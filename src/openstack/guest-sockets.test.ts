import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform } from './distributions.ts';
import { guideModel } from './model.fixture.ts';
import { renderRole } from './render-role.ts';

const { nova } = guideModel;
if (nova === undefined) throw new Error('The guide speaks of Nova.');
const withSockets = { ...guideModel, nova: { ...nova, adminSocket: true } };

function distributed(model: typeof guideModel, role: 'NovaCompute' | 'CinderVolume', platform: Platform) {
  const rendered = renderRole(model, { role, platform, release: 'queens' });
  if ('refused' in rendered) throw new Error(rendered.message);
  return rendered.distribute;
}

for (const [platform, path, owner, hasTmpfiles] of [
  ['debian-systemd', '/run/ceph-guests', 'libvirt-qemu', true],
  ['debian-upstart', '/run/ceph-guests', 'libvirt-qemu', false],
  ['redhat-6', '/var/run/ceph-guests', 'qemu', false],
  ['redhat-9', '/run/ceph-guests', 'qemu', true],
] as const) {
  test(`renderRole() gives guests a place for their sockets, when the platform is ${platform}`, () => {
    const { directories, files } = distributed(withSockets, 'NovaCompute', platform);
    assert.deepEqual(directories, [{ path, owner, group: 'nova', mode: '0770' }]);
    assert.deepEqual(
      files.slice(1).map((file) => [file.path, file.content]),
      hasTmpfiles ? [['/etc/tmpfiles.d/ceph-guests.conf', `d ${path} 0770 ${owner} nova -\n`]] : [],
    );
  });
}

test('renderRole() makes no directory, when no sockets are asked for or no guests run there', () => {
  assert.deepEqual(distributed(guideModel, 'NovaCompute', 'debian-systemd').directories, []);
  assert.deepEqual(distributed(withSockets, 'CinderVolume', 'debian-systemd').directories, []);
});
