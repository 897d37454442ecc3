import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import type { Needs } from '../binding-needs.ts';
import { stalled } from '../hold.ts';

/**
 * Glance finds an image by the pool in its location, under whatever name a store has that pool; with no store for it, it
 * can neither read nor delete the image. Refused while the pool of a store that would go holds images.
 */
export function orphanedImages(
  inService: readonly RevisionData[],
  { stores }: Needs,
  pools: ReadonlyMap<string, RbdPool>,
  imagesIn: (pool: string) => number,
): Hold | undefined {
  const wanted = stores.map(({ pool }) => {
    const found = pools.get(pool.objectName);
    return found === undefined ? pool.own?.poolName : poolNameOf(found);
  });
  // Of a pool that is not there nobody knows which it is; the binding waits for it anyway.
  if (wanted.length === 0 || wanted.includes(undefined)) return undefined;
  const lost = poolsInService(inService)
    .filter((pool) => !wanted.includes(pool) && imagesIn(pool) > 0)
    .map((pool) => `the images in the pool "${pool}" (${imagesIn(pool)})`);
  if (lost.length === 0) return undefined;
  return stalled(
    'ImagesWouldBeOrphaned',
    `Glance would not find ${lost.join(' and ')} any more: keep a store for that pool in glance.stores, or move its images to another store and delete them there first.`,
  );
}

function poolsInService(inService: readonly RevisionData[]): readonly string[] {
  const options = inService.flatMap((data) => data.roles.flatMap((role) => role.switch.options));
  const pools = options.flatMap(({ name, edit }) =>
    name === 'rbd_store_pool' && edit.how === 'set' ? [edit.value] : [],
  );
  return [...new Set(pools)].sort();
}
