import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Secret } from '../src/secret.ts';

/** Where one cluster is, and where its files are. */
export interface Place {
  /** Bears all its data, keyrings and logs; at the same path inside the root and outside. */
  readonly data: string;
  readonly fsid: string;
  readonly address: string;
  /** As in `[v2:127.70.1.2:3300,v1:127.70.1.2:6789]`. */
  readonly monHost: string;
}

export const osdIds = [0, 1, 2] as const;

export function keyringFile({ data }: Place, entity: string): string {
  return join(data, `${entity}.keyring`);
}

export const clientConfFile = ({ data }: Place) => join(data, 'ceph.conf');
export const daemonConfFile = ({ data }: Place) => join(data, 'daemons.conf');

/** Of one section of a ceph.conf. */
export type Options = Readonly<Record<string, string | number | boolean>>;

/** What clients need, with the administrator's keyring. */
export function renderClientConf(place: Place): string {
  const { fsid, monHost } = place;
  return renderSections({ global: { fsid, mon_host: monHost, keyring: keyringFile(place, 'client.admin') } });
}

/** Where OSDs keep their objects. */
export type ObjectStore = 'memstore' | 'bluestore';

const stores: Readonly<Record<ObjectStore, Options>> = {
  // In memory: nothing waits for the disk, and nothing is left on it.
  memstore: { osd_objectstore: 'memstore', memstore_device_bytes: '4G' },
  // A file each, without the blocks that nothing was written to.
  bluestore: {
    osd_objectstore: 'bluestore',
    bluestore_block_size: '2G',
    bluestore_block_preallocate_file: false,
    bluestore_cache_autotune: false,
    bluestore_cache_size: '64M',
  },
};

/** What the daemons need. `config` goes over it, in [global]. */
export function renderDaemonConf(place: Place, objectStore: ObjectStore, config: Options): string {
  const { data, fsid, address, monHost } = place;
  const hosts = osdIds.map((id) => [`osd.${id}`, { crush_location: `root=default host=node${id}` }] as const);
  return renderSections({
    global: {
      fsid,
      mon_host: monHost,
      run_dir: data,
      admin_socket: join(data, '$name.asok'),
      log_file: join(data, '$name.log'),
      crash_dir: data,
      keyring: join(data, '$name.keyring'),
      mon_data: join(data, 'mon'),
      mgr_data: join(data, 'mgr'),
      osd_data: join(data, 'osd.$id'),
      ...stores[objectStore],
      // Relative by default, which in a chroot makes rbd fail with "Operation not supported".
      osd_class_dir: '/usr/lib/x86_64-linux-gnu/rados-classes',
      mon_allow_pool_delete: true,
      // A test machine's disk may be nearly full, and that is none of Ceph's business here.
      mon_data_avail_warn: 1,
      mon_data_avail_crit: 1,
      auth_allow_insecure_global_id_reclaim: false,
      ...config,
    },
    mgr: { public_addr: address },
    osd: { public_addr: address, cluster_addr: address },
    // Three machines, as far as CRUSH knows: so a rule that wants each copy on another host is met.
    ...Object.fromEntries(hosts),
  });
}

function renderSections(sections: Readonly<Record<string, Options>>): string {
  const lines = Object.entries(sections).flatMap(([name, options]) => [
    `[${name}]`,
    ...Object.entries(options).map(([key, value]) => `${key} = ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

/** One entity of a keyring. */
export interface Login {
  readonly entity: string;
  readonly key: Secret;
  readonly caps: Readonly<Record<string, string>>;
}

/** The entities that a cluster is born with. */
export function firstLogins(keyType: KeyType): Login[] {
  const all = { mon: 'allow *', mgr: 'allow *', osd: 'allow *', mds: 'allow *' };
  const login = (entity: string, caps: Login['caps']) => ({ entity, key: makeKey(keyType), caps });
  return [
    login('mon.', { mon: 'allow *' }),
    login('client.admin', all),
    login('mgr.x', { mon: 'allow profile mgr', osd: 'allow *', mds: 'allow *' }),
    ...osdIds.map((id) => login(`osd.${id}`, { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' })),
  ];
}

export function renderKeyring(logins: readonly Login[]): Secret {
  const lines = logins.flatMap(({ entity, key, caps }) => [
    `[${entity}]`,
    `key = ${key.reveal()}`,
    ...Object.entries(caps).map(([service, cap]) => `caps ${service} = "${cap}"`),
  ]);
  return new Secret(`${lines.join('\n')}\n`);
}

export type KeyType = 'Aes' | 'Aes256k';

/** A fresh key as Ceph encodes it (`CryptoKey::encode`): type, time of making (s, ns), length, the key itself. */
function makeKey(type: KeyType): Secret {
  const key = randomBytes(type === 'Aes' ? 16 : 32);
  const head = Buffer.alloc(12);
  head.writeUInt16LE(type === 'Aes' ? 1 : 2, 0);
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2);
  head.writeUInt16LE(key.length, 10);
  return new Secret(Buffer.concat([head, key]).toString('base64'));
}
