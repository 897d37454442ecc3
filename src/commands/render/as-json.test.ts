import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asJson } from './as-json.ts';

test('asJson() is JSON of the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(asJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('asJson() puts on a line what fits on one, and no more than a person can take in', () => {
  const deep = { a: [1, 2], b: { c: [] }, d: [{ e: { f: 1 } }] };
  assert.equal(asJson(deep), '{\n  "a": [1, 2],\n  "b": { "c": [] },\n  "d": [\n    { "e": { "f": 1 } }\n  ]\n}\n');
  const wide = { one: 'x'.repeat(60), two: 'y'.repeat(60) };
  assert.equal(asJson(wide), `{\n  "one": "${wide.one}",\n  "two": "${wide.two}"\n}\n`);
});
