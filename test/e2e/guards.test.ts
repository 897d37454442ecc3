import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startWorld } from '../../lab/world.ts';
import { allInOne, bindingOfOne, client, type Spec } from '../api-objects.ts';
import { shownAs } from './health.ts';
import { user } from './seen-ceph.ts';
import { fileOn, keepLibvirtUp, libvirtSecretsOn } from './seen-host.ts';
import { refusedRequests, soon } from './story.ts';
import { gone, heldBack, ready, remove, seen } from './waiting.ts';

/* One host that is both volume server and compute, reached through sudo, and what it is guarded from. */

const world = await startWorld({ hosts: [allInOne], sshUser: 'ops' });
after(() => world[Symbol.asyncDispose]());
const host = world.host('all1');
const novaConf = async () => (await fileOn(host, '/etc/nova/nova.conf'))?.content.reveal();
const patience = { timeoutMs: 240_000 };
const localDisk = '/var/lib/nova/instances/7c1d7a3e-0000-4000-8000-000000000001';

const apply = (fields?: Spec) => world.apply(bindingOfOne(host.address, fields));

before(async () => {
  await keepLibvirtUp(host);
  await world.startOperator({ CEPH_LOOK_SECONDS: '5', HOST_LOOK_SECONDS: '5' });
});

it('images_type is not set under instances that have their disk on the host', async () => {
  const before = await novaConf();
  await host.run(`mkdir -p ${localDisk} && touch ${localDisk}/disk`);
  await apply();
  const says = /The disks of 1 instance are on this host, .*migrate or delete/;
  await heldBack(world, 'coh', 'cloud-all1', 'InstancesOnLocalDisk', says, patience);
  await shownAs(world, 'Degraded', 'cephopenstackhosts');
  assert.equal(await novaConf(), before);
  await host.run(`rm -r ${localDisk}`);
  await ready(world, 'cob', 'cloud', patience);
  assert.match((await novaConf()) ?? '', /^images_type = rbd$/m);
});

it('cinder-volume and nova-compute read one keyring, and nobody else does', async () => {
  const keyring = '/etc/ceph/ceph.client.cinder.keyring';
  const file = await fileOn(host, keyring);
  assert.deepEqual([file?.owner, file?.mode], ['cinder:nova', '640']);
  for (const user of ['cinder', 'nova']) await host.run(`runuser -u ${user} -- cat ${keyring} >/dev/null`);
  await assert.rejects(host.run(`runuser -u glance -- cat ${keyring} >/dev/null`));
});

it('an option of ours that a later file overrides is named, and ours again when it is taken out there', async () => {
  await host.run("printf '\\n[libvirt]\\nimages_type = qcow2\\n' >>/etc/nova/nova-compute.conf");
  const says = /nova-compute\.conf sets images_type in \[libvirt\].*remove it there/;
  await heldBack(world, 'coh', 'cloud-all1', 'OptionShadowed', says, patience);
  await host.run("sed -i '/^images_type = qcow2$/d' /etc/nova/nova-compute.conf");
  await ready(world, 'cob', 'cloud', patience);
});

it('a user that Nova leaves keeps the pool of its instances until no guest has its disk there as that user', async () => {
  const cinder = async () => (await user(world.ceph, 'client.cinder')).caps;
  const kept = async () => (await seen(world, 'cephclient', 'cloud-cinder-ceph')).status?.conditions?.find(isKept);
  const secrets = await libvirtSecretsOn(host);
  await host.run('cat >/run/guest.xml && virsh define /run/guest.xml', {
    input: guest([...secrets.keys()][0] ?? '', 'vms/7c1d_disk'),
  });
  const access = [{ pool: 'vms', mode: 'ReadWrite' }];
  await world.apply(
    client({ access }, 'nova'),
    bindingOfOne(host.address, { nova: { ephemeral: {}, clientRef: { name: 'nova' } } }),
  );
  await soon(world, 'only guests need the former user', async () => {
    assert.match((await novaConf()) ?? '', /^rbd_user = nova$/m);
    assert.match((await kept())?.message ?? '', /"vms", used by guests on all1 \([^)]*\)\. /);
  });
  const { status } = await ready(world, 'cob', 'cloud', patience);
  assert.ok(status?.conditions?.some(isKept));
  await ready(world, 'cephclient', 'cloud-cinder-ceph', patience);
  assert.match((await cinder()).osd ?? '', /profile rbd pool=vms/);
  await host.run('virsh undefine guest');
  await soon(world, 'the former user has lost the pool', async () => {
    assert.doesNotMatch((await cinder()).osd ?? '', /pool=vms/);
    assert.equal(await kept(), undefined);
  });
  await ready(world, 'cob', 'cloud', patience);
});

const isKept = ({ type }: { readonly type: string }): boolean => type === 'RightsKept';

it('a host is not given back under a guest that uses its secret', async () => {
  await apply({ hostRemoval: 'Clean' });
  await ready(world, 'cob', 'cloud', patience);
  const [uuid] = [...(await libvirtSecretsOn(host)).keys()];
  await host.run('cat >/run/guest.xml && virsh define /run/guest.xml', {
    input: guest(uuid ?? '', 'volumes/volume-1'),
  });
  const before = await novaConf();
  await remove(world, 'cob', 'cloud');
  await heldBack(world, 'coh', 'cloud-all1', 'GuestsUseSecret', /migrate or delete/, patience);
  assert.equal(await novaConf(), before);
  assert.equal((await libvirtSecretsOn(host)).size, 1);
  await host.run('virsh undefine guest');
  await gone(world, 'cob', 'cloud', patience);
  assert.equal((await libvirtSecretsOn(host)).size, 0);
  assert.doesNotMatch((await novaConf()) ?? '', /^images_type/m);
});

it('nothing was asked of Kubernetes that the chart does not allow', async () => {
  assert.deepEqual(await refusedRequests(world), []);
});

function guest(secret: string, image: string): string {
  return `<domain type='qemu'>
  <name>guest</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='network' device='disk'>
      <auth username='cinder'><secret type='ceph' uuid='${secret}'/></auth>
      <source protocol='rbd' name='${image}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>`;
}
