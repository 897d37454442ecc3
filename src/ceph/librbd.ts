import { errno, type NamespaceContents, type PoolContents, type PoolHolds, type PoolLook } from './broker-protocol.ts';
import type { Pool } from './librados.ts';
import {
  allocate,
  copyArray,
  declareStruct,
  type Foreign,
  loadLibrary,
  type Pointer,
  slot,
  written,
} from './native.ts';

/** What librbd does to and sees in a pool. A number is a negative errno. */
export interface Rbd {
  look(pool: Pool): Promise<PoolLook | number>;
  contents(pool: Pool, holds: PoolHolds): Promise<PoolContents | number>;
  /** `hasSnapshots`: whether somebody has made snapshots of the whole pool, which RBD cannot live with. */
  initPool(pool: Pool, hasSnapshots: boolean): Promise<number>;
  /** Has the data of images that are made from now on lie in another pool. */
  setDataPool(pool: Pool, dataPool: string): Promise<number>;
  createNamespace(pool: Pool, namespace: string): Promise<number>;
  removeNamespace(pool: Pool, namespace: string): Promise<number>;
}

/** src/include/rbd/librbd.h; the same on every release since Pacific. */
function declare() {
  const foreign = loadLibrary('librbd.so.1');
  declareStruct('rbd_image_spec_t', { id: 'str', name: 'str' });
  declareStruct('rbd_trash_image_info_t', {
    id: 'str',
    name: 'str',
    source: 'int',
    deletion_time: 'int64_t',
    deferment_end_time: 'int64_t',
  });
  return {
    initPool: foreign('int rbd_pool_init(void *ioctx, bool force)'),
    getMetadata: foreign('int rbd_pool_metadata_get(void *ioctx, str key, void *value, _Inout_ size_t *length)'),
    setMetadata: foreign('int rbd_pool_metadata_set(void *ioctx, str key, str value)'),
    listNamespaces: foreign('int rbd_namespace_list(void *ioctx, void *names, _Inout_ size_t *size)'),
    createNamespace: foreign('int rbd_namespace_create(void *ioctx, str namespace)'),
    removeNamespace: foreign('int rbd_namespace_remove(void *ioctx, str namespace)'),
    listImages: foreign('int rbd_list2(void *ioctx, void *images, _Inout_ size_t *count)'),
    freeImages: foreign('void rbd_image_spec_list_cleanup(void *images, size_t count)'),
    listTrash: foreign('int rbd_trash_list(void *ioctx, void *entries, _Inout_ size_t *count)'),
    freeTrash: foreign('void rbd_trash_list_cleanup(void *entries, size_t count)'),
    createStats: foreign('void rbd_pool_stats_create(_Out_ void **stats)'),
    destroyStats: foreign('void rbd_pool_stats_destroy(void *stats)'),
    addStat: foreign('int rbd_pool_stats_option_add_uint64(void *stats, int option, void *value)'),
    getStats: foreign('int rbd_pool_stats_get(void *ioctx, void *stats)'),
  };
}

/** rbd_pool_stat_option_t */
const imageSnapshots = 3;
const trashSnapshots = 7;

/** What RBD itself keeps in a pool without any image. */
const housekeeping = new Set([
  'rbd_children',
  'rbd_config',
  'rbd_directory',
  'rbd_group_directory',
  'rbd_info',
  'rbd_mirror_leader',
  'rbd_mirror_snapshot_schedule',
  'rbd_mirroring',
  'rbd_namespace',
  'rbd_task',
  'rbd_trash',
  'rbd_trash_purge_schedule',
]);

/**
 * What librbd leaves in `rbd_info` once it has tried whether the pool takes snapshots of single objects, which it does
 * unless there are snapshots of the whole pool. Trying costs two changes of the map of OSDs, each a second; librbd
 * goes on from here with the rest, and would try again if it knew this word no more (ValidatePoolRequest.cc).
 */
const snapshotsTried = 'validate';

/** The key under which librbd keeps an option that holds for all images of a pool (`rbd config pool set`). */
const dataPoolKey = 'conf_rbd_default_data_pool';

/** More than a pool's name has. */
const dataPoolNameBytes = 4096;

/** Enough to name in a sentence. */
const foreignObjectsNamed = 5;

