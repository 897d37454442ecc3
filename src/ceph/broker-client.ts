import { type ChildProcess, spawn } from 'node:child_process';
import { abandonable } from '../abandonable.ts';
import { Waiting } from '../errors.ts';
import { createGate, type Gate } from '../gate.ts';
import type { Call, ConnectCall, NativeTimeouts, Reply, Request, Response } from './broker-protocol.ts';
import type { Connection } from './connection.ts';
import { createOutbox } from './outbox.ts';

export interface BrokerOptions {
  /** A root directory to run the child in, whose librados and librbd it loads. Left out: the machine's own. */
  readonly root?: string;
  /** Deadlines of the native library. */
  readonly timeouts?: NativeTimeouts;
  /** How much longer than the library's own deadline a call may take before the child counts as hung. Default: 5000. */
  readonly graceMs?: number;
  /** How long the child may have nothing to do before it ends. Default: 300000. */
  readonly idleMs?: number;
  readonly onIdle?: () => void;
}

/** The child process that talks to one cluster as one user. It is started when needed, and again when it died. */
export interface Broker extends AsyncDisposable {
  /**
   * Makes a call. Throws Waiting (`CephUnreachable`) when the child cannot be reached, died or hung;
   * `connected` checks the answer to the first call of each child, and throws what it likes.
   */
  call(call: Exclude<Call, ConnectCall>, signal: AbortSignal): Promise<Reply>;
  /** Lets calls in flight end and starts afresh for the next: caps that were changed apply to new sessions only. */
  renew(): void;
  /** The running child's process id. */
  readonly pid: number | undefined;
}

export const defaultTimeouts: NativeTimeouts = { connectSeconds: 10, monSeconds: 15, osdSeconds: 30 };

/** Calls in flight. Together they are the child's threads: one that hangs on an OSD must not hold up the monitors. */
const monCalls = 32;
const osdCalls = 24;

/** How soon after a failed start the next is tried, so that many waiting for one cluster do not start one each. */
const restartDelayMs = 1_000;

interface Session {
  readonly child: ChildProcess;
  readonly say: (request: Request) => void;
  readonly pending: Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>;
  retired: boolean;
}

const childPath = new URL(import.meta.url.endsWith('.ts') ? './broker.ts' : './broker.js', import.meta.url).pathname;

