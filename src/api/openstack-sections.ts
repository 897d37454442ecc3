import { z } from 'zod';
import { clientFields, clientRules } from './ceph-client-auth.ts';
import {
  clientName,
  immutable,
  listMap,
  listSet,
  notBoth,
  poolName,
  reference,
  shortName,
  text,
  uuid,
  withRules,
} from './fields.ts';
import { poolFields, poolRules } from './rbd-pool.ts';

/*
 * The services' sections of a binding. Each names its pool and its user in one of two ways: by fields of a child
 * that the binding makes, or by a reference to one that somebody else keeps. Neither: the child with its defaults.
 */

const poolRef = reference('An RbdPool in this namespace, instead.').exactOptional();
const clientRef = reference(
  'A CephClientAuth in this namespace, instead. It must be allowed to write the pool.',
).exactOptional();

/** The pool of a section; `byDefault` is its name in Ceph where none is written. */
function pool(byDefault: string) {
  const fields = {
    ...poolFields,
    poolName: poolName.exactOptional().describe(`The pool in Ceph. Default: ${byDefault}. Immutable.`),
  };
  return {
    pool: withRules(z.object(fields), ...poolRules, immutable('poolName'))
      .exactOptional()
      .describe('The pool that the binding makes.'),
    poolRef,
  };
}

/** The user of a section: by default its name in Ceph, the Secret with its key, and the pools that it may use. */
function client(byDefault: string, secret: string, pools: string) {
  const fields = {
    ...clientFields,
    clientName: clientName
      .exactOptional()
      .describe(`The user in Ceph, without 'client.'. Default: ${byDefault}. Immutable.`),
    access: clientFields.access.describe(
      `The pools that the user may use; its caps follow from this. Default: ${pools}.`,
    ),
    secret: reference(`The Secret that is kept with the key. Default: ${secret}.`).exactOptional(),
  };
  return {
    client: withRules(z.object(fields), ...clientRules, immutable('clientName'))
      .exactOptional()
      .describe('The user that the binding makes.'),
    clientRef,
  };
}

const eitherPool = notBoth('pool', 'poolRef');
const eitherClient = notBoth('client', 'clientRef');

const chunkSizeMB = z.int().min(1).max(1024).exactOptional().describe('Size of the objects of an image, in MB.');

const store = withRules(
  z.object({
    name: shortName.describe("The store's name in Glance, and its section in glance-api.conf."),
    ...pool('images for the store rbd, images-<name> for another'),
    ...client(
      'glance for the store rbd, glance-<name> for another',
      '<binding>-glance-ceph-client for the store rbd, <binding>-glance-<name>-ceph-client for another',
      'this pool, read and write',
    ),
    chunkSizeMB,
  }),
  eitherPool,
  eitherClient,
);

/** What is said of the one store is said of each where there are several. */
const ofOneStore = ['pool', 'poolRef', 'client', 'clientRef', 'chunkSizeMB'] as const;

export const glance = withRules(
  z.object({
    ...pool('images'),
    ...client('glance', '<binding>-glance-ceph-client', 'this pool, read and write'),
    exposeDirectURL: z
      .boolean()
      .exactOptional()
      .describe('Whether Glance shows where images lie, which copy-on-write clones need.'),
    imageCache: z.boolean().exactOptional().describe('Whether Glance keeps its cache of images.'),
    imageConversion: z
      .enum(['Raw'])
      .exactOptional()
      .describe(
        'Raw: images that are imported become raw, from stein on; what is uploaded without an import stays as it is. Only raw images are cloned.',
      ),
    chunkSizeMB,
    stores: listMap(store, 'name', 8)
      .min(1)
      .exactOptional()
      .describe(
        "Glance's stores on Ceph by their names, from train on; the first is the default. Others that a host has stay. Left out: one, named rbd where the host's Glance has names for them.",
      ),
  }),
  eitherPool,
  eitherClient,
  ...ofOneStore.map((field) => ({
    rule: `!(has(self.stores) && has(self.${field}))`,
    message: `${field} and stores exclude each other: write ${field} into the store it is meant for`,
  })),
);

const libvirtSecret = z.object({
  uuid: uuid.exactOptional().describe('The UUID of the libvirt secret. Left out: derived from cluster and user.'),
  keep: listSet(uuid, 16)
    .exactOptional()
    .describe('Further UUIDs that existing guests refer to and that hold the same key.'),
});

/** What stands for a back end in the names of objects that are made for it. */
export function objectNameOfBackend(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]/g, '-');
}

/** @see objectNameOfBackend, in CEL */
const objectNameInCel = (item: string) => `${item}.name.lowerAscii().replace('_', '-').replace('.', '-')`;

