import { createHash } from 'node:crypto';
import { getSystemErrorName } from 'node:util';
import { Invalid, Waiting } from '../errors.ts';
import { cephCallSeconds, timed } from '../metrics.ts';
import { type Broker, type BrokerOptions, createBroker } from './broker-client.ts';
import { type Call, type ConnectCall, errno, type Reply } from './broker-protocol.ts';
import type { Connection } from './connection.ts';
import { printable } from './printable.ts';
import { createSharedReads, type SharedReads } from './shared-reads.ts';

/** A command for the monitors. Types matter: a CephInt is a number, a CephString a string, a CephBool a boolean. */
export interface MonCommand {
  readonly prefix: string;
  readonly [argument: string]: string | number | boolean | readonly string[];
}

/** Ceph said no. `rc` is a negative errno; the text is not to be relied on, it differs by release. */
export class CephError extends Error {
  override readonly name = 'CephError';
  readonly rc: number;

  constructor(what: string, rc: number, text: string) {
    super(`Ceph refused ${what}${text === '' ? '' : `: ${text}`} (${errorName(rc)}).`);
    this.rc = rc;
  }
}

/** One user's access to one cluster. Every method throws Waiting or Invalid when the cluster is not to be had. */
export interface Cluster {
  readonly fsid: string;
  readonly monHost: string;
  /** The user it works as. */
  readonly entity: string;
  /** Sends a command that changes nothing and gives what it printed. Throws CephError. */
  read(command: MonCommand, signal: AbortSignal): Promise<string>;
  /** Sends a command that changes something, and lets nobody see an older state from now on. Throws CephError. */
  write(command: MonCommand, options: { readonly input?: string }, signal: AbortSignal): Promise<string>;
  /** Does something in a pool; `what` is for the sentence of a refusal. Throws CephError. */
  inPool<T>(call: PoolCall, what: string, signal: AbortSignal): Promise<T>;
  /**
   * One read, parsed once, for all who ask for it at about the same time; of one monitor if `monitor` is given.
   * The command's first word is its topic: a write of the same topic makes it stale.
   */
  shared<T>(query: SharedQuery<T>, signal: AbortSignal): Promise<T>;
  /** Makes the next reads fresh, before something is decided that cannot be taken back. */
  refresh(): void;
  /** The child process, for tests of its death. */
  readonly brokerPid: number | undefined;
}

export interface SharedQuery<T> {
  readonly command: MonCommand;
  readonly monitor?: string;
  parse(json: unknown): T;
}

type Request = Exclude<Call, ConnectCall>;
export type PoolCall = Exclude<Call, ConnectCall | { readonly op: 'mon' | 'tell-mon' }>;

/** All clusters in use: one child process for each connection, however many resources share it. */
export interface Clusters extends AsyncDisposable {
  get(connection: Connection): Cluster;
}

export function createClusters(options: BrokerOptions = {}): Clusters {
  const clusters = new Map<string, { readonly cluster: Cluster; readonly broker: Broker }>();
  return {
    get(connection) {
      const identity = [connection.monHost, connection.entity, connection.fsid, connection.key.reveal()].join('\n');
      const id = createHash('sha256').update(identity).digest('hex');
      const found = clusters.get(id);
      if (found) return found.cluster;
      const broker = createBroker(connection, { ...options, onIdle: () => clusters.delete(id) }, (reply) =>
        checkConnected(reply, connection),
      );
      const cluster = createCluster(connection, broker);
      clusters.set(id, { cluster, broker });
      return cluster;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...clusters.values()].map(({ broker }) => broker[Symbol.asyncDispose]()));
    },
  };
}

function checkConnected({ rc, value }: Reply, { monHost, entity, fsid }: Connection): void {
  if (rc === errno.ETIMEDOUT) throw new Waiting('CephUnreachable', `No monitor answers at ${monHost}.`);
  if (rc === errno.ENOENT) throw new Waiting('CephUnreachable', `No address is known for the monitors at ${monHost}.`);
  if (rc === errno.EACCES || rc === errno.EINVAL || rc === errno.EPERM) {
    const message = `The monitors at ${monHost} refuse the key of ${entity}: correct userID and userKey in the connection Secret.`;
    throw new Waiting('CephAccessDenied', message, { retryAfterMs: 30_000 });
  }
  if (rc < 0) throw new Waiting('CephUnreachable', `Cannot connect to the monitors at ${monHost} (${errorName(rc)}).`);
  if (value !== fsid) {
    const message = `The cluster at ${monHost} is ${String(value)}, while the connection Secret says ${fsid}: correct one of the two.`;
    throw new Invalid('WrongCluster', message);
  }
}

