import type { ConnectCall, Reply } from './broker-protocol.ts';
import { errno } from './broker-protocol.ts';
import { copyText, type Foreign, loadLibrary, type Pointer, slot, written } from './native.ts';

/** src/include/rados/librados.h; the same on every release since Pacific. */
function declare() {
  const foreign = loadLibrary('librados.so.2');
  return {
    create: foreign('int rados_create2(_Out_ void **cluster, str cluster_name, str name, uint64_t flags)'),
    setOption: foreign('int rados_conf_set(void *cluster, str option, const void *value)'),
    connect: foreign('int rados_connect(void *cluster)'),
    shutdown: foreign('void rados_shutdown(void *cluster)'),
    monCommand: foreign(
      'int rados_mon_command(void *cluster, str *cmd, size_t cmdlen, const void *inbuf, size_t inbuflen, _Out_ void **outbuf, _Out_ size_t *outbuflen, _Out_ void **outs, _Out_ size_t *outslen)',
    ),
    monCommandTarget: foreign(
      'int rados_mon_command_target(void *cluster, str name, str *cmd, size_t cmdlen, const void *inbuf, size_t inbuflen, _Out_ void **outbuf, _Out_ size_t *outbuflen, _Out_ void **outs, _Out_ size_t *outslen)',
    ),
    freeBuffer: foreign('void rados_buffer_free(void *buffer)'),
    fsid: foreign('int rados_cluster_fsid(void *cluster, void *buffer, size_t length)'),
    waitForMap: foreign('int rados_wait_for_latest_osdmap(void *cluster)'),
    openPool: foreign('int rados_ioctx_create(void *cluster, str pool, _Out_ void **ioctx)'),
    closePool: foreign('void rados_ioctx_destroy(void *ioctx)'),
    setNamespace: foreign('void rados_ioctx_set_namespace(void *ioctx, str namespace)'),
    stat: foreign('int rados_stat(void *ioctx, str object, _Out_ uint64_t *size, _Out_ int64_t *mtime)'),
    createWrite: foreign('void *rados_create_write_op()'),
    releaseWrite: foreign('void rados_release_write_op(void *op)'),
    writeCreates: foreign('void rados_write_op_create(void *op, int exclusive, str category)'),
    writeFull: foreign('void rados_write_op_write_full(void *op, const void *buffer, size_t length)'),
    operate: foreign('int rados_write_op_operate(void *op, void *ioctx, str object, void *mtime, int flags)'),
    openList: foreign('int rados_nobjects_list_open(void *ioctx, _Out_ void **list)'),
    nextObject: foreign(
      'int rados_nobjects_list_next(void *list, _Out_ str *entry, _Out_ str *key, _Out_ str *namespace)',
    ),
    closeList: foreign('void rados_nobjects_list_close(void *list)'),
  };
}

/** All namespaces at once, when listing (LIBRADOS_ALL_NSPACES). */
const allNamespaces = '\x01';

/** A connection to a cluster. */
export interface Rados {
  readonly fsid: string;
  command(command: string, input?: string): Promise<Reply>;
  commandMonitor(monitor: string, command: string): Promise<Reply>;
  /** Opens a pool, does the work and closes it. A negative errno when it cannot be opened. */
  withPool<T>(pool: string, work: (pool: Pool) => Promise<T>): Promise<T | number>;
  /** Must be called before the process ends, or librados may crash it. */
  shutdown(): Promise<void>;
}

/** An open pool, looking at one namespace at a time. */
export interface Pool {
  readonly ioctx: Pointer;
  /** The empty name is the unnamed one. */
  useNamespace(namespace: string): void;
  /** 0, or a negative errno. */
  stat(object: string): Promise<number>;
  /** Makes an object; no error and no change when it is there. */
  create(object: string, content: string): Promise<number>;
  /** Names of objects in all namespaces as `name` or `namespace/name`, until `enough` says so. */
  listObjects(enough: (name: string) => boolean): Promise<number>;
}

