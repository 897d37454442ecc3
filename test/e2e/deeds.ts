import assert from 'node:assert/strict';
import type { World } from '../../lab/world.ts';
import { derivedSecretUuid } from '../../src/openstack/libvirt.ts';
import { type CephPool, pool, user } from './seen-ceph.ts';
import { fileOn, installed, keyOn, libvirtSecretsOn, optionsOn } from './seen-host.ts';

/** Something that a person does to a wired cloud behind the operator's back. */
export interface Deed {
  readonly what: string;
  /** Of whom it is said what was put right. */
  readonly kind: 'RbdPool' | 'CephClientAuth' | 'CephOpenStackHost';
  /** What is said then. */
  readonly names: RegExp;
  /** Does it. Gives a check that throws until the world is as it was. */
  undo(world: World): Promise<() => Promise<void>>;
}

/** A deed in Ceph, by the command that does it. */
function inCeph(
  what: string,
  kind: Deed['kind'],
  names: RegExp,
  command: string | readonly string[],
  isRight: Check,
): Deed {
  const undo: Deed['undo'] = async (world) => {
    await world.ceph.ceph(typeof command === 'string' ? command.split(' ') : command);
    return () => isRight(world);
  };
  return { what, kind, names, undo };
}

/** A deed on a host, by a shell command. */
function onHost(what: string, host: string, names: RegExp, command: string, isRight: Check): Deed {
  const undo: Deed['undo'] = async (world) => {
    await world.host(host).run(command);
    return () => isRight(world);
  };
  return { what, kind: 'CephOpenStackHost', names, undo };
}

type Check = (world: World) => Promise<void>;

function poolHas(name: string, part: (found: CephPool) => unknown, value: unknown): Check {
  return async ({ ceph }) => assert.deepEqual(part(await pool(ceph, name)), value);
}

function clientSecret(what: string, verb: string, ...options: readonly string[]): Deed {
  return {
    what,
    kind: 'CephClientAuth',
    names: /Secret/,
    async undo(world) {
      const name = 'cloud-glance-ceph-client';
      const dataOf = async () => (await world.get('secret', name))?.data;
      const before = await dataOf();
      assert.ok(before !== undefined, `there is no Secret ${name}`);
      await world.kubectl([verb, 'secret', name, ...options]);
      // Not by value, for an error would show it.
      return async () => assert.ok(JSON.stringify(await dataOf()) === JSON.stringify(before), 'its data differs');
    },
  };
}

function fileIs(host: string, path: string, wanted: { owner: string; mode: string }, text?: RegExp): Check {
  return async (world) => {
    const file = await fileOn(world.host(host), path);
    assert.deepEqual({ owner: file?.owner, mode: file?.mode }, wanted);
    if (text !== undefined) assert.match(file?.content.reveal() ?? '', text);
  };
}

function keyringHolds(host: string, name: string): Check {
  return async (world) => {
    const { key } = await user(world.ceph, `client.${name}`);
    const found = await keyOn(world.host(host), keyring(name));
    assert.ok(found?.equals(key), 'the keyring holds another key');
  };
}

function optionIs(host: string, file: string, section: string, name: string, value: string): Check {
  return async (world) => assert.equal((await optionsOn(world.host(host), file))(section, name), value);
}

const keyring = (name: string) => `/etc/ceph/ceph.client.${name}.keyring`;
const cinderSecret: Check = async (world) => {
  const { key } = await user(world.ceph, 'client.cinder');
  const secrets = await libvirtSecretsOn(world.host('cmp1'));
  const secret = secrets.get(derivedSecretUuid(world.ceph.fsid, 'cinder'));
  assert.equal(secret?.usage, 'ceph client.cinder secret');
  assert.ok(secret.value?.equals(key), 'its value is another key');
};
const ofCinderSecret = (command: string) => `uuid=$(virsh --quiet secret-list | awk '{ print $1 }'); ${command}`;

