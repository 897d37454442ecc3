import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimit } from './rate-limit.ts';

test('createRateLimit() lets a burst pass and then makes wait, until aborted', async () => {
  const limit = createRateLimit({ perSecond: 0.001, burst: 3 });
  for (let call = 0; call < 3; call++) await limit.take();
  await assert.rejects(limit.take(AbortSignal.timeout(10)), { name: 'AbortError' });
});
