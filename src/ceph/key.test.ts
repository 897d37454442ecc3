import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../secret.ts';
import { keyCreated } from './key.ts';

test('keyCreated() is what the key says itself', () => {
  const made = new Date('2026-02-03T04:05:06Z');
  const bytes = Buffer.alloc(28, 7);
  bytes.writeUInt16LE(1, 0);
  bytes.writeUInt32LE(made.getTime() / 1000, 2);
  bytes.writeUInt16LE(16, 10);
  const key = new Secret(bytes.toString('base64'));
  assert.equal(keyCreated(key), '2026-02-03T04:05:06Z');
});

for (const text of ['', 'no key', 'AQ==', 'AQCpzxBnAAAAABAA']) {
  test(`keyCreated() is unknown of "${text}", which is no key`, () => {
    assert.equal(keyCreated(new Secret(text)), undefined);
  });
}
