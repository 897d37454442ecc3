import type { OpenStackModel } from './model.ts';

const client = (userId: string) => ({ userId, secretName: `cloud-${userId}-ceph-client`, fingerprint: `of-${userId}` });
export const cinderSecret = '457eb676-33da-42ec-9a8c-9293d545c337';

/** What the least binding with guest disks in Ceph says: the guide's names throughout. */
export const guideModel: OpenStackModel = {
  conf: { path: '/etc/ceph/ceph.conf', content: '[global]\nfsid = f\nmon_host = m\n' },
  glance: { client: client('glance'), pool: 'images', exposeDirectUrl: true, imageCache: false },
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
