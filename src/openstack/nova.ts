import type { Option, OptionEdit } from './desired-host.ts';
import { type Platform, placeOf } from './distributions.ts';
import type { CephConf, NovaModel } from './model.ts';
import { type OptionWriter, optionWriter } from './option-writer.ts';
import { isBetween, type Release } from './releases.ts';

/** Nova's options: the user for attaching volumes always, the instances' own disks where they are to be in Ceph. */
export function renderNova(model: NovaModel, conf: CephConf, release: Release, platform: Platform): readonly Option[] {
  const { unit, configFiles } = placeOf(platform, 'NovaCompute');
  const writer = optionWriter('nova-compute', release, configFiles[0], unit);
  writer.write('rbd_user', model.client.userId);
  writer.write('rbd_secret_uuid', model.libvirtSecret.uuid);
  if (model.ephemeralPool !== undefined) {
    writer.write('images_type', 'rbd', { guard: 'InstancesOnLocalDisk' });
    writer.write('images_rbd_pool', model.ephemeralPool);
    writer.write('images_rbd_ceph_conf', conf.path);
    // From train nova-compute refuses to start with images_type=rbd and this false.
    writer.write('force_raw_images', { how: 'set', value: 'true', leave: 'unset' });
    // Directories of deleted instances stay behind otherwise; one who shares them between computes has said false.
    writer.write('ensure_libvirt_rbd_instance_dir_cleanup', { how: 'set', value: 'true', leave: 'set' });
  }
  // Without it QEMU opens RBD disks with cache=none, which turns librbd's cache off.
  writer.write('disk_cachemodes', cacheModes(model.diskCacheModes ?? ['network=writeback']));
  const discard = model.hwDiskDiscard ?? (model.ephemeralPool === undefined ? undefined : 'Unmap');
  writer.write('hw_disk_discard', discard?.toLowerCase());
  writeInjection(writer, model, release);
  writeMigration(writer, model, release);
  return writer.options;
}

function cacheModes(modes: readonly string[]): OptionEdit {
  const replaces = modes.map((mode) => `${mode.split('=')[0]}=`).join(',');
  return { how: 'list-member', member: modes.join(','), whenUnset: [], replaces };
}

/** Files cannot be put into a disk that is in Ceph; havana alone tries by default. */
function writeInjection(writer: OptionWriter<'nova-compute'>, model: NovaModel, release: Release): void {
  const byDefault = release === 'havana' && model.ephemeralPool !== undefined;
  if (model.fileInjection === undefined && !byDefault) return;
  writer.write('inject_password', false);
  writer.write('inject_key', false);
  writer.write('inject_partition', -2);
}

/** Until juno the default flags make no live migration; from newton the option is gone. */
function writeMigration(writer: OptionWriter<'nova-compute'>, model: NovaModel, release: Release): void {
  if (model.liveMigrationFlags !== undefined) {
    writer.write('live_migration_flag', model.liveMigrationFlags.join(','));
  } else if (isBetween(release, 'havana', 'icehouse')) {
    const whenUnset = ['VIR_MIGRATE_UNDEFINE_SOURCE', 'VIR_MIGRATE_PEER2PEER'];
    writer.write('live_migration_flag', { how: 'list-member', member: 'VIR_MIGRATE_LIVE', whenUnset });
  }
}
