import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as requestUpstream } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeSigned, writeKubeconfig } from './certificates.ts';
import type { Kube } from './kube.ts';

/**
 * What goes wrong with a request.
 *
 * - `drop`: the connection is cut.
 * - `half-open`: it is swallowed; no answer ever comes and the connection stays open.
 * - `status`: this HTTP status is answered with a Kubernetes Status as body; 429 wants `retryAfterSeconds`.
 * - `gone`: the resource version is too old: 410, for a watch as an ERROR event in a stream that then ends.
 * - `truncate`: the answer ends in the middle of its JSON, cleanly for HTTP.
 * - `slow`: it is forwarded only after `delayMs`.
 */
export type Fault =
  | { readonly kind: 'drop' | 'half-open' | 'gone' | 'truncate' }
  | { readonly kind: 'status'; readonly code: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'slow'; readonly delayMs: number };

/** What can happen to a stream that is open already. */
export type StreamFault = 'drop' | 'half-open' | 'gone' | 'truncate' | 'end';

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly isWatch: boolean;
}

type Match = (request: ProxiedRequest) => boolean;

/** A fault that is switched on until it is disposed of. */
export interface Injection extends Disposable {
  /** How many requests it has hit. */
  readonly hits: number;
}

/** A TLS proxy before the API server, which passes everything on until a fault is switched on. */
export interface FaultProxy extends AsyncDisposable {
  readonly server: string;
  /** All requests that came in, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** Connections that are open now, and how many there have been in all. */
  connections(): { readonly open: number; readonly total: number };
  /** A copy of a kubeconfig that goes through the proxy. It must log in by token: a certificate cannot be passed on. */
  kubeconfig(original: string): Promise<string>;
  /** Lets requests that come in from now on fail: those that `match` (default: all), at most `times` of them (default: no limit). */
  inject(fault: Fault, options?: { match?: Match; times?: number }): Injection;
  /** Disturbs the exchanges that are open now and `match` (default: the watches). Gives how many there were. */
  disturb(fault: StreamFault, match?: Match): number;
  /** Cuts every connection, with what is on its way. */
  dropAll(): void;
}

interface Exchange extends ProxiedRequest {
  readonly response: ServerResponse;
  upstream?: ClientRequest;
  answer?: IncomingMessage;
}

interface ActiveFault {
  readonly fault: Fault;
  readonly match: Match;
  left: number;
  hits: number;
}