export const deeds: readonly Deed[] = [
  inCeph(
    "a pool's share",
    'RbdPool',
    /target_size_ratio|ratio|share/i,
    'osd pool set volumes target_size_ratio 0.9',
    poolHas('volumes', ({ options }) => options.target_size_ratio, 0.53),
  ),
  inCeph(
    "a pool's bulk flag",
    'RbdPool',
    /bulk/i,
    'osd pool set backups bulk false',
    poolHas('backups', ({ flags_names }) => flags_names.split(',').includes('bulk'), true),
  ),
  inCeph(
    'how many copies a pool must have for a write',
    'RbdPool',
    /min_?size/i,
    'osd pool set images min_size 1',
    poolHas('images', ({ min_size }) => min_size, 2),
  ),
  inCeph(
    "a pool's compression",
    'RbdPool',
    /compression/i,
    'osd pool set images compression_mode none',
    poolHas('images', ({ options }) => options.compression_mode, 'aggressive'),
  ),
  inCeph(
    "a pool's quota in bytes",
    'RbdPool',
    /quota|max_?bytes/i,
    'osd pool set-quota images max_bytes 0',
    poolHas('images', ({ quota_max_bytes }) => quota_max_bytes, 10 * 1024 ** 3),
  ),
  inCeph(
    "a pool's quota in objects",
    'RbdPool',
    /quota|max_?objects/i,
    'osd pool set-quota images max_objects 5',
    poolHas('images', ({ quota_max_objects }) => quota_max_objects, 1000),
  ),
  inCeph(
    "a pool's application, and with it the mark that it is ours",
    'RbdPool',
    /Enable RBD on pool "vms"/,
    'osd pool application disable vms rbd --yes-i-really-mean-it',
    poolHas('vms', ({ application_metadata }) => Object.keys(application_metadata.rbd ?? {}), ['cephopenstack.io']),
  ),
  inCeph(
    "a user's caps",
    'CephClientAuth',
    /caps/i,
    ['auth', 'caps', 'client.cinder', 'mon', 'profile rbd', 'osd', 'profile rbd pool=volumes'],
    async ({ ceph }) => {
      const { caps } = await user(ceph, 'client.cinder');
      assert.match(caps.osd ?? '', /pool=vms/);
      assert.match(caps.mgr ?? '', /pool=vms/);
    },
  ),
  inCeph('a deleted user', 'CephClientAuth', /client\.glance/, 'auth rm client.glance', async (world) => {
    const { key } = await user(world.ceph, 'client.glance');
    const onCtl1 = await keyOn(world.host('ctl1'), keyring('glance'));
    assert.ok(onCtl1?.equals(key), 'it came back with another key than its keyring has');
  }),
  clientSecret('an edited Secret', 'patch', '--type=merge', '--patch={"stringData":{"keyring":"nothing"}}'),
  clientSecret('a deleted Secret', 'delete'),
  onHost(
    "a keyring's content",
    'ctl1',
    /ceph\.client\.cinder-backup\.keyring/,
    `sed -i 's/key = .*/key = AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==/' ${keyring('cinder-backup')}`,
    keyringHolds('ctl1', 'cinder-backup'),
  ),
  onHost(
    "a keyring's mode",
    'ctl1',
    /ceph\.client\.glance\.keyring/,
    `chmod 0644 ${keyring('glance')}`,
    fileIs('ctl1', keyring('glance'), { owner: 'glance:glance', mode: '640' }),
  ),
  onHost(
    "a keyring's owner",
    'cmp1',
    /ceph\.client\.cinder\.keyring/,
    `chown root:root ${keyring('cinder')}`,
    fileIs('cmp1', keyring('cinder'), { owner: 'nova:nova', mode: '640' }),
  ),
  onHost(
    'ceph.conf',
    'cmp1',
    /\/etc\/ceph\/ceph\.conf/,
    "sed -i 's/^mon.host.*/mon_host = 192.0.2.1/' /etc/ceph/ceph.conf",
    async (world) =>
      assert.ok(
        (await fileOn(world.host('cmp1'), '/etc/ceph/ceph.conf'))?.content.reveal().includes(world.ceph.address),
      ),
  ),
  onHost(
    'an option of a service',
    'ctl1',
    /rbd_pool in \[ceph\] of \/etc\/cinder\/cinder\.conf/,
    "sed -i 's/^rbd_pool *=.*/rbd_pool = elsewhere/' /etc/cinder/cinder.conf",
    optionIs('ctl1', '/etc/cinder/cinder.conf', 'ceph', 'rbd_pool', 'volumes'),
  ),
  onHost(
    'a second section of the same name, which counts instead',
    'cmp1',
    /images_type in \[libvirt\] of \/etc\/nova\/nova\.conf/,
    "printf '[libvirt]\\nimages_type = qcow2\\n' >>/etc/nova/nova.conf",
    optionIs('cmp1', '/etc/nova/nova.conf', 'libvirt', 'images_type', 'rbd'),
  ),
  onHost(
    'the value of the libvirt secret',
    'cmp1',
    /value of libvirt's secret/i,
    ofCinderSecret('printf AAAA >/tmp/value; virsh secret-set-value $uuid --file /tmp/value; rm /tmp/value'),
    cinderSecret,
  ),
  onHost(
    'a deleted libvirt secret',
    'cmp1',
    /Define libvirt's secret/i,
    ofCinderSecret('virsh secret-undefine $uuid'),
    cinderSecret,
  ),
  onHost('a removed package', 'cmp1', /ceph-common/, 'apt-get -qy remove ceph-common', async (world) =>
    assert.deepEqual(await installed(world.host('cmp1'), 'ceph-common'), ['ceph-common']),
  ),
];