const backend = withRules(
  z.object({
    name: text({
      pattern: /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
      maxLength: 63,
      sentence: "must be letters, digits, '_', '.' and '-', starting and ending with a letter or digit",
    }).describe(
      "The name of the back end (volume_backend_name). In names of objects, <name> is it in lower case, with '-' for '_' and '.'.",
    ),
    section: text({
      pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
      maxLength: 64,
      sentence: "must be a section of cinder.conf without brackets: letters, digits, '_', '.' and '-'",
    })
      .exactOptional()
      .describe('Its section in cinder.conf. Default: its name. DEFAULT where the release still reads it.'),
    ...pool('volumes for the back end ceph, volumes-<name> for another'),
    ...client(
      'cinder for the back end ceph, cinder-<name> for another',
      '<binding>-cinder-<name>-ceph-client',
      "this pool, read and write; Glance's, read only, in one cluster with it; for the first back end in the binding's cluster also that of nova.ephemeral, unless there is nova.clientRef",
    ),
    cluster: z
      .object({ secretName: shortName.describe('The connection Secret in this namespace.') })
      .exactOptional()
      .describe(
        "Another cluster than the binding's, which its pool and user are in and which hosts know as /etc/ceph/<secretName>.conf. Volumes from images are full copies there. Immutable.",
      ),
    maxCloneDepth: z.int().min(0).max(64).exactOptional().describe('Clones of clones before a copy is made.'),
    flattenVolumeFromSnapshot: z
      .boolean()
      .exactOptional()
      .describe('Whether a volume made from a snapshot is a full copy.'),
    chunkSizeMB: z.int().min(1).max(1024).exactOptional().describe('Size of the objects of a new volume, in MB.'),
    connectTimeoutSeconds: z
      .int()
      .min(-1)
      .max(3600)
      .exactOptional()
      .describe("How long to wait for the cluster; -1 leaves that to librados. Left out: the release's own default."),
    libvirtSecret: libvirtSecret.exactOptional().describe('The libvirt secret with the key, on every compute.'),
  }),
  eitherPool,
  eitherClient,
  immutable('cluster'),
);

export const cinder = withRules(
  z.object({
    backends: listMap(backend, 'name', 8)
      .min(1)
      .exactOptional()
      .describe(
        "The back ends on Ceph. Left out: one named ceph. Order matters: Nova shares the user of the first in the binding's cluster, so another first one moves Nova, and the caps on its instances' disks, to another user. Name Nova's own in nova.clientRef where that may happen.",
      ),
  }),
  {
    rule: `!has(self.backends) || self.backends.all(a, self.backends.exists_one(b, ${objectNameInCel('a')} == ${objectNameInCel('b')}))`,
    message:
      "the names of two back ends differ only in capitals, '_', '.' and '-', and their objects would have one name: rename one of them",
  },
  {
    rule: `!has(self.backends) || !has(oldSelf.backends) || self.backends.all(a, oldSelf.backends.all(b, a.name == b.name || ${objectNameInCel('a')} != ${objectNameInCel('b')}))`,
    message:
      "a back end's name cannot change in capitals, '_', '.' and '-' alone: its objects would keep the pool and user of before",
    reason: 'FieldValueForbidden',
  },
);

export const cinderBackup = withRules(
  z.object({
    ...pool('backups'),
    ...client('cinder-backup', '<binding>-backup-ceph-client', 'this pool, read and write'),
    chunkSizeBytes: z.int().min(65_536).max(4_294_967_296).exactOptional().describe('Bytes written at a time.'),
    stripeUnit: z.int().min(0).max(4_294_967_296).exactOptional().describe('The stripe unit of a backup image.'),
    stripeCount: z.int().min(0).max(65_536).exactOptional().describe('The stripe count of a backup image.'),
    restoreDiscardExcessBytes: z
      .boolean()
      .exactOptional()
      .describe('Whether a restore clears what lies beyond the backup.'),
  }),
  eitherPool,
  eitherClient,
);

export const nova = z.object({
  ephemeral: withRules(z.object(pool('vms')), eitherPool)
    .exactOptional()
    .describe("Keep the instances' own disks in Ceph. Left out: they stay where they are."),
  clientRef: reference(
    "A CephClientAuth for Nova, allowed to write the pool of ephemeral. Left out: it shares the user of Cinder's first back end in the binding's cluster.",
  ).exactOptional(),
  libvirtSecret: libvirtSecret
    .exactOptional()
    .describe(
      "The libvirt secret that nova.conf speaks of, with the key of Nova's user. Left out: that of the back end whose user it is, if there is one.",
    ),
  fileInjection: z.enum(['Disabled']).exactOptional().describe('Disabled: no password, key or file is put into disks.'),
  liveMigrationFlags: z
    .array(
      text({
        pattern: /^VIR_MIGRATE_[A-Z0-9_]+$/,
        maxLength: 64,
        sentence: 'must be a migration flag of libvirt, such as VIR_MIGRATE_LIVE',
      }),
    )
    .min(1)
    .max(32)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe('live_migration_flag, where the release still reads it.'),
  diskCacheModes: z
    .array(
      text({
        pattern: /^(file|block|network|mount)=(default|none|writethrough|writeback|directsync|unsafe)$/,
        maxLength: 32,
        sentence: 'must be a source and a cache mode, such as network=writeback',
      }),
    )
    .min(1)
    .max(4)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe('disk_cachemodes.'),
  hwDiskDiscard: z
    .enum(['Unmap', 'Ignore'])
    .exactOptional()
    .describe('What a discard in a guest does: Unmap frees the space in Ceph.'),
});
