import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startCeph } from '../../lab/ceph.ts';
import { startWorld } from '../../lab/world.ts';
import { derivedSecretUuid } from '../../src/openstack/libvirt.ts';
import { allInOne, bindingOfOne } from '../api-objects.ts';
import { pools, user } from './seen-ceph.ts';
import { fileOn, keyOn, libvirtSecretsOn, optionsOn, unitOn } from './seen-host.ts';
import { soon } from './story.ts';
import { heldBack, ready, seen } from './waiting.ts';

/* A back end in a cluster of its own, whose pool and user are called as those of the other: the hardest to tell apart. */

const world = await startWorld({ hosts: [allInOne] });
after(() => world[Symbol.asyncDispose]());
const east = await startCeph({
  ...{ suite: 'trixie', name: 'ceph-east', address: await world.network.address() },
  config: { mon_max_pg_per_osd: 2000 },
});
after(() => east[Symbol.asyncDispose]());
const host = world.host('all1');

const files = { conf: '/etc/ceph/ceph-east.conf', keyring: '/etc/ceph/ceph-east.client.cinder.keyring' };
const uuids = [world.ceph, east].map(({ fsid }) => derivedSecretUuid(fsid, 'cinder'));
const sameNames = { pool: { poolName: 'volumes' }, client: { clientName: 'cinder' } };

const cloud = (...more: readonly object[]) =>
  bindingOfOne(host.address, { cinder: { backends: [{ name: 'ceph' }, ...more] } });

before(async () => {
  await world.connect('ceph-east', { cluster: east });
  await world.startOperator({ HOST_LOOK_SECONDS: '5', CEPH_LOOK_SECONDS: '3' });
  await world.apply(cloud({ name: 'east', cluster: { secretName: 'ceph-east' }, ...sameNames }));
  await ready(world, 'cob', 'cloud', { timeoutMs: 300_000 });
});

