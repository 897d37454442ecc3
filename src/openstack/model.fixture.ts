import type { OpenStackModel } from './model.ts';

const client = (userId: string) => ({ userId, secretName: `cloud-${userId}-ceph-client`, fingerprint: `of-${userId}` });
export const cinderSecret = '457eb676-33da-42ec-9a8c-9293d545c337';

/** What the least binding with guest disks in Ceph says: the guide's names throughout. */
export const guideModel: OpenStackModel = {
  conf: { path: '/etc/ceph/ceph.conf', content: '[global]\nfsid = f\nmon_host = m\n' },
  glance: {
    stores: [{ name: 'rbd', client: client('glance'), pool: 'images' }],
    layout: 'any',
    exposeDirectUrl: true,
    imageCache: false,
  },
  cinder: {
    backends: [
      {
        name: 'ceph',
        section: 'ceph',
        client: client('cinder'),
        pool: 'volumes',
        exclusivePool: true,
        libvirtSecret: { uuid: cinderSecret, keep: [] },
      },
    ],
  },
  cinderBackup: { client: client('cinder-backup'), pool: 'backups' },
  nova: {
    client: client('cinder'),
    adminSocket: false,
    libvirtSecret: { uuid: cinderSecret, keep: [] },
    ephemeralPool: 'vms',
  },
  extraConfig: {},
  verifyAccess: true,
};

/** The guide's, with a second store in Glance, and images that are converted. */
export const storesModel: OpenStackModel = {
  ...guideModel,
  glance: {
    stores: [
      { name: 'rbd', client: client('glance'), pool: 'images' },
      { name: 'fast', client: client('glance-fast'), pool: 'images-fast', chunkSizeMb: 4 },
    ],
    layout: 'multi',
    exposeDirectUrl: true,
    imageCache: false,
    conversion: 'raw',
  },
};
