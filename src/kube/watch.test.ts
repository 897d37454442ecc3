import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { secretKind } from './kinds.ts';
import type { Transport } from './transport.ts';
import { splitLines, watchKind } from './watch.ts';

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('splitLines() gives the same lines, wherever the bytes are cut', async () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text.trim() !== '' && !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(200)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(await all(splitLines(chunks(parts))), lines);
    }),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 1_000) },
  );
});

test('splitLines() throws, when the last line was cut off', async () => {
  await assert.rejects(all(splitLines(chunks([Buffer.from('{"a":1}\n{"b"')]))), /cut off/);
});

async function watched(text: string) {
  const transport = { stream: async () => chunks([Buffer.from(text)]) } as unknown as Transport;
  const options = { resourceVersion: '1', lastsSeconds: 1, idleLimitMs: 1 };
  return all(watchKind(transport, secretKind, options, new AbortController().signal));
}
const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

test('watchKind() gives changes under their own kind, and bookmarks', async () => {
  const metadata = { name: 'x', namespace: 'a', resourceVersion: '5' };
  const text = line('ADDED', { kind: 'PartialObjectMetadata', metadata }) + line('BOOKMARK', { metadata });
  assert.deepEqual(await watched(text), [
    { type: 'ADDED', object: { apiVersion: 'v1', kind: 'Secret', metadata } },
    { type: 'BOOKMARK', resourceVersion: '5' },
  ]);
});

test('watchKind() throws what the server says in an ERROR event', async () => {
  const text = line('ERROR', { code: 410, reason: 'Expired', message: 'too old resource version' });
  await assert.rejects(watched(text), {
    name: 'KubeError',
    code: 410,
    reason: 'Expired',
    message: 'Cannot watch secrets: too old resource version.',
  });
});

test('watchKind() throws on garbage without repeating it', async () => {
  await assert.rejects(watched('{"type":"ADDED","object":{"data":{"key":"c2VjcmV0"}\n'), (error) => {
    assert.ok(error instanceof Error);
    assert.doesNotMatch(error.message + JSON.stringify(error.cause), /c2VjcmV0/);
    return true;
  });
});
