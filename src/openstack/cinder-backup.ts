import type { Option } from './desired-host.ts';
import { type Platform, placeOf } from './distributions.ts';
import type { CephConf, CinderBackupModel } from './model.ts';
import { optionWriter } from './option-writer.ts';
import { isSince, type Release } from './releases.ts';

export function renderCinderBackup(
  model: CinderBackupModel,
  conf: CephConf,
  release: Release,
  platform: Platform,
): readonly Option[] {
  const { unit, configFiles } = placeOf(platform, 'CinderBackup');
  const writer = optionWriter('cinder-backup', release, configFiles[0], unit);
  // A module up to pike, a class since queens: the other form fails to load.
  const driver = isSince(release, 'queens')
    ? 'cinder.backup.drivers.ceph.CephBackupDriver'
    : 'cinder.backup.drivers.ceph';
  writer.write('backup_driver', driver);
  writer.write('backup_ceph_conf', conf.path);
  writer.write('backup_ceph_user', model.client.userId);
  writer.write('backup_ceph_pool', model.pool);
  writer.write('backup_ceph_chunk_size', model.chunkSizeBytes);
  writer.write('backup_ceph_stripe_unit', model.stripeUnit);
  writer.write('backup_ceph_stripe_count', model.stripeCount);
  writer.write('restore_discard_excess_bytes', model.restoreDiscardExcessBytes);
  return writer.options;
}
