import { type ListOptions, metadataOf, resourcePath } from './client.ts';
import { apiVersion, type Kind, type KubeObject } from './kinds.ts';
import { KubeError } from './kube-error.ts';
import type { Transport } from './transport.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchOptions extends ListOptions {
  /** Changes after this version. */
  readonly resourceVersion: string;
  readonly metadataOnly?: boolean;
  /** The server ends the watch after so long. */
  readonly lastsSeconds: number;
  /** A watch that says nothing for so long is taken for dead: a half-open connection looks just so. */
  readonly idleLimitMs: number;
}

/** One watch, until the server ends it. Throws KubeError (410: list again), or `UND_ERR_BODY_TIMEOUT` when idle. */
export async function* watchKind(
  transport: Transport,
  kind: Kind,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const what = `watch ${kind.plural}`;
  const stream = await transport.stream(
    {
      what,
      path: resourcePath(kind, options.namespace),
      query: {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.lastsSeconds),
        labelSelector: options.labelSelector,
      },
      ...(options.metadataOnly === true ? { accept: metadataOf('PartialObjectMetadata') } : {}),
      idleLimitMs: options.idleLimitMs,
    },
    signal,
  );
  for await (const line of splitLines(stream)) yield parseEvent(line, kind, what);
}

/** Whole lines of a byte stream, however the bytes were cut. A last line without its end was cut off: an error. */
export async function* splitLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') throw new Error('the stream was cut off within an event');
}

function parseEvent(line: string, kind: Kind, what: string): WatchEvent {
  let event: { type?: unknown; object?: Record<string, unknown> };
  try {
    event = JSON.parse(line);
  } catch (cause) {
    // Never the line itself: it may hold anything.
    throw new KubeError(`Cannot ${what}: an event of ${line.length} characters is no JSON.`, {
      code: 0,
      reason: 'Unreadable',
      cause: (cause as Error).name,
    });
  }
  const object = event.object ?? {};
  const metadata = (object.metadata ?? {}) as KubeObject['metadata'];
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return {
        type: event.type,
        object: { ...object, metadata, apiVersion: apiVersion(kind), kind: kind.kind },
      };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: metadata.resourceVersion };
    default:
      throw new KubeError(`Cannot ${what}: ${String(object.message ?? 'the server sent an error')}.`, {
        code: typeof object.code === 'number' ? object.code : 0,
        reason: typeof object.reason === 'string' ? object.reason : 'Unknown',
      });
  }
}
