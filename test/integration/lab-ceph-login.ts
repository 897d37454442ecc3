import koffi from 'koffi';

// A child process of lab-ceph.test.ts: logs in with the librados that it finds, and says which that is.
const librados = koffi.load('librados.so.2');
koffi.load('librbd.so.1');
const create = librados.func(
  'int rados_create2(_Out_ void **cluster, const char *name, const char *user, uint64_t flags)',
);
const set = librados.func('int rados_conf_set(void *cluster, const char *option, const char *value)');
const connect = librados.func('int rados_connect(void *cluster)');
const clusterFsid = librados.func('int rados_cluster_fsid(void *cluster, uint8_t *text, size_t length)');
const shutdown = librados.func('void rados_shutdown(void *cluster)');

export interface LoginOrder {
  readonly entity: string;
  readonly key: string;
  readonly monHost: string;
}

/** `code` is 0 or a negative errno. */
export interface LoginAnswer {
  readonly code: number;
  readonly fsid?: string;
}

function login({ entity, key, monHost }: LoginOrder): LoginAnswer {
  const handle: [unknown] = [null];
  create(handle, 'ceph', entity, 0);
  const [cluster] = handle;
  set(cluster, 'mon_host', monHost);
  set(cluster, 'key', key);
  set(cluster, 'client_mount_timeout', '10');
  const code = connect(cluster);
  if (code !== 0) return { code };
  const text = Buffer.alloc(37);
  const length = clusterFsid(cluster, text, text.length);
  shutdown(cluster);
  return { code, fsid: text.toString('utf8', 0, length) };
}

process.once('message', (order: LoginOrder) => {
  process.send?.(login(order));
  process.disconnect();
});