/** Starts a proxy before the API server of `kube`, at a port of its own. */
export async function startFaultProxy(kube: Kube): Promise<FaultProxy> {
  const name = `proxy-${randomBytes(3).toString('hex')}`;
  const serving = await makeSigned(kube.folder, name, '/CN=fault-proxy', kube.authority, [
    'IP:127.0.0.1',
    'DNS:localhost',
  ]);
  const [cert, key] = await Promise.all([readFile(serving.certFile), readFile(serving.keyFile)]);

  const agent = new Agent({ keepAlive: true, ca: await readFile(kube.authority.certFile) });

  const requests: ProxiedRequest[] = [];
  const faults: ActiveFault[] = [];
  const open = new Set<Exchange>();
  let connectionsOpen = 0;
  let connectionsTotal = 0;

  const server = createServer({ cert, key, keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    const { method = 'GET', url = '/' } = request;
    const exchange: Exchange = { method, url, isWatch: /[?&]watch=(true|1)/.test(url), response };
    requests.push({ method, url, isWatch: exchange.isWatch });
    open.add(exchange);
    response.once('close', () => {
      open.delete(exchange);
      exchange.upstream?.destroy();
    });
    const active = faults.find(({ left, match }) => left > 0 && match(exchange));
    if (active !== undefined) {
      active.left -= 1;
      active.hits += 1;
    }
    fail(exchange, request, active?.fault);
  });
  server.on('connection', (socket) => {
    connectionsOpen += 1;
    connectionsTotal += 1;
    socket.once('close', () => {
      connectionsOpen -= 1;
    });
  });
  server.on('tlsClientError', () => {});

  function fail(exchange: Exchange, request: IncomingMessage, fault: Fault | undefined): void {
    switch (fault?.kind) {
      case 'drop':
        request.socket.destroy();
        return;
      case 'half-open':
        request.resume();
        return;
      case 'status':
        request.resume();
        answerStatus(exchange.response, fault.code, fault.retryAfterSeconds);
        return;
      case 'gone':
        request.resume();
        if (exchange.isWatch) exchange.response.end(goneEvent);
        else answerStatus(exchange.response, 410);
        return;
      case 'slow':
        setTimeout(() => forward(exchange, request, false), fault.delayMs).unref();
        return;
      default:
        forward(exchange, request, fault?.kind === 'truncate');
    }
  }

  function forward(exchange: Exchange, request: IncomingMessage, truncated: boolean): void {
    const { response } = exchange;
    if (response.destroyed) return;
    const upstream = requestUpstream(
      new URL(exchange.url, kube.server),
      { method: exchange.method, headers: { ...request.headers, host: new URL(kube.server).host }, agent },
      (answer) => {
        exchange.answer = answer;
        // One that breaks off there breaks off here.
        answer.once('error', () => response.destroy());
        const { 'content-length': _, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, truncated ? headers : answer.headers);
        if (truncated) answer.once('data', (chunk: Buffer) => response.end(chunk.subarray(0, chunk.length / 2)));
        else answer.pipe(response);
        // Or a watch's headers would wait for its first event.
        response.flushHeaders();
      },
    );
    exchange.upstream = upstream;
    upstream.once('error', () => response.destroy());
    request.pipe(upstream);
  }

  function disturb(exchange: Exchange, fault: StreamFault): void {
    exchange.answer?.unpipe(exchange.response);
    // What still comes from there is thrown away, so that the API server notices nothing either.
    exchange.answer?.resume();
    if (fault === 'drop') exchange.response.destroy();
    if (fault === 'end') exchange.response.end();
    if (fault === 'gone') exchange.response.end(goneEvent);
    if (fault === 'truncate') exchange.response.end('{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Conf');
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = `https://127.0.0.1:${port}`;

  return {
    server: address,
    requests,
    connections: () => ({ open: connectionsOpen, total: connectionsTotal }),
    async kubeconfig(original) {
      const config = JSON.parse(await readFile(original, 'utf8'));
      const token: unknown = config.users[0].user.token;
      if (typeof token !== 'string') {
        throw new Error(
          `Cannot use "${original}" through a proxy: it logs in by certificate; take one of serviceAccountKubeconfig()`,
        );
      }
      return writeKubeconfig(join(kube.folder, `${name}-${randomBytes(3).toString('hex')}.kubeconfig`), {
        server: address,
        authorityFile: kube.authority.certFile,
        as: { token },
        namespace: config.contexts[0].context.namespace,
      });
    },
    inject(fault, { match = () => true, times = Number.POSITIVE_INFINITY } = {}) {
      const active: ActiveFault = { fault, match, left: times, hits: 0 };
      faults.unshift(active);
      return {
        get hits() {
          return active.hits;
        },
        [Symbol.dispose]() {
          faults.splice(faults.indexOf(active), 1);
        },
      };
    },
    disturb(fault, match = ({ isWatch }) => isWatch) {
      const hit = [...open].filter(match);
      for (const exchange of hit) disturb(exchange, fault);
      return hit.length;
    },
    dropAll: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      for (const { upstream } of open) upstream?.destroy();
      agent.destroy();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function answerStatus(response: ServerResponse, code: number, retryAfterSeconds?: number): void {
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify(status(code)));
}

function status(code: number): object {
  const reasons: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
  };
  const reason = reasons[code] ?? 'Unknown';
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `injected: ${reason}`,
    reason,
    code,
  };
}

const goneEvent = `${JSON.stringify({ type: 'ERROR', object: status(410) })}\n`;
