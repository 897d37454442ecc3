import type { GlanceLayout, Option, Refusal } from './desired-host.ts';
import { type Platform, placeOf } from './distributions.ts';
import type { CephConf, GlanceModel } from './model.ts';
import { listMember, type OptionWriter, optionWriter } from './option-writer.ts';
import { isSince, type Release } from './releases.ts';

type GlanceWriter = OptionWriter<'glance-api'>;

/**
 * Glance's options, of both layouts where a release has both and one store may stand in either; refused where a release
 * cannot read what is asked for.
 */
export function renderGlance(
  model: GlanceModel,
  conf: CephConf,
  release: Release,
  platform: Platform,
): readonly Option[] | Refusal {
  const refusal = refused(model, release);
  if (refusal !== undefined) return refusal;
  const { unit, configFiles } = placeOf(platform, 'GlanceApi');
  const writer = optionWriter('glance-api', release, configFiles[0], unit);
  if (model.layout === 'multi') {
    for (const option of singleLayout) writer.write(option, { how: 'absent' }, { section: 'glance_store' });
    writeStores(writer, model, conf, release);
  } else if (isSince(release, 'rocky')) {
    writeStore(writer, model, conf, release, 'single');
    writeStores(writer, model, conf, release, 'multi');
  } else {
    writeStore(writer, model, conf, release);
  }
  // Hidden is every release's own default.
  const hidden = { how: 'set', value: 'false', leave: 'unset' } as const;
  writer.write('show_image_direct_url', model.exposeDirectUrl ? true : hidden);
  if (!model.imageCache) {
    writer.write('flavor', { how: 'list-without', members: ['caching', 'cachemanagement'], separator: '+' });
  }
  writeConversion(writer, model);
  return writer.options;
}

/** Under WSGI glance-image-import.conf is read, too, and before this file: so it stands where every server reads it. */
function writeConversion(writer: GlanceWriter, { conversion }: GlanceModel): void {
  if (conversion === undefined) return;
  writer.write('image_import_plugins', { ...listMember('image_conversion'), brackets: true });
  // Its own default.
  writer.write('output_format', { how: 'set', value: conversion, leave: 'unset' });
}

/**
 * What says in the layout of one store which it is: beside several it would count for nothing, and look as if it did.
 * The last first, as they come back in the usual order.
 */
const singleLayout = [
  'rbd_store_chunk_size',
  'rbd_store_ceph_conf',
  'rbd_store_user',
  'rbd_store_pool',
  'default_store',
  'stores',
] as const;

/** One store, which is always of the kind `rbd`. A layout is only named where there is a choice. */
function writeStore(
  writer: GlanceWriter,
  { stores: [store] }: GlanceModel,
  conf: CephConf,
  release: Release,
  layout?: GlanceLayout,
): void {
  const about = layout === undefined ? {} : { layout };
  if (isSince(release, 'juno')) {
    // Written out, the list no longer has its defaults, and without `file` deletion and staging broke.
    writer.write('stores', listMember('rbd', ['file', 'http']), about);
  } else if (release === 'icehouse') {
    const whenUnset = ['glance.store.filesystem.Store', 'glance.store.http.Store'];
    writer.write('stores', listMember('glance.store.rbd.Store', whenUnset), about);
  }
  writer.write('default_store', 'rbd', about);
  writeDriver(writer, store, conf, release, {
    ...about,
    section: isSince(release, 'juno') ? 'glance_store' : 'DEFAULT',
  });
}

/** Several stores, each under its name; what else the host has beside them stays. */
function writeStores(
  writer: GlanceWriter,
  { stores }: GlanceModel,
  conf: CephConf,
  release: Release,
  layout?: GlanceLayout,
): void {
  const about = layout === undefined ? {} : { layout };
  const enabled = listMember(stores.map(({ name }) => `${name}:rbd`).join(','));
  writer.write('enabled_backends', enabled, { ...about, guard: 'ImagesWouldBeOrphaned' });
  writer.write('default_backend', stores[0].name, about);
  for (const store of stores) writeDriver(writer, store, conf, release, { ...about, section: store.name });
  for (const own of ['os_glance_staging_store', 'os_glance_tasks_store'] as const) {
    const edit = { how: 'set', value: `/var/lib/glance/${own}`, leave: 'set' } as const;
    // Train does not start without them; later releases have this default.
    if (release === 'train') writer.write(`${own}.filesystem_store_datadir`, edit, about);
  }
}

function writeDriver(
  writer: GlanceWriter,
  store: GlanceModel['stores'][number],
  conf: CephConf,
  release: Release,
  where: { readonly section: string; readonly layout?: GlanceLayout },
): void {
  writer.write('rbd_store_user', store.client.userId, where);
  writer.write('rbd_store_pool', store.pool, where);
  writer.write('rbd_store_ceph_conf', conf.path, where);
  // Havana's own default is 4, which makes twice as many objects; later ones have the guide's 8.
  writer.write('rbd_store_chunk_size', store.chunkSizeMb ?? (release === 'havana' ? 8 : undefined), where);
}

/**
 * Rocky and Stein read several stores as an experiment, and do not find the images of before in them. Queens has no
 * plugin that converts, and in the first version of Rocky every import fails with it.
 */
function refused({ layout, stores, conversion }: GlanceModel, release: Release): Refusal | undefined {
  if (conversion !== undefined && !isSince(release, 'stein')) {
    return {
      refused: 'ReleaseMismatch',
      message: `The binding has images converted as they are imported, which Glance of ${release} cannot do: leave glance.imageConversion out, or upgrade Glance to stein or later.`,
    };
  }
  if (layout !== 'multi' || isSince(release, 'train')) return undefined;
  const names = stores.map(({ name }) => `"${name}"`).join(', ');
  return {
    refused: 'ReleaseMismatch',
    message: `The binding names Glance's stores (${names}), which Glance of ${release} cannot have: leave glance.stores out, which gives it one store, or upgrade Glance to train or later.`,
  };
}
