import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from './kube-error.ts';
import { parseRetryAfterMs, retryInMs } from './transport.ts';

const failed = (code: number, retryAfterMs?: number) => new KubeError('', { code, reason: '', retryAfterMs });

const retries: [string, KubeError, number, boolean, 'again' | 'never' | number][] = [
  ['a read without an answer', failed(0), 1, true, 'again'],
  ['a read without an answer, for the fourth time', failed(0), 4, true, 'never'],
  ['a write without an answer', failed(0), 1, false, 'never'],
  ['a read and 503', failed(503), 3, true, 'again'],
  ['a read and 503 with Retry-After', failed(503, 2_000), 1, true, 2_000],
  ['a write and 500', failed(500), 1, false, 'never'],
  ['a write and 429 with Retry-After', failed(429, 5_000), 1, false, 5_000],
  ['a write and 429 with an endless Retry-After', failed(429, 9_999_999), 1, false, 30_000],
  ['a write and 429 without Retry-After', failed(429), 1, false, 1_000],
  ['429 for the ninth time', failed(429), 9, true, 'never'],
  ['401, for the token may have been renewed', failed(401), 1, false, 0],
  ['401 for the second time', failed(401), 2, true, 'never'],
  ['a read and 404', failed(404), 1, true, 'never'],
  ['a read and 501', failed(501), 1, true, 'never'],
];
for (const [what, error, attempt, idempotent, expected] of retries) {
  test(`retryInMs() says ${expected}, when it is ${what}`, () => {
    const waitMs = retryInMs(error, attempt, idempotent);
    if (expected === 'again') assert.ok(waitMs !== undefined && waitMs > 0 && waitMs < 10_000);
    else assert.equal(waitMs, expected === 'never' ? undefined : expected);
  });
}

const now = Date.parse('2026-01-01T00:00:00Z');
const headers: [string | string[] | undefined, number | undefined][] = [
  ['7', 7_000],
  ['0.5', 500],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Wed, 31 Dec 2025 00:00:10 GMT', 0],
  [['3', '4'], 3_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
];
for (const [header, expected] of headers) {
  test(`parseRetryAfterMs() reads ${JSON.stringify(header)} as ${expected}`, () => {
    assert.equal(parseRetryAfterMs(header, now), expected);
  });
}
