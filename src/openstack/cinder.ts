import type { Option, Refusal } from './desired-host.ts';
import { type Platform, placeOf } from './distributions.ts';
import { type CephConf, type CinderBackendModel, type CinderModel, clusterNameOf } from './model.ts';
import { listMember, type OptionWriter, optionWriter } from './option-writer.ts';
import { isBetween, isSince, type Release } from './releases.ts';

/** Cinder's options for its back ends on Ceph; refused where a release cannot read what is asked for. */
export function renderCinder(
  model: CinderModel,
  conf: CephConf,
  release: Release,
  platform: Platform,
): readonly Option[] | Refusal {
  const refusal = refusedDefaultSection(model, release);
  if (refusal !== undefined) return refusal;
  const { unit, configFiles } = placeOf(platform, 'CinderVolume');
  const writer = optionWriter('cinder-volume', release, configFiles[0], unit);
  const sections = model.backends.map((backend) => backend.section);
  // With any back end enabled, [DEFAULT] is no longer read as one.
  const enabled = sections.includes('DEFAULT') ? ({ how: 'absent' } as const) : listMember(sections.join(','));
  writer.write('enabled_backends', enabled, { guard: 'VolumesWouldBeOrphaned' });
  for (const backend of model.backends) writeBackend(writer, backend, backend.conf ?? conf, release);
  if (isBetween(release, 'havana', 'ocata')) writer.write('glance_api_version', 2);
  return writer.options;
}

function writeBackend(
  writer: OptionWriter<'cinder-volume'>,
  backend: CinderBackendModel,
  conf: CephConf,
  release: Release,
): void {
  const where = { section: backend.section };
  const cluster = clusterNameOf(conf);
  writer.write('volume_driver', 'cinder.volume.drivers.rbd.RBDDriver', where);
  writer.write('volume_backend_name', backend.name, where);
  writer.write('rbd_pool', backend.pool, where);
  writer.write('rbd_ceph_conf', conf.path, where);
  writer.write('rbd_cluster_name', cluster === 'ceph' ? undefined : cluster, where);
  writer.write('rbd_user', backend.client.userId, where);
  writer.write('rbd_secret_uuid', backend.libvirtSecret.uuid, where);
  writer.write('rbd_flatten_volume_from_snapshot', backend.flattenVolumeFromSnapshot, where);
  writer.write('rbd_max_clone_depth', backend.maxCloneDepth, where);
  writer.write('rbd_store_chunk_size', backend.chunkSizeMb, where);
  writer.write('rados_connect_timeout', backend.connectTimeoutSeconds, where);
  // From pike the driver reports it itself.
  writer.write('report_discard_supported', isBetween(release, 'mitaka', 'ocata') ? true : undefined, where);
  // Statistics walk every image of a pool that is not exclusive, and are wrong for a shared one that is said to be.
  const exclusiveByDefault = isSince(release, 'wallaby');
  const exclusive = backend.exclusivePool === exclusiveByDefault ? undefined : backend.exclusivePool;
  writer.write('rbd_exclusive_cinder_pool', exclusive, where);
}

function refusedDefaultSection(model: CinderModel, release: Release): Refusal | undefined {
  const backend = model.backends.find((candidate) => candidate.section === 'DEFAULT');
  if (backend === undefined) return undefined;
  if (model.backends.length > 1) {
    return {
      refused: 'InvalidSpec',
      message: `The back end "${backend.name}" is in section DEFAULT, which Cinder reads only when it is the only one: give it a section of its own.`,
    };
  }
  if (isSince(release, 'ocata')) {
    return {
      refused: 'ReleaseMismatch',
      message: `The back end "${backend.name}" is in section DEFAULT, which Cinder of ${release} no longer reads: give it a section of its own, and move its volumes with "cinder-manage volume update_host".`,
    };
  }
  return undefined;
}
