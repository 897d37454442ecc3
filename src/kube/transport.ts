import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { request as send } from 'undici';
import { errorMessage } from '../errors.ts';
import { createGate } from '../gate.ts';
import { apiRequestSeconds, apiRequests } from '../metrics.ts';
import { createCredentials } from './credentials.ts';
import { KubeError } from './kube-error.ts';
import { createRateLimit } from './rate-limit.ts';

export interface TransportRequest {
  /** For error sentences: `read Secret "ns/name"`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Doing it twice is the same as once: repeated when the answer was lost or the server stumbled. */
  readonly idempotent?: boolean;
  /** Goes out ahead of the client-side rate limit. */
  readonly urgent?: boolean;
  /** For all attempts together; default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface StreamRequest {
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly accept?: string;
  /** Ends the stream with `UND_ERR_BODY_TIMEOUT` when nothing came for so long. */
  readonly idleLimitMs: number;
}

/** Calls to one API server over one shared Agent. */
export interface Transport {
  /** The parsed answer; failures are KubeError, an aborted signal throws its reason. */
  request(request: TransportRequest): Promise<unknown>;
  /** The body as it comes; a refusal is a KubeError. */
  stream(request: StreamRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

const attemptTimeoutMs = 30_000;
const longestWaitMs = 30_000;
const userAgent = 'ceph-openstack-operator';

export function createTransport(
  kubeConfig: KubeConfig,
  options: { perSecond?: number; burst?: number; concurrency?: number } = {},
): Transport {
  const credentials = createCredentials(kubeConfig);
  const limit = createRateLimit({ perSecond: options.perSecond ?? 200, burst: options.burst ?? 400 });
  const gate = createGate(options.concurrency ?? 24);

  async function open(
    request: Pick<TransportRequest, 'what' | 'path' | 'query' | 'accept'>,
    method: TransportRequest['method'],
    more: { body?: string; contentType?: string; bodyTimeoutMs?: number; signal: AbortSignal },
  ) {
    const access = await credentials.access();
    const url = new URL(access.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const startedAt = performance.now();
    const count = (code: string) => {
      apiRequests.inc({ code, method, host: url.host });
      apiRequestSeconds.observe({ method, host: url.host }, (performance.now() - startedAt) / 1000);
    };
    try {
      const response = await send(url, {
        dispatcher: access.dispatcher,
        method,
        headers: {
          ...access.headers,
          'user-agent': userAgent,
          accept: request.accept ?? 'application/json',
          ...(more.body === undefined ? {} : { 'content-type': more.contentType ?? 'application/json' }),
        },
        body: more.body ?? null,
        signal: more.signal,
        ...(more.bodyTimeoutMs === undefined ? {} : { bodyTimeout: more.bodyTimeoutMs }),
      });
      count(String(response.statusCode));
      if (response.statusCode === 401) credentials.forget();
      if (response.statusCode < 200 || response.statusCode > 299) {
        throw refusal(request.what, response.statusCode, response.headers['retry-after'], await response.body.text());
      }
      return response;
    } catch (error) {
      if (!(error instanceof KubeError)) count('error');
      throw error;
    }
  }

  async function once(request: TransportRequest, signal: AbortSignal): Promise<unknown> {
    const attempt = AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]);
    try {
      const response = await open(request, request.method, {
        signal: attempt,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
      });
      return JSON.parse(await response.body.text());
    } catch (error) {
      if (error instanceof KubeError) throw error;
      throw unreachable(request.what, error);
    }
  }

  return {
    async request(request) {
      const timeoutMs = request.timeoutMs ?? 60_000;
      const deadline = AbortSignal.timeout(timeoutMs);
      const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
      let failure: unknown;
      for (let attempt = 1; ; attempt++) {
        try {
          if (request.urgent === true) return await once(request, signal);
          await limit.take(signal);
          using _place = await gate.enter(signal);
          return await once(request, signal);
        } catch (error) {
          request.signal?.throwIfAborted();
          // Once the deadline has passed, what failed before says more than that it passed.
          if (deadline.aborted) throw failure ?? unreachable(request.what, error);
          failure = error;
          const waitMs =
            error instanceof KubeError ? retryInMs(error, attempt, request.idempotent === true) : undefined;
          if (waitMs === undefined) throw error;
          await sleep(waitMs, undefined, { signal }).catch(() => undefined);
          request.signal?.throwIfAborted();
          if (deadline.aborted) throw error;
        }
      }
    },
    async stream(request, signal) {
      const response = await open(request, 'GET', { signal, bodyTimeoutMs: request.idleLimitMs });
      return response.body;
    },
    close: () => credentials.close(),
  };
}

/**
 * How long to wait before the next attempt, or `undefined` to give up. The server did not begin on what it answered
 * with 429 or 401, so those may be repeated whatever they were.
 */
export function retryInMs(error: KubeError, attempt: number, idempotent: boolean): number | undefined {
  if (error.code === 401) return attempt === 1 ? 0 : undefined;
  if (error.code === 429) return attempt > 8 ? undefined : Math.min(error.retryAfterMs ?? 1000, longestWaitMs);
  const transient = error.code === 0 || (error.code >= 500 && error.code !== 501);
  if (!idempotent || !transient || attempt > 3) return undefined;
  return error.retryAfterMs === undefined
    ? 100 * 3 ** attempt * (0.5 + Math.random() / 2)
    : Math.min(error.retryAfterMs, longestWaitMs);
}

function refusal(what: string, code: number, retryAfter: string | string[] | undefined, body: string): KubeError {
  let status: { message?: unknown; reason?: unknown } = {};
  try {
    status = JSON.parse(body);
  } catch {
    // A proxy's page or the server's plain "404 page not found": only the code tells anything.
  }
  const message = typeof status.message === 'string' ? status.message : `the server answered ${code}`;
  return new KubeError(`Cannot ${what}: ${message.replace(/\.$/, '')}.`, {
    code,
    reason: typeof status.reason === 'string' && status.reason !== '' ? status.reason : `Status${code}`,
    retryAfterMs: parseRetryAfterMs(retryAfter),
  });
}

/** `Retry-After` as seconds or as a date. */
export function parseRetryAfterMs(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text.trim() === '') return undefined;
  const seconds = Number(text);
  const waitMs = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1000;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function unreachable(what: string, cause: unknown): KubeError {
  return new KubeError(`Cannot ${what}: the Kubernetes API did not answer (${errorMessage(cause)}).`, {
    code: 0,
    reason: 'Unreachable',
    cause,
  });
}
