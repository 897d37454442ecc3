import type { Option } from './desired-host.ts';
import { isBetween, type Release } from './releases.ts';

/** A run of releases in which an option stands in one section; its name there, when it is not the row's. */
type Place = readonly [from: Release, to: Release, section: string, name?: string];

type Row = readonly [type: Option['type'], ...places: readonly Place[]];

/*
 * Where every option that is ever written stands, by release: the part of the checked truth (testdata/) that is used.
 * `<backend>` and `<store>` stand for the section of a Cinder back end and of a Glance store. `[backend_defaults]`
 * is left out: what is written there would count for back ends that are not ours.
 * A `list` is one with commas that is read in whatever order; `image_import_plugins` run in theirs.
 */
const table = {
  'glance-api': {
    default_backend: ['string', ['rocky', '2026.2', 'glance_store']],
    default_store: ['string', ['havana', 'icehouse', 'DEFAULT'], ['juno', '2026.2', 'glance_store']],
    enabled_backends: ['list', ['rocky', '2026.2', 'DEFAULT']],
    flavor: ['string', ['havana', '2026.2', 'paste_deploy']],
    image_import_plugins: ['string', ['queens', '2026.2', 'image_import_opts']],
    'os_glance_staging_store.filesystem_store_datadir': [
      'string',
      ['train', '2026.2', 'os_glance_staging_store', 'filesystem_store_datadir'],
    ],
    'os_glance_tasks_store.filesystem_store_datadir': [
      'string',
      ['train', '2026.2', 'os_glance_tasks_store', 'filesystem_store_datadir'],
    ],
    output_format: ['string', ['rocky', '2026.2', 'image_conversion']],
    rbd_store_ceph_conf: [
      'string',
      ['havana', 'icehouse', 'DEFAULT'],
      ['juno', '2026.2', 'glance_store'],
      ['rocky', '2026.2', '<store>'],
    ],
    rbd_store_chunk_size: [
      'integer',
      ['havana', 'icehouse', 'DEFAULT'],
      ['juno', '2026.2', 'glance_store'],
      ['rocky', '2026.2', '<store>'],
    ],
    rbd_store_pool: [
      'string',
      ['havana', 'icehouse', 'DEFAULT'],
      ['juno', '2026.2', 'glance_store'],
      ['rocky', '2026.2', '<store>'],
    ],
    rbd_store_user: [
      'string',
      ['havana', 'icehouse', 'DEFAULT'],
      ['juno', '2026.2', 'glance_store'],
      ['rocky', '2026.2', '<store>'],
    ],
    show_image_direct_url: ['boolean', ['havana', '2026.2', 'DEFAULT']],
    stores: ['list', ['havana', 'icehouse', 'DEFAULT', 'known_stores'], ['juno', '2026.2', 'glance_store']],
  },
  'cinder-volume': {
    enabled_backends: ['list', ['havana', '2026.2', 'DEFAULT']],
    glance_api_version: ['integer', ['havana', 'pike', 'DEFAULT']],
    rados_connect_timeout: ['integer', ['juno', 'newton', 'DEFAULT'], ['juno', '2026.2', '<backend>']],
    rbd_ceph_conf: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    rbd_cluster_name: ['string', ['liberty', 'newton', 'DEFAULT'], ['liberty', '2026.2', '<backend>']],
    rbd_exclusive_cinder_pool: ['boolean', ['rocky', '2026.2', '<backend>']],
    rbd_flatten_volume_from_snapshot: ['boolean', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    rbd_max_clone_depth: ['integer', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    rbd_pool: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    rbd_secret_uuid: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    rbd_store_chunk_size: ['integer', ['juno', 'newton', 'DEFAULT'], ['juno', '2026.2', '<backend>']],
    rbd_user: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    report_discard_supported: ['boolean', ['mitaka', 'newton', 'DEFAULT'], ['mitaka', '2026.2', '<backend>']],
    volume_backend_name: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
    volume_driver: ['string', ['havana', 'newton', 'DEFAULT'], ['havana', '2026.2', '<backend>']],
  },
  'cinder-backup': {
    backup_ceph_chunk_size: ['integer', ['havana', '2026.2', 'DEFAULT']],
    backup_ceph_conf: ['string', ['havana', '2026.2', 'DEFAULT']],
    backup_ceph_pool: ['string', ['havana', '2026.2', 'DEFAULT']],
    backup_ceph_stripe_count: ['integer', ['havana', '2026.2', 'DEFAULT']],
    backup_ceph_stripe_unit: ['integer', ['havana', '2026.2', 'DEFAULT']],
    backup_ceph_user: ['string', ['havana', '2026.2', 'DEFAULT']],
    backup_driver: ['string', ['havana', '2026.2', 'DEFAULT']],
    restore_discard_excess_bytes: ['boolean', ['havana', '2026.2', 'DEFAULT']],
  },
  'nova-compute': {
    disk_cachemodes: ['list', ['havana', 'havana', 'DEFAULT'], ['icehouse', '2026.2', 'libvirt']],
    ensure_libvirt_rbd_instance_dir_cleanup: ['boolean', ['stein', '2026.2', 'workarounds']],
    force_raw_images: ['boolean', ['havana', '2026.2', 'DEFAULT']],
    hw_disk_discard: ['string', ['juno', '2026.2', 'libvirt']],
    images_rbd_ceph_conf: [
      'string',
      ['havana', 'havana', 'DEFAULT', 'libvirt_images_rbd_ceph_conf'],
      ['icehouse', '2026.2', 'libvirt'],
    ],
    images_rbd_pool: [
      'string',
      ['havana', 'havana', 'DEFAULT', 'libvirt_images_rbd_pool'],
      ['icehouse', '2026.2', 'libvirt'],
    ],
    images_type: ['string', ['havana', 'havana', 'DEFAULT', 'libvirt_images_type'], ['icehouse', '2026.2', 'libvirt']],
    inject_key: ['boolean', ['havana', 'havana', 'DEFAULT', 'libvirt_inject_key'], ['icehouse', '2026.2', 'libvirt']],
    inject_partition: [
      'integer',
      ['havana', 'havana', 'DEFAULT', 'libvirt_inject_partition'],
      ['icehouse', '2026.2', 'libvirt'],
    ],
    inject_password: [
      'boolean',
      ['havana', 'havana', 'DEFAULT', 'libvirt_inject_password'],
      ['icehouse', '2026.2', 'libvirt'],
    ],
    live_migration_flag: ['list', ['havana', 'havana', 'DEFAULT'], ['icehouse', 'mitaka', 'libvirt']],
    rbd_secret_uuid: ['string', ['havana', 'havana', 'DEFAULT'], ['icehouse', '2026.2', 'libvirt']],
    rbd_user: ['string', ['havana', 'havana', 'DEFAULT'], ['icehouse', '2026.2', 'libvirt']],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Row>>>>;

export type TableService = keyof typeof table;
export type OptionOf<S extends TableService> = keyof (typeof table)[S] & string;

/** Where to write an option: its section (perhaps `<backend>` or `<store>`), its name there, and its type. */
export interface OptionPlace {
  readonly section: string;
  readonly name: string;
  readonly type: Option['type'];
}

/** The places of an option in a release; none when the release does not know it, two where it may stand in either. */
export function placesOf<S extends TableService>(service: S, option: OptionOf<S>, release: Release): OptionPlace[] {
  const rows: Readonly<Record<string, Row>> = table[service];
  const [type = 'string', ...places] = rows[option] ?? [];
  return places
    .filter(([from, to]) => isBetween(release, from, to))
    .map(([, , section, name]) => ({ section, name: name ?? option, type }));
}

const lists: ReadonlySet<string> = new Set(
  Object.values<Readonly<Record<string, Row>>>(table)
    .flatMap((rows) => Object.entries(rows))
    .flatMap(([option, [type, ...places]]) => (type === 'list' ? places.map(([, , , name]) => name ?? option) : [])),
);

/** Whether an option of this name is a list, in whichever service and release. */
export function isList(name: string): boolean {
  return lists.has(name);
}

export const tableServices = Object.keys(table) as readonly TableService[];

/** Every option of a service that is ever written, in the table's order. */
export function optionsOf<S extends TableService>(service: S): readonly OptionOf<S>[] {
  return Object.keys(table[service]) as OptionOf<S>[];
}
