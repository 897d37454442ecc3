import { createHash } from 'node:crypto';
import { createGate, type Gate } from '../gate.ts';
import { sshExecSeconds, timed } from '../metrics.ts';
import type { Secret } from '../secret.ts';
import type { ContentCache, HostTarget, ScriptOutput, ScriptRequest, SshConnection } from './ssh-access.ts';
import { Line, type LineOptions } from './ssh-line.ts';
import { type Login, loginTimeoutMs } from './ssh-login.ts';
import { runScript } from './ssh-script.ts';

const cacheBytes = 64 * 1024 * 1024;

/** One per operator process. `connection` only describes: it connects when the first script runs. */
export class SshPool implements AsyncDisposable {
  readonly #lines = new Map<string, Line>();
  readonly #contents = new Map<string, { sha256: string; content: Secret }>();
  readonly #gate: Gate;
  readonly #lineOptions: LineOptions;
  #contentBytes = 0;

  constructor(options: { readonly concurrency?: number } & Partial<LineOptions> = {}) {
    this.#gate = createGate(options.concurrency ?? 64);
    const { idleMs = 60_000, throughTimeoutMs = 2 * loginTimeoutMs } = options;
    this.#lineOptions = { idleMs, throughTimeoutMs };
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
      return await timed(sshExecSeconds, { script: request.purpose }, () => runScript(client, login, request, signal));
    }, signal);
  }

  #line(key: string, login: Login, jump: Login | undefined): Line {
    const found = this.#lines.get(key);
    if (found !== undefined) {
      return found;
    }
    const jumpLine = jump && this.#line(lineKey(jump, undefined), jump, undefined);
    const line = new Line(login, jumpLine, this.#lineOptions, () => this.#lines.delete(key));
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