describe('a back end in another cluster', () => {
  it('has its pool and user there, with no right beyond', async () => {
    assert.ok((await pools(world.ceph)).has('vms'));
    assert.deepEqual([...(await pools(east)).keys()].filter((name) => name !== '.mgr').sort(), ['volumes']);
    const [here, there] = [await user(world.ceph, 'client.cinder'), await user(east, 'client.cinder')];
    assert.ok(!here.key.equals(there.key), 'two clusters have one key');
    assert.equal(there.caps.osd, 'profile rbd pool=volumes');
  });

  it('has its own configuration and key on the host, beside the others', async () => {
    const conf = (await fileOn(host, files.conf))?.content.reveal() ?? '';
    assert.ok(conf.includes(`fsid = ${east.fsid}\nmon_host = ${east.monHost}\n`), conf);
    for (const [ceph, name] of [
      [world.ceph, 'ceph'],
      [east, 'ceph-east'],
    ] as const) {
      const key = await keyOn(host, `/etc/ceph/${name}.client.cinder.keyring`);
      assert.ok(key?.equals((await user(ceph, 'client.cinder')).key), `the keyring of ${name} holds another key`);
    }
    const option = await optionsOn(host, '/etc/cinder/cinder.conf');
    assert.match(option('DEFAULT', 'enabled_backends') ?? '', /\bceph,east$/);
    assert.deepEqual(
      ['rbd_ceph_conf', 'rbd_cluster_name', 'rbd_user', 'rbd_secret_uuid'].map((name) => option('east', name)),
      [files.conf, 'ceph-east', 'cinder', uuids[1]],
    );
  });

  it('has a libvirt secret with its own key, beside the one of the same name', async () => {
    const secrets = await libvirtSecretsOn(host);
    for (const [index, ceph] of [world.ceph, east].entries()) {
      const { key } = await user(ceph, 'client.cinder');
      assert.equal(secrets.get(uuids[index] ?? '')?.value?.reveal() === key.reveal(), true, `secret ${index}`);
    }
    const { status } = await seen(world, 'cob', 'cloud');
    const told = status?.libvirtSecrets as { uuid: string }[];
    assert.deepEqual(told.map(({ uuid }) => uuid).sort(), uuids.toSorted());
  });

  it('is opened by its own name, as Cinder does', async () => {
    await host.run('runuser -u cinder -- rbd --cluster ceph-east --id cinder create volumes/one --size 1');
    assert.equal((await east.rbd(['ls', 'volumes'])).trim(), 'one');
    assert.equal((await world.ceph.rbd(['ls', 'volumes'])).trim(), '');
    const { conditions } = (await seen(world, 'coh', 'cloud-all1')).status ?? {};
    const proved = conditions?.find(({ type }) => type === 'AccessVerified')?.message ?? '';
    for (const name of ['ceph', 'ceph-east']) {
      assert.ok(proved.includes(`nova as client.cinder on volumes with /etc/ceph/${name}.conf`), proved);
    }
  });

  it('is opened with what Cinder tells of a volume: by os-brick, and by QEMU beside the other ceph.conf', async () => {
    const map = await host.run(
      'runuser -u cinder -- ceph --cluster ceph-east --id cinder mon dump --format json 2>/dev/null',
    );
    const [, address = '', port = ''] = /^(.*):(\d+)\/\d+$/.exec(JSON.parse(map).mons[0].addr) ?? [];
    const told = { hosts: [address], ports: [port], cluster_name: 'ceph-east', auth_username: 'cinder' };
    const script = `
import json, sys
from os_brick.initiator.connectors.rbd import RBDConnector
volume = RBDConnector(None).connect_volume(json.loads(sys.argv[1]))["path"]
print(volume.rbd_image.image.size())`;
    for (const service of ['cinder', 'nova']) {
      const data = JSON.stringify({ name: 'volumes/one', ...told });
      const printed = await host.run(`runuser -u ${service} -- python3 - '${data}'`, { input: script });
      assert.equal(printed.trim(), String(1024 ** 2));
    }
    const drive = `rbd:volumes/one:id=cinder:keyring=${files.keyring}:mon_host=${address}\\:${port}`;
    assert.match(await host.run(`runuser -u nova -- qemu-img info '${drive}'`), /virtual size: 1 MiB/);
  });

  it('brings new addresses of its monitors to the host, and restarts nothing', async () => {
    const units = ['cinder-volume', 'nova-compute'];
    const runs = async () => Promise.all(units.map(async (unit) => (await unitOn(host, unit)).invocation));
    const [running, other] = [await runs(), await fileOn(host, '/etc/ceph/ceph.conf')];
    const monHost = /v1:[^\]]*/.exec(east.monHost)?.[0] ?? assert.fail(east.monHost);
    await world.kubectl(['patch', 'secret', 'ceph-east', '-p', JSON.stringify({ stringData: { monHost } })]);
    await soon(world, 'the host has the new address', async () => {
      const conf = (await fileOn(host, files.conf))?.content.reveal() ?? '';
      assert.ok(conf.includes(`mon_host = ${monHost}\n`), conf);
    });
    await ready(world, 'cob', 'cloud');
    assert.deepEqual(await runs(), running);
    assert.deepEqual((await fileOn(host, '/etc/ceph/ceph.conf'))?.changedAt, other?.changedAt);
  });

  it('stays while it has volumes, and leaves nothing on the host when it goes without', async () => {
    await world.apply(cloud());
    const says = /\[east\] "east" with 1 image in the pool "volumes"/;
    await heldBack(world, 'cob', 'cloud', 'VolumesWouldBeOrphaned', says);
    await east.rbd(['rm', 'volumes/one']);
    await ready(world, 'cob', 'cloud', { timeoutMs: 120_000 });
    assert.deepEqual([await fileOn(host, files.conf), await fileOn(host, files.keyring)], [undefined, undefined]);
    const option = await optionsOn(host, '/etc/cinder/cinder.conf');
    assert.deepEqual(
      [option('DEFAULT', 'enabled_backends')?.includes('east'), option('east', 'rbd_pool')],
      [false, undefined],
    );
    const secrets = await libvirtSecretsOn(host);
    assert.deepEqual(
      uuids.map((uuid) => secrets.has(uuid)),
      [true, false],
    );
    assert.ok((await pools(east)).has('volumes'), 'what is retained is gone');
  });
});
