import type { Release } from '../../openstack/releases.ts';

/*
 * The blocks of "Block Devices and OpenStack" as it stood from Havana to Juno, line by line: the binding that says them all
 * (deploy/examples/guide-2014.yaml) gives every host each line with the meaning that it had. Where the guide erred, a
 * comment says how.
 */

export const uuid = '457eb676-33da-42ec-9a8c-9293d545c337';

type Line = readonly [section: string, name: string, value: string];
export interface Block {
  readonly what: string;
  readonly host: string;
  readonly releases: readonly Release[];
  readonly lines: readonly Line[];
}

/** With any back end enabled, Cinder reads them in the back end's section, and cinder-volume of ocata reads no other. */
const backend: readonly Line[] = [
  ['ceph', 'volume_driver', 'cinder.volume.drivers.rbd.RBDDriver'],
  ['ceph', 'rbd_pool', 'volumes'],
  ['ceph', 'rbd_ceph_conf', '/etc/ceph/ceph.conf'],
  ['ceph', 'rbd_flatten_volume_from_snapshot', 'false'],
  ['ceph', 'rbd_max_clone_depth', '5'],
  // Not in the guide's block, and needed with cephx.
  ['ceph', 'rbd_user', 'cinder'],
  ['ceph', 'rbd_secret_uuid', uuid],
  ['DEFAULT', 'glance_api_version', '2'],
];

export const blocks: readonly Block[] = [
  {
    what: 'Glance before Juno',
    host: 'glance1',
    releases: ['havana', 'icehouse'],
    lines: [
      ['DEFAULT', 'default_store', 'rbd'],
      ['DEFAULT', 'rbd_store_user', 'glance'],
      ['DEFAULT', 'rbd_store_pool', 'images'],
      ['DEFAULT', 'rbd_store_chunk_size', '8'],
    ],
  },
  {
    what: 'Glance of Juno',
    host: 'glance1',
    releases: ['juno'],
    lines: [
      // The guide has it in [DEFAULT], where Juno does not look.
      ['glance_store', 'default_store', 'rbd'],
      // Beside its defaults: alone, as the guide has it, images in files could not be deleted any more.
      ['glance_store', 'stores', 'file,http,rbd'],
      ['glance_store', 'rbd_store_pool', 'images'],
      ['glance_store', 'rbd_store_user', 'glance'],
      ['glance_store', 'rbd_store_ceph_conf', '/etc/ceph/ceph.conf'],
      ['glance_store', 'rbd_store_chunk_size', '8'],
    ],
  },
  {
    what: 'copy-on-write clones',
    host: 'glance1',
    releases: ['havana', 'icehouse', 'juno', 'kilo', '2026.2'],
    lines: [['DEFAULT', 'show_image_direct_url', 'true']],
  },
  // These two releases know neither a size of objects nor a timeout of Cinder's own: what the guide says is what they do.
  { what: 'Cinder before Juno', host: 'cinder1', releases: ['havana', 'icehouse'], lines: backend },
  {
    what: 'Cinder of Juno',
    host: 'cinder1',
    releases: ['juno'],
    lines: [...backend, ['ceph', 'rbd_store_chunk_size', '4'], ['ceph', 'rados_connect_timeout', '-1']],
  },
  {
    what: 'Cinder Backup',
    host: 'backup1',
    releases: ['havana', 'icehouse', 'juno', 'pike'],
    lines: [
      ['DEFAULT', 'backup_driver', 'cinder.backup.drivers.ceph'],
      ['DEFAULT', 'backup_ceph_conf', '/etc/ceph/ceph.conf'],
      ['DEFAULT', 'backup_ceph_user', 'cinder-backup'],
      ['DEFAULT', 'backup_ceph_chunk_size', '134217728'],
      ['DEFAULT', 'backup_ceph_pool', 'backups'],
      ['DEFAULT', 'backup_ceph_stripe_unit', '0'],
      ['DEFAULT', 'backup_ceph_stripe_count', '0'],
      ['DEFAULT', 'restore_discard_excess_bytes', 'true'],
    ],
  },
  {
    what: "instances' disks in Havana",
    host: 'cmp1',
    releases: ['havana'],
    lines: [
      ['DEFAULT', 'libvirt_images_type', 'rbd'],
      ['DEFAULT', 'libvirt_images_rbd_pool', 'vms'],
      ['DEFAULT', 'libvirt_images_rbd_ceph_conf', '/etc/ceph/ceph.conf'],
      ['DEFAULT', 'rbd_user', 'cinder'],
      ['DEFAULT', 'rbd_secret_uuid', uuid],
    ],
  },
  {
    // The guide counts Icehouse with Havana; the names that it gives are aliases there of these.
    what: "instances' disks in Icehouse and Juno",
    host: 'cmp1',
    releases: ['icehouse', 'juno'],
    lines: [
      ['libvirt', 'images_type', 'rbd'],
      ['libvirt', 'images_rbd_pool', 'vms'],
      ['libvirt', 'images_rbd_ceph_conf', '/etc/ceph/ceph.conf'],
      ['libvirt', 'rbd_user', 'cinder'],
      ['libvirt', 'rbd_secret_uuid', uuid],
    ],
  },
  {
    what: 'no file injection in Havana',
    host: 'cmp1',
    releases: ['havana'],
    lines: [
      ['DEFAULT', 'libvirt_inject_password', 'false'],
      ['DEFAULT', 'libvirt_inject_key', 'false'],
      ['DEFAULT', 'libvirt_inject_partition', '-2'],
    ],
  },
  {
    what: 'no file injection since Icehouse',
    host: 'cmp1',
    releases: ['icehouse', 'juno', '2025.1'],
    lines: [
      ['libvirt', 'inject_password', 'false'],
      ['libvirt', 'inject_key', 'false'],
      ['libvirt', 'inject_partition', '-2'],
    ],
  },
  {
    // The guide's name, libvirt_live_migration_flag, was never Nova's.
    what: 'live migration in Havana',
    host: 'cmp1',
    releases: ['havana'],
    lines: [
      [
        'DEFAULT',
        'live_migration_flag',
        'VIR_MIGRATE_UNDEFINE_SOURCE,VIR_MIGRATE_PEER2PEER,VIR_MIGRATE_LIVE,VIR_MIGRATE_PERSIST_DEST',
      ],
    ],
  },
  {
    what: 'live migration in Icehouse and Juno',
    host: 'cmp1',
    releases: ['icehouse', 'juno', 'mitaka'],
    lines: [
      [
        'libvirt',
        'live_migration_flag',
        'VIR_MIGRATE_UNDEFINE_SOURCE,VIR_MIGRATE_PEER2PEER,VIR_MIGRATE_LIVE,VIR_MIGRATE_PERSIST_DEST',
      ],
    ],
  },
];