export function openRbd(): Rbd {
  const rbd = declare();

  /** Asks for the size that a list needs, and again when it grew meanwhile. */
  async function list<T>(call: Foreign, free: Foreign, pool: Pool, type: string): Promise<T[] | number> {
    for (let room = 0; ; ) {
      using memory = allocate(type, room);
      const count = slot<number>(room);
      const rc = await call(pool.ioctx, memory.pointer, count);
      const found = Number(count[0]);
      if (rc === errno.ERANGE && found > room) {
        room = found;
        continue;
      }
      if (rc < 0) return rc;
      const items = copyArray<T>(memory.pointer, type, found);
      if (found > 0) free.now(memory.pointer, found);
      return items;
    }
  }

  async function namespaces(pool: Pool): Promise<string[] | number> {
    pool.useNamespace('');
    for (let room = 1024; ; ) {
      using memory = allocate('char', room);
      const size = slot<number>(room);
      const rc = await rbd.listNamespaces(pool.ioctx, memory.pointer, size);
      if (rc === errno.ERANGE && Number(size[0]) > room) {
        room = Number(size[0]);
        continue;
      }
      if (rc < 0) return rc;
      return splitNames(memory.pointer, Number(size[0]));
    }
  }

  async function countImages(pool: Pool, namespace: string): Promise<number> {
    pool.useNamespace(namespace);
    const count = slot<number>(0);
    const rc = await rbd.listImages(pool.ioctx, null, count);
    return rc < 0 && rc !== errno.ERANGE ? rc : Number(count[0]);
  }

  async function countSnapshots(pool: Pool): Promise<number> {
    using counts = allocate('uint64_t', 1);
    using trashCounts = allocate('uint64_t', 1);
    const statsSlot = slot<Pointer>();
    rbd.createStats.now(statsSlot);
    const stats = written(statsSlot);
    try {
      rbd.addStat.now(stats, imageSnapshots, counts.pointer);
      rbd.addStat.now(stats, trashSnapshots, trashCounts.pointer);
      const rc = await rbd.getStats(pool.ioctx, stats);
      if (rc < 0) return rc;
      const [images = 0] = copyArray<number>(counts.pointer, 'uint64_t', 1);
      const [trash = 0] = copyArray<number>(trashCounts.pointer, 'uint64_t', 1);
      return Number(images) + Number(trash);
    } finally {
      rbd.destroyStats.now(stats);
    }
  }

  async function namespaceContents(pool: Pool, namespace: string): Promise<NamespaceContents | number> {
    pool.useNamespace(namespace);
    const images = await list<{ name: string }>(rbd.listImages, rbd.freeImages, pool, 'rbd_image_spec_t');
    if (typeof images === 'number') return images;
    const trash = await list<{ name: string }>(rbd.listTrash, rbd.freeTrash, pool, 'rbd_trash_image_info_t');
    if (typeof trash === 'number') return trash;
    const snapshots = images.length + trash.length > 0 ? await countSnapshots(pool) : 0;
    if (snapshots < 0) return snapshots;
    return {
      namespace,
      images: images.map((image) => image.name).sort(),
      trash: trash.map((image) => image.name).sort(),
      snapshots,
    };
  }

  async function withObjects(pool: Pool, all: readonly NamespaceContents[]): Promise<PoolContents | number> {
    const foreignObjects: string[] = [];
    const rc = await pool.listObjects((name) => {
      if (!housekeeping.has(name.slice(name.lastIndexOf('/') + 1))) foreignObjects.push(name);
      return foreignObjects.length >= foreignObjectsNamed;
    });
    return rc < 0 ? rc : { namespaces: all, foreignObjects: foreignObjects.sort() };
  }

  /** Nothing where nothing is said of it. */
  async function readDataPool(pool: Pool): Promise<Pick<PoolLook, 'dataPool'> | number> {
    pool.useNamespace('');
    const size = slot<number>(dataPoolNameBytes);
    using memory = allocate('uint8_t', dataPoolNameBytes);
    const rc = await rbd.getMetadata(pool.ioctx, dataPoolKey, memory.pointer, size);
    if (rc === errno.ENOENT) return {};
    // Nothing that is the name of a pool.
    if (rc === errno.ERANGE) return { dataPool: '' };
    if (rc < 0) return rc;
    const bytes = Buffer.from(copyArray<number>(memory.pointer, 'uint8_t', dataPoolNameBytes));
    return { dataPool: bytes.toString('utf8', 0, bytes.indexOf(0)) };
  }

  return {
    async look(pool) {
      const stat = await pool.stat('rbd_info');
      if (stat < 0 && stat !== errno.ENOENT) return stat;
      const names = await namespaces(pool);
      if (typeof names === 'number') return names;
      const images: Record<string, number> = {};
      for (const namespace of ['', ...names]) {
        const count = await countImages(pool, namespace);
        if (count < 0) return count;
        images[namespace] = count;
      }
      const dataPool = await readDataPool(pool);
      if (typeof dataPool === 'number') return dataPool;
      return { initialised: stat === 0, images, ...dataPool };
    },
    async contents(pool, holds) {
      // Erasure-coded pools have no lists of images: whatever is in them is somebody's.
      if (holds === 'data') return withObjects(pool, []);
      const names = await namespaces(pool);
      if (typeof names === 'number') return names;
      const all: NamespaceContents[] = [];
      for (const namespace of ['', ...names]) {
        const contents = await namespaceContents(pool, namespace);
        if (typeof contents === 'number') return contents;
        all.push(contents);
      }
      // Beside images, all their objects would have to be told from foreign ones; and the images block by themselves.
      const isEmpty = all.every(({ images, trash }) => images.length + trash.length === 0);
      return isEmpty ? withObjects(pool, all) : { namespaces: all, foreignObjects: [] };
    },
    async initPool(pool, hasSnapshots) {
      if (!hasSnapshots) {
        const created = await pool.create('rbd_info', snapshotsTried);
        if (created < 0) return created;
      }
      // Never by force: that would tag a pool of another application a second time.
      return rbd.initPool(pool.ioctx, false);
    },
    setDataPool: (pool, dataPool) => rbd.setMetadata(pool.ioctx, dataPoolKey, dataPool),
    createNamespace: (pool, namespace) => rbd.createNamespace(pool.ioctx, namespace),
    removeNamespace: (pool, namespace) => rbd.removeNamespace(pool.ioctx, namespace),
  };
}

/** Names, each ended by a NUL. */
function splitNames(pointer: Pointer, size: number): string[] {
  const bytes = Buffer.from(copyArray<number>(pointer, 'uint8_t', size));
  return bytes
    .toString()
    .split('\0')
    .filter((name) => name !== '')
    .sort();
}
