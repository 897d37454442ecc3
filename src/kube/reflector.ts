import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import { watchRestarts } from '../metrics.ts';
import type { Store } from './cache.ts';
import { type ListOptions, listPage } from './client.ts';
import type { Kind, KubeObject } from './kinds.ts';
import { isExpired } from './kube-error.ts';
import type { Transport } from './transport.ts';
import { watchKind } from './watch.ts';

export interface ReflectorOptions extends ListOptions {
  readonly metadataOnly?: boolean;
  /** Default 90 s: a live server sends a bookmark about once a minute. */
  readonly idleLimitMs?: number;
  /** A slow full list is cheap insurance against an event that never came; default 10 min. */
  readonly relistEveryMs?: number;
  /** The first wait after a failure; doubles up to `longestBackoffMs`. */
  readonly backoffMs?: number;
  readonly longestBackoffMs?: number;
}

/** Keeps a store equal to the API server, for as long as its signal lives. */
export interface Reflector {
  /** Resolves when the first list is in the store. */
  readonly synced: Promise<void>;
  /** What stands in the way now, as a sentence. */
  problem(): string | undefined;
  /** Resolves after the signal was aborted; nothing touches the store any more. */
  readonly ended: Promise<void>;
}

/** After so many failures in a row a fresh list is safer than going on from an old version. */
const relistAfterFailures = 5;

/**
 * Lists, then watches from that version, and takes the watch up again whatever ends it: a normal end, silence, a
 * dropped connection, garbage, a refusal. It lists again when the version has expired, and now and then anyway.
 */
export function startReflector(
  transport: Transport,
  kind: Kind,
  store: Store,
  options: ReflectorOptions,
  log: Logger,
  signal: AbortSignal,
): Reflector {
  const idleLimitMs = options.idleLimitMs ?? 90_000;
  const relistEveryMs = options.relistEveryMs ?? 600_000;
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>();
  let version: string | undefined;
  let problem: string | undefined;
  let failures = 0;

  async function list(): Promise<string> {
    const objects: KubeObject[] = [];
    let next: string | undefined;
    let resourceVersion = '';
    do {
      const page = await listPage(
        transport,
        kind,
        options,
        { continue: next, metadataOnly: options.metadataOnly ?? false },
        signal,
      );
      objects.push(...page.items);
      next = page.continue;
      resourceVersion = page.resourceVersion;
    } while (next !== undefined);
    store.replace(options.namespace, objects);
    return resourceVersion;
  }

  /** Watches until the server ends it, or until it is time to list again; `version` moves along. */
  async function follow(from: string, until: AbortSignal): Promise<void> {
    const watchOptions = {
      ...options,
      resourceVersion: from,
      idleLimitMs,
      lastsSeconds: Math.round(300 + Math.random() * 300),
    };
    for await (const event of watchKind(transport, kind, watchOptions, AbortSignal.any([signal, until]))) {
      failures = 0;
      problem = undefined;
      if (event.type === 'BOOKMARK') {
        version = event.resourceVersion;
        continue;
      }
      if (event.type === 'DELETED') store.remove(event.object);
      else store.put(event.object);
      version = event.object.metadata.resourceVersion;
    }
  }

  async function pause(): Promise<void> {
    if (failures === 0) return;
    const limitMs = Math.min((options.backoffMs ?? 800) * 2 ** (failures - 1), options.longestBackoffMs ?? 30_000);
    await sleep(limitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }

  function failed(error: unknown): void {
    problem = errorMessage(error);
    failures += 1;
    // The first failure of a row matters to whoever reads the log; the following only now and then.
    if (failures === 1 || failures % 10 === 0) log.warn({ kind: kind.kind, failures }, problem);
    if (failures % relistAfterFailures === 0) version = undefined;
  }

  async function run(): Promise<void> {
    let relistAt = 0;
    while (!signal.aborted) {
      let why = 'ended';
      let relist = timeout(relistAt - performance.now());
      const startedAt = performance.now();
      try {
        if (version === undefined || startedAt >= relistAt) {
          version = await list();
          const untilRelistMs = relistEveryMs * (0.8 + Math.random() * 0.4);
          relistAt = performance.now() + untilRelistMs;
          relist = timeout(untilRelistMs);
          problem = undefined;
          markSynced();
        }
        await follow(version, relist);
        // A server that hangs up at once, again and again, must not be called in a tight loop.
        failures = performance.now() - startedAt < 1000 ? failures + 1 : 0;
      } catch (error) {
        if (signal.aborted) break;
        if (relist.aborted && version !== undefined) {
          why = 'relist';
          version = undefined;
        } else if (isExpired(error)) {
          why = 'expired';
          version = undefined;
          failures += 1;
        } else if (isIdle(error)) {
          why = 'idle';
        } else {
          why = 'failed';
          failed(error);
        }
      }
      watchRestarts.inc({ kind: kind.kind, why });
      await pause();
    }
  }

  return { synced, problem: () => problem, ended: run() };
}

function timeout(delayMs: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.round(delayMs)));
}

function isIdle(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_BODY_TIMEOUT';
}
