import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Host, startHost } from '../../lab/hosts.ts';
import { type Network, startNetwork } from '../../lab/network.ts';
import { awaitCloud, awaitStatus, createVolume, openstack, uploadImage } from '../../lab/openstack.ts';

let network: Network;
let cloud: Host;
before(async () => {
  network = await startNetwork();
  cloud = await startHost({ name: 'cloud1', layer: 'openstack', network });
  await awaitCloud(cloud);
});
after(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

test('a cloud nobody has wired to Ceph keeps its images in files', async () => {
  const id = await uploadImage(cloud, 'image', 8);
  assert.equal((await cloud.run(`stat -c %s /var/lib/glance/images/${id}`)).trim(), String(8 * 1024 ** 2));
});

test('a cloud nobody has wired to Ceph has no place for volumes', async () => {
  const services = await openstack(cloud, ['volume', 'service', 'list', '-f', 'value', '-c', 'Binary', '-c', 'Host']);
  assert.match(services, /^cinder-volume cloud1@lvm$/m);
  assert.doesNotMatch(services, /ceph/);
  const id = await createVolume(cloud, { name: 'volume', sizeGiB: 1 });
  await assert.rejects(awaitStatus(cloud, 'volume', id, 'available'), /its status is "error"/);
});

test('a cloud nobody has wired to Ceph has nothing of it installed or configured', async () => {
  const packages = await cloud.run('dpkg -l');
  assert.match(packages, /^ii {2}cinder-volume /m);
  assert.doesNotMatch(packages, /^ii {2}(ceph|python3-rbd|python3-rados|librbd|librados)/m);
  const options = "grep -hriE '^[^#]*(ceph|rbd)' /etc/glance /etc/cinder --include='*.conf' | grep -v '^\\[' || true";
  assert.equal(await cloud.run(options), '');
});
