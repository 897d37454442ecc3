import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type ssh2 from 'ssh2';
import type { Secret } from '../secret.ts';
import { createGate, type Gate } from './gate.ts';
import type { ContentCache, HostTarget, ScriptOutput, ScriptRequest, SshConnection } from './ssh-access.ts';
import { type Login, logIn, unreachable } from './ssh-login.ts';
import { runScript } from './ssh-script.ts';

const cacheBytes = 64 * 1024 * 1024;
/** sshd allows ten sessions on one connection (MaxSessions); two scripts are all that a host ever has at once. */
const scriptsPerHost = 2;

/** One per operator process. `connection` only describes: it connects when the first script runs. */
export class SshPool implements AsyncDisposable {
  readonly #lines = new Map<string, Line>();
  readonly #contents = new Map<string, { sha256: string; content: Secret }>();
  readonly #gate: Gate;
  readonly #idleMs: number;
  #contentBytes = 0;

  constructor(options: { readonly concurrency?: number; readonly idleMs?: number } = {}) {
    this.#gate = createGate(options.concurrency ?? 64);
    this.#idleMs = options.idleMs ?? 60_000;
  }

  /** The same target (address, port, user, key, known hosts) gives the same connection. */
  connection(target: HostTarget): SshConnection {
    const { access } = target;
    const port = target.port ?? access.port;
    const login: Login = {
      label: `Host "${target.name}" (${target.address}:${port})`,
      names: [target.address, target.name],
      address: target.address,
      port,
      user: access.user,
      access,
      ...(target.hostKeyFingerprint === undefined ? {} : { fingerprint: target.hostKeyFingerprint }),
    };
    const jump = access.jump;
    const jumpLogin: Login | undefined = jump && {
      label: `Jump host ${jump.address}:${jump.port}`,
      names: [jump.address],
      ...jump,
      access,
    };
    const key = lineKey(login, jumpLogin);
    return {
      name: target.name,
      contents: this.#cacheOf(key),
      run: (request, signal) => this.#run(key, login, jumpLogin, request, signal),
    };
  }

  async #run(
    key: string,
    login: Login,
    jump: Login | undefined,
    request: ScriptRequest,
    signal: AbortSignal,
  ): Promise<ScriptOutput> {
    const line = this.#line(key, login, jump);
    return await line.use(async (client) => {
      using _permit = await this.#gate.enter(signal);
      return await runScript(client, login, request, signal);
    }, signal);
  }

  #line(key: string, login: Login, jump: Login | undefined): Line {
    const found = this.#lines.get(key);
    if (found !== undefined) {
      return found;
    }
    const jumpLine = jump && this.#line(lineKey(jump, undefined), jump, undefined);
    const line = new Line(login, jumpLine, this.#idleMs, () => this.#lines.delete(key));
    this.#lines.set(key, line);
    return line;
  }

  #cacheOf(key: string): ContentCache {
    // Keyed by host as well as by hash: a host that claimed another's hash would be shown the other's file.
    const id = (path: string) => `${key} ${path}`;
    return {
      hash: (path) => this.#contents.get(id(path))?.sha256,
      get: (path, sha256) => {
        const found = this.#contents.get(id(path));
        return found?.sha256 === sha256 ? found.content : undefined;
      },
      set: (path, sha256, content) => {
        this.#forget(id(path));
        this.#contents.set(id(path), { sha256, content });
        this.#contentBytes += content.reveal().length;
        for (const oldest of this.#contents.keys()) {
          if (this.#contentBytes <= cacheBytes) {
            break;
          }
          this.#forget(oldest);
        }
      },
    };
  }

  #forget(id: string): void {
    this.#contentBytes -= this.#contents.get(id)?.content.reveal().length ?? 0;
    this.#contents.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#lines.values()) {
      line.close();
    }
    this.#lines.clear();
    this.#contents.clear();
  }
}

function lineKey(login: Login, jump: Login | undefined): string {
  const parts = [login, jump].map((end) =>
    end === undefined
      ? null
      : [
          end.names,
          end.port,
          end.user,
          end.fingerprint ?? null,
          end.access.privateKey.fingerprint(),
          end.access.knownHosts,
        ],
  );
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** One logged-in connection, shared by all that use the same target; closed when nobody has used it for a while. */
class Line {
  readonly #login: Login;
  readonly #jump: Line | undefined;
  readonly #idleMs: number;
  readonly #closed: () => void;
  readonly #gate = createGate(scriptsPerHost);
  #client: Promise<ssh2.Client> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(login: Login, jump: Line | undefined, idleMs: number, closed: () => void) {
    this.#login = login;
    this.#jump = jump;
    this.#idleMs = idleMs;
    this.#closed = closed;
  }

  async use<T>(work: (client: ssh2.Client) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#hold();
    try {
      using _permit = await this.#gate.enter(signal);
      return await work(await this.#connect(signal));
    } finally {
      this.#release();
    }
  }

  /** A way through this machine to another. It keeps this connection open while it lasts. */
  async through(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
    this.#hold();
    try {
      const client = await this.#connect(signal);
      const channel = await new Promise<Duplex>((resolve, reject) =>
        client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => (error ? reject(error) : resolve(stream))),
      );
      channel.once('close', () => this.#release());
      return channel;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #connect(signal: AbortSignal): Promise<ssh2.Client> {
    // One login for all that wait; it goes on when the first of them gives up, bounded by its own deadlines.
    this.#client ??= this.#logIn();
    return abortable(this.#client, signal);
  }

  #logIn(): Promise<ssh2.Client> {
    const never = new AbortController().signal;
    const jump = this.#jump;
    const { address, port, label } = this.#login;
    const openSocket = jump && (() => openThrough(jump, address, port, label, never));
    const client = logIn(this.#login, openSocket, never);
    const forget = () => {
      if (this.#client === client) {
        this.#client = undefined;
      }
    };
    client.then((open) => open.once('close', forget), forget);
    return client;
  }

  #hold(): void {
    this.#users += 1;
    clearTimeout(this.#idle);
  }

  #release(): void {
    this.#users -= 1;
    if (this.#users === 0) {
      this.#idle = setTimeout(() => this.close(), this.#idleMs).unref();
    }
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#client?.then(hangUp).catch(() => undefined);
    this.#client = undefined;
    this.#closed();
  }
}

/** A host that is gone would never answer the goodbye, and its socket would keep this process alive. */
function hangUp(client: ssh2.Client): void {
  client.end();
  setTimeout(() => client.destroy(), 1_000).unref();
}

async function openThrough(jump: Line, address: string, port: number, label: string, signal: AbortSignal) {
  try {
    return await jump.through(address, port, signal);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('(SSH) Channel open failure')) {
      throw unreachable(label, 'the jump host does not get through to it', error);
    }
    throw error;
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