export function createBroker(
  connection: Connection,
  options: BrokerOptions,
  connected: (reply: Reply) => void,
): Broker {
  const timeouts = options.timeouts ?? defaultTimeouts;
  const graceMs = options.graceMs ?? 5_000;
  const gates: Record<'mon' | 'osd', Gate> = { mon: createGate(monCalls), osd: createGate(osdCalls) };
  let current: Promise<Session> | undefined;
  let live: Session | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let nextId = 1;
  let idleTimer: NodeJS.Timeout | undefined;
  let busy = 0;
  const children = new Set<ChildProcess>();

  async function open(): Promise<Session> {
    const session = startChild(options.root, children);
    live = session;
    session.child.once('exit', () => {
      if (live === session) {
        live = undefined;
        current = undefined;
      }
    });
    const { monHost, entity, key } = connection;
    try {
      const reply = await send(session, { op: 'connect', monHost, entity, key: key.reveal(), timeouts });
      connected(reply);
      return session;
    } catch (error) {
      retire(session);
      throw error;
    }
  }

  function session(): Promise<Session> {
    if (current !== undefined) return current;
    if (failure !== undefined && performance.now() - failure.at < restartDelayMs) return Promise.reject(failure.error);
    const opening = open();
    current = opening;
    opening.catch((error: unknown) => {
      failure = { error, at: performance.now() };
      if (current === opening) current = undefined;
    });
    return opening;
  }

  function retire(session: Session): void {
    session.retired = true;
    if (live === session) {
      live = undefined;
      current = undefined;
    }
    if (session.pending.size === 0 && session.child.connected) session.child.disconnect();
  }

  function send(session: Session, call: Call): Promise<Reply> {
    const id = nextId++;
    const deadlineMs = nativeDeadlineMs(call, timeouts) + graceMs;
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => session.child.kill('SIGKILL'), deadlineMs);
      const settle = () => {
        clearTimeout(timer);
        session.pending.delete(id);
        if (session.retired && session.pending.size === 0 && session.child.connected) session.child.disconnect();
      };
      session.pending.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      session.say({ id, call });
    });
  }

  async function perform(call: Call, signal: AbortSignal): Promise<Reply> {
    clearTimeout(idleTimer);
    busy += 1;
    try {
      using _place = await gates[call.op === 'mon' || call.op === 'tell-mon' ? 'mon' : 'osd'].enter(signal);
      return await send(await session(), call);
    } finally {
      rest();
    }
  }

  function rest(): void {
    busy -= 1;
    if (busy > 0) return;
    idleTimer = setTimeout(() => {
      if (live !== undefined) retire(live);
      options.onIdle?.();
    }, options.idleMs ?? 300_000);
    idleTimer.unref();
  }

  return {
    // The place is held until the native call has ended, however long its caller waited.
    call: (call, signal) => abandonable(perform(call, signal), signal),
    renew() {
      if (live !== undefined) retire(live);
    },
    get pid() {
      return live?.child.pid;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(idleTimer);
      failure = { error: new Waiting('CephUnreachable', 'The operator is stopping'), at: Number.POSITIVE_INFINITY };
      const ends = [...children].map((child) => ended(child));
      if (live !== undefined) retire(live);
      for (const child of children) if (child.connected) child.disconnect();
      await Promise.all(ends);
    },
  };
}

/** What the library may take by itself until it gives up, with several steps in some calls. */
function nativeDeadlineMs(call: Call, timeouts: NativeTimeouts): number {
  switch (call.op) {
    case 'connect':
      return timeouts.connectSeconds * 1_000;
    case 'mon':
    case 'tell-mon':
      return timeouts.monSeconds * 1_000;
    case 'look':
    case 'set-data-pool':
    case 'create-namespace':
    case 'remove-namespace':
      return (timeouts.monSeconds + timeouts.osdSeconds) * 1_000;
    case 'init-pool':
    case 'contents':
      return (timeouts.monSeconds + timeouts.osdSeconds) * 3_000;
  }
}

function startChild(root: string | undefined, children: Set<ChildProcess>): Session {
  const node = [process.execPath, childPath];
  const [command = '', ...args] = root === undefined ? node : ['chroot', root, ...node];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    cwd: '/',
    // Nothing of ours is passed on; librados would read CEPH_ARGS.
    env: { PATH: process.env.PATH ?? '', UV_THREADPOOL_SIZE: String(monCalls + osdCalls) },
  });
  children.add(child);
  // A child that cannot be written to is ending, and its end rejects all that is pending.
  const say = createOutbox<Request>((requests) => child.send(requests as Request[], () => {}));
  const session: Session = { child, say, pending: new Map(), retired: false };
  child.on('message', (responses: readonly Response[]) => {
    for (const response of responses) {
      const pending = session.pending.get(response.id);
      if ('reply' in response) pending?.resolve(response.reply);
      else pending?.reject(new Error(`The Ceph client failed: ${response.fault}`));
    }
  });
  const fail = (how: string) => {
    children.delete(child);
    for (const { reject } of [...session.pending.values()]) {
      reject(
        new Waiting('CephUnreachable', `The Ceph client process ${how}; it is started again.`, { retryAfterMs: 1_000 }),
      );
    }
  };
  child.once('error', (error) => fail(`cannot be started: ${error.message}`));
  child.once('exit', (code, signal) =>
    fail(signal === 'SIGKILL' ? 'was killed' : `ended (${signal ?? `code ${code}`})`),
  );
  return session;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
