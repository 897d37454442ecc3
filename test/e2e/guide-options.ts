type Expected = readonly [section: string, name: string, value: string];

/** What the quickstart makes of the services' options on OpenStack 2025.1, whose files are Debian's own before. */
export const guideOptions: Readonly<Record<'glance' | 'cinder' | 'nova', readonly Expected[]>> = {
  glance: [
    ['DEFAULT', 'enabled_backends', 'rbd:rbd'],
    ['DEFAULT', 'show_image_direct_url', 'true'],
    ['glance_store', 'default_backend', 'rbd'],
    ['rbd', 'rbd_store_user', 'glance'],
    ['rbd', 'rbd_store_pool', 'images'],
    ['rbd', 'rbd_store_ceph_conf', '/etc/ceph/ceph.conf'],
  ],
  cinder: [
    ['DEFAULT', 'enabled_backends', 'lvm,ceph'],
    ['ceph', 'volume_driver', 'cinder.volume.drivers.rbd.RBDDriver'],
    ['ceph', 'volume_backend_name', 'ceph'],
    ['ceph', 'rbd_pool', 'volumes'],
    ['ceph', 'rbd_user', 'cinder'],
    ['ceph', 'rbd_ceph_conf', '/etc/ceph/ceph.conf'],
    ['ceph', 'rbd_secret_uuid', 'UUID'],
    ['DEFAULT', 'backup_driver', 'cinder.backup.drivers.ceph.CephBackupDriver'],
    ['DEFAULT', 'backup_ceph_user', 'cinder-backup'],
    ['DEFAULT', 'backup_ceph_pool', 'backups'],
    ['DEFAULT', 'backup_ceph_conf', '/etc/ceph/ceph.conf'],
  ],
  nova: [
    ['libvirt', 'images_type', 'rbd'],
    ['libvirt', 'images_rbd_pool', 'vms'],
    ['libvirt', 'images_rbd_ceph_conf', '/etc/ceph/ceph.conf'],
    ['libvirt', 'rbd_user', 'cinder'],
    ['libvirt', 'rbd_secret_uuid', 'UUID'],
    ['libvirt', 'disk_cachemodes', 'network=writeback'],
    ['libvirt', 'hw_disk_discard', 'unmap'],
  ],
};
