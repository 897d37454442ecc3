import type { Duplex } from 'node:stream';
import type ssh2 from 'ssh2';
import { abandonable } from '../abandonable.ts';
import { createGate } from '../gate.ts';
import { type Login, logIn, unreachable } from './ssh-login.ts';

/** sshd allows ten sessions on one connection (MaxSessions); two scripts are all that a host ever has at once. */
const scriptsPerHost = 2;

export interface LineOptions {
  /** How long it stays open when nobody uses it. */
  readonly idleMs: number;
  /** How long logging in to the jump host and its way from there may take. */
  readonly throughTimeoutMs: number;
}

/** One logged-in connection, shared by all that use the same target; closed when nobody has used it for a while. */
export class Line {
  readonly #login: Login;
  readonly #jump: Line | undefined;
  readonly #options: LineOptions;
  readonly #closed: () => void;
  readonly #gate = createGate(scriptsPerHost);
  #client: Promise<ssh2.Client> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(login: Login, jump: Line | undefined, options: LineOptions, closed: () => void) {
    this.#login = login;
    this.#jump = jump;
    this.#options = options;
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
      const opening = new Promise<Duplex>((resolve, reject) =>
        client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => (error ? reject(error) : resolve(stream))),
      );
      // One that comes after all, when nobody waits for it, would stay open.
      opening.then((channel) => signal.aborted && channel.destroy()).catch(() => undefined);
      const channel = await abandonable(opening, signal);
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
    return abandonable(this.#client, signal);
  }

  #logIn(): Promise<ssh2.Client> {
    const never = new AbortController().signal;
    const jump = this.#jump;
    const { address, port, label } = this.#login;
    const openSocket = jump && (() => openThrough(jump, address, port, label, this.#options.throughTimeoutMs));
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
      this.#idle = setTimeout(() => this.close(), this.#options.idleMs).unref();
    }
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#client?.then(hangUp).catch(() => undefined);
    this.#client = undefined;
    this.#closed();
  }
}

/**
 * Without a goodbye: a host that is gone would never take it, its socket would keep this process alive, and ssh2 does
 * not destroy a socket that it has ended.
 */
function hangUp(client: ssh2.Client): void {
  client.destroy();
}

/** A jump host's kernel tries for two minutes to reach a machine that is off; ssh2 begins to count only afterwards. */
async function openThrough(jump: Line, address: string, port: number, label: string, timeoutMs: number) {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return await jump.through(address, port, deadline);
  } catch (error) {
    if (error === deadline.reason) throw unreachable(label, 'it did not answer the jump host in time', error);
    if (error instanceof Error && error.message.startsWith('(SSH) Channel open failure')) {
      throw unreachable(label, 'the jump host does not get through to it', error);
    }
    throw error;
  }
}