/** Connects. A number is the negative errno of a failure. */
export async function connectRados(call: Omit<ConnectCall, 'op'>): Promise<Rados | number> {
  const rados = declare();
  const clusterSlot = slot<Pointer>();
  const created = rados.create.now(clusterSlot, 'ceph', call.entity, 0);
  if (created < 0) return created;
  const cluster = written(clusterSlot);
  // A failed connect leaves threads behind until this.
  const shutdown = async () => void (await rados.shutdown(cluster));
  const rc = configure(rados.setOption, cluster, call) || (await rados.connect(cluster));
  if (rc < 0) {
    await shutdown();
    return rc;
  }
  const fsid = Buffer.alloc(37);
  await rados.fsid(cluster, fsid, fsid.length);

  async function collect(send: (outputs: readonly unknown[]) => Promise<number>): Promise<Reply> {
    const data = slot<Pointer>();
    const dataLength = slot<number>(0);
    const text = slot<Pointer>();
    const textLength = slot<number>(0);
    const result = await send([data, dataLength, text, textLength]);
    const reply = {
      rc: result,
      data: copyText(data[0], dataLength[0] ?? 0),
      text: copyText(text[0], textLength[0] ?? 0),
    };
    // Also when the command failed.
    for (const buffer of [data[0], text[0]]) if (buffer !== null) rados.freeBuffer.now(buffer);
    return reply;
  }

  return {
    fsid: fsid.toString('latin1', 0, 36),
    command(command, input = '') {
      const bytes = Buffer.from(input);
      return collect((outputs) => rados.monCommand(cluster, [command], 1, bytes, bytes.length, ...outputs));
    },
    commandMonitor(monitor, command) {
      return collect((outputs) => rados.monCommandTarget(cluster, monitor, [command], 1, null, 0, ...outputs));
    },
    async withPool(pool, work) {
      // A mark that was just set opens a pool only to those who know of it, OSDs among them.
      const updated = await rados.waitForMap(cluster);
      if (updated < 0) return updated;
      const ioctxSlot = slot<Pointer>();
      const opened = await rados.openPool(cluster, pool, ioctxSlot);
      if (opened < 0) return opened;
      const ioctx = written(ioctxSlot);
      try {
        return await work({
          ioctx,
          useNamespace: (namespace) => void rados.setNamespace.now(ioctx, namespace),
          stat: (object) => rados.stat(ioctx, object, slot<number>(0), slot<number>(0)),
          create: (object, content) => createObject(rados, ioctx, object, content),
          listObjects: (enough) => listObjects(rados, ioctx, enough),
        });
      } finally {
        await rados.closePool(ioctx);
      }
    },
    shutdown,
  };
}

function configure(setOption: Foreign, cluster: Pointer, call: Omit<ConnectCall, 'op'>): number {
  const options: readonly (readonly [name: string, value: string])[] = [
    ['mon_host', call.monHost],
    ['key', call.key],
    ['client_mount_timeout', String(call.timeouts.connectSeconds)],
    ['rados_mon_op_timeout', String(call.timeouts.monSeconds)],
    ['rados_osd_op_timeout', String(call.timeouts.osdSeconds)],
    // A refused login would spill to standard error otherwise.
    ['log_to_stderr', 'false'],
    ['err_to_stderr', 'false'],
  ];
  for (const [name, value] of options) {
    const bytes = Buffer.from(`${value}\0`);
    const rc = setOption.now(cluster, name, bytes);
    bytes.fill(0);
    if (rc < 0) return rc;
  }
  return 0;
}

async function createObject(
  rados: ReturnType<typeof declare>,
  ioctx: Pointer,
  object: string,
  content: string,
): Promise<number> {
  const operation = rados.createWrite.now<Pointer>();
  const bytes = Buffer.from(content);
  try {
    rados.writeCreates.now(operation, 1, null);
    rados.writeFull.now(operation, bytes, bytes.length);
    const rc = await rados.operate(operation, ioctx, object, null, 0);
    return rc === errno.EEXIST ? 0 : rc;
  } finally {
    rados.releaseWrite.now(operation);
  }
}

async function listObjects(
  rados: ReturnType<typeof declare>,
  ioctx: Pointer,
  enough: (name: string) => boolean,
): Promise<number> {
  rados.setNamespace.now(ioctx, allNamespaces);
  const listSlot = slot<Pointer>();
  const opened = await rados.openList(ioctx, listSlot);
  if (opened < 0) return opened;
  const list = written(listSlot);
  try {
    for (;;) {
      const name = slot<string>();
      const namespace = slot<string>();
      const rc = await rados.nextObject(list, name, slot<string>(), namespace);
      if (rc === errno.ENOENT) return 0;
      if (rc < 0) return rc;
      if (enough(namespace[0] ? `${namespace[0]}/${name[0]}` : (name[0] ?? ''))) return 0;
    }
  } finally {
    rados.closeList.now(list);
    rados.setNamespace.now(ioctx, '');
  }
}
