import type { GlanceLayout, Option } from './desired-host.ts';
import { type Platform, placeOf } from './distributions.ts';
import type { CephConf, GlanceModel } from './model.ts';
import { listMember, optionWriter } from './option-writer.ts';
import { isSince, type Release } from './releases.ts';

/** The id of our store among Glance's stores, and the section of its options. */
const storeName = 'rbd';

/** Glance's options, of both layouts where a release has both. */
export function renderGlance(
  model: GlanceModel,
  conf: CephConf,
  release: Release,
  platform: Platform,
): readonly Option[] {
  const { unit, configFiles } = placeOf(platform, 'GlanceApi');
  const writer = optionWriter('glance-api', release, configFiles[0], unit);
  const layouts: readonly GlanceLayout[] = isSince(release, 'rocky') ? ['single', 'multi'] : ['single'];
  for (const layout of layouts) {
    // A layout is only named where there is a choice.
    const about = layouts.length === 1 ? {} : { layout };
    const section = layout === 'multi' ? storeName : isSince(release, 'juno') ? 'glance_store' : 'DEFAULT';
    if (layout === 'multi') {
      writer.write('enabled_backends', listMember(`${storeName}:rbd`), about);
      writer.write('default_backend', storeName, about);
    } else {
      if (isSince(release, 'juno')) {
        // Written out, the list no longer has its defaults, and without `file` deletion and staging broke.
        writer.write('stores', listMember('rbd', ['file', 'http']), about);
      } else if (release === 'icehouse') {
        const whenUnset = ['glance.store.filesystem.Store', 'glance.store.http.Store'];
        writer.write('stores', listMember('glance.store.rbd.Store', whenUnset), about);
      }
      writer.write('default_store', 'rbd', about);
    }
    const where = { ...about, section };
    writer.write('rbd_store_user', model.client.userId, where);
    writer.write('rbd_store_pool', model.pool, where);
    writer.write('rbd_store_ceph_conf', conf.path, where);
    // Havana's own default is 4, which makes twice as many objects; later ones have the guide's 8.
    writer.write('rbd_store_chunk_size', model.chunkSizeMb ?? (release === 'havana' ? 8 : undefined), where);
    if (layout === 'multi') {
      for (const store of ['os_glance_staging_store', 'os_glance_tasks_store'] as const) {
        const edit = { how: 'set', value: `/var/lib/glance/${store}`, leave: 'set' } as const;
        // Train does not start without them; later releases have this default.
        if (release === 'train') writer.write(`${store}.filesystem_store_datadir`, edit, about);
      }
    }
  }
  // Hidden is every release's own default.
  const hidden = { how: 'set', value: 'false', leave: 'unset' } as const;
  writer.write('show_image_direct_url', model.exposeDirectUrl ? true : hidden);
  if (!model.imageCache) {
    writer.write('flavor', { how: 'list-without', members: ['caching', 'cachemanagement'], separator: '+' });
  }
  return writer.options;
}
