import type { Secret } from '../secret.ts';
import type { GlanceLayout } from './desired-host.ts';
import { readValues } from './oslo-config.ts';
import { isSince, type Release } from './releases.ts';

/**
 * The layout of a host's glance-api.conf, which decides which of an option's two forms counts there. A host that names
 * no store yet gets several stores from train on (supported since then), one store before.
 * @throws ConfigSyntaxError
 */
export function glanceLayout(content: Secret, release: Release): GlanceLayout {
  const text = content.reveal();
  if (!isSince(release, 'rocky')) return 'single';
  if (readValues(text, 'DEFAULT', 'enabled_backends').length > 0) return 'multi';
  const single = ['stores', 'default_store', 'rbd_store_pool', 'rbd_store_user'];
  if (single.some((name) => readValues(text, 'glance_store', name).length > 0)) return 'single';
  return isSince(release, 'train') ? 'multi' : 'single';
}