/** How often a refusal may start a new session, to see whether its caps were widened. */
const renewEveryMs = 10_000;

function createCluster(connection: Connection, broker: Broker): Cluster {
  const { entity, monHost, fsid } = connection;
  let renewedAt = Number.NEGATIVE_INFINITY;

  /** `command` is for metrics, `what` for sentences. */
  function call(request: Request, command: string, what: string, signal: AbortSignal): Promise<Reply> {
    return timed(cephCallSeconds, { command }, () => accepted(request, what, signal), resultOf);
  }

  async function accepted(request: Request, what: string, signal: AbortSignal): Promise<Reply> {
    const reply = await broker.call(request, signal);
    if (reply.rc >= 0) return reply;
    if (reply.rc === errno.ETIMEDOUT) {
      const whom = request.op === 'mon' || request.op === 'tell-mon' ? `The monitors at ${monHost}` : 'The OSDs';
      throw new Waiting('CephUnreachable', `${whom} did not answer ${what} in time.`);
    }
    if (reply.rc === errno.ENOTCONN) throw new Waiting('CephUnreachable', `The connection to ${monHost} was lost.`);
    // OSDs say EPERM where monitors say EACCES; but monitors say EPERM for much else.
    if (
      reply.rc === errno.EACCES ||
      (reply.rc === errno.EPERM && (request.op === 'look' || request.op === 'contents'))
    ) {
      if (performance.now() - renewedAt > renewEveryMs) {
        renewedAt = performance.now();
        broker.renew();
      }
      const message = `Ceph denies ${what} to ${entity}: give it the caps that "ceph-openstack-operator caps" prints.`;
      throw new Waiting('CephAccessDenied', message, { retryAfterMs: 15_000 });
    }
    throw new CephError(what, reply.rc, printable(reply.text, 300));
  }

  const send = async (command: MonCommand, input: string | undefined, signal: AbortSignal) => {
    const text = JSON.stringify({ format: 'json', ...command });
    const request = input === undefined ? { command: text } : { command: text, input };
    const reply = await call({ op: 'mon', ...request }, command.prefix, `"${command.prefix}"`, signal);
    return reply.data;
  };

  const tell = async (monitor: string, command: MonCommand, signal: AbortSignal) => {
    const text = JSON.stringify({ format: 'json', ...command });
    const reply = await call({ op: 'tell-mon', monitor, command: text }, command.prefix, `"${command.prefix}"`, signal);
    return reply.data;
  };

  const shared: SharedReads = createSharedReads();

  return {
    fsid,
    monHost,
    entity,
    read: (command, signal) => send(command, undefined, signal),
    async write(command, { input }, signal) {
      const topic = topicOf(command);
      shared.expire(topic);
      try {
        return await send(command, input, signal);
      } finally {
        shared.expire(topic);
      }
    },
    async inPool<T>(request: PoolCall, what: string, signal: AbortSignal) {
      // Initialising a pool enables an application: a change of the map of OSDs.
      if (request.op === 'init-pool') shared.expire('osd');
      const reply = await call(request, request.op, what, signal);
      if (request.op === 'init-pool') shared.expire('osd');
      return reply.value as T;
    },
    shared<T>({ command, monitor, parse }: SharedQuery<T>, signal: AbortSignal) {
      const read = async (ownSignal: AbortSignal): Promise<T> => {
        const text = await (monitor === undefined
          ? send(command, undefined, ownSignal)
          : tell(monitor, command, ownSignal));
        return parse(JSON.parse(text));
      };
      return shared.read(topicOf(command), JSON.stringify([monitor, command]), read, signal);
    },
    refresh: () => shared.expireAll(),
    get brokerPid() {
      return broker.pid;
    },
  };
}

/** For metrics. */
function resultOf(error: unknown): 'refused' | 'failed' {
  const isDenied = error instanceof Waiting && error.reason === 'CephAccessDenied';
  return isDenied || error instanceof CephError ? 'refused' : 'failed';
}

function topicOf(command: MonCommand): string {
  return command.prefix.split(' ', 1)[0] ?? '';
}

function errorName(rc: number): string {
  try {
    return getSystemErrorName(rc);
  } catch {
    return `error ${-rc}`;
  }
}
