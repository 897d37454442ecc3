import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, request } from 'undici';

/** An HTTP proxy for apt that keeps what it has fetched. `url` is what `Acquire::http::Proxy` wants. */
export interface AptProxy extends AsyncDisposable {
  readonly url: string;
}

export interface AptProxyOptions {
  /** The only sites it fetches from, as `http://host/path`; anything else is answered with 403. */
  readonly sites: readonly string[];
  /** Where fetched files are kept. Several proxies may share it. */
  readonly store: string;
  readonly address?: string;
}

// Packages and by-hash indexes never change; only the few entry files (InRelease) do, and a day-old one still
// points at files that the store already holds, so a warm run never waits for the mirror.
const maxEntryAgeMs = 24 * 3600 * 1000;

export async function startAptProxy(options: AptProxyOptions): Promise<AptProxy> {
  const agent = new Agent({ connections: 8, keepAliveTimeout: 30_000, connect: { timeout: 10_000 } });
  const running = new Map<string, Promise<number>>();

  const fetchOnce = (url: string, file: string): Promise<number> => {
    const before = running.get(file);
    if (before !== undefined) return before;
    const started = download(url, file, agent).finally(() => running.delete(file));
    running.set(file, started);
    return started;
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = URL.parse(incoming.url ?? '');
    const site = options.sites.find(
      (each) => url !== null && withoutScheme(url.href).startsWith(`${withoutScheme(each)}/`),
    );
    if (incoming.method !== 'GET' || url === null || site === undefined) {
      response.writeHead(403).end();
      return;
    }
    const file = join(options.store, url.host, url.pathname);
    if (!(await isFresh(file))) {
      const scheme = new URL(site).protocol;
      const status = await fetchOnce(`${scheme}//${withoutScheme(url.href)}`, file).catch(() => 502);
      const stale = await stat(file).catch(() => undefined);
      if (status !== 200 && (stale === undefined || status === 404)) {
        response.writeHead(status).end();
        return;
      }
    }
    const { size, mtime } = await stat(file);
    if (incoming.headers['if-modified-since'] === mtime.toUTCString()) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { 'content-length': size, 'last-modified': mtime.toUTCString() });
    await pipeline(createReadStream(file), response);
  };

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  const address = options.address ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, address, resolve);
  });
  server.unref();
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`Cannot learn the apt proxy's port on ${address}`);

  return {
    url: `http://${address}:${bound.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.close();
    },
  };
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

async function isFresh(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return false;
  return /\/pool\/|\/by-hash\//.test(file) || Date.now() - found.mtimeMs < maxEntryAgeMs;
}

/** Fetches whole files beside their place and renames them into it, so that a reader never sees half of one. */
async function download(url: string, file: string, dispatcher: Agent): Promise<number> {
  const answer = await request(url, { dispatcher, headersTimeout: 30_000, bodyTimeout: 60_000 });
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    return answer.statusCode;
  }
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.${randomUUID()}.part`;
  try {
    const handle = await open(part, 'w');
    await pipeline(Readable.from(answer.body), handle.createWriteStream());
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  return 200;
}
