import assert from 'node:assert/strict';
import { test } from 'node:test';
import { olderRival } from './rivals.ts';

function declared(name: string, at: string, more: object = {}, secretName = 'ceph-main') {
  const metadata = {
    name,
    namespace: 'ns',
    uid: name,
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: at,
    ...more,
  };
  return { metadata, spec: { cluster: { secretName } }, thing: 'volumes' };
}

const [old, young] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
const me = declared('m', young);
const thingOf = ({ thing }: { thing: string }) => thing;

const cases = [
  ['nobody', [me], undefined],
  ['an older one', [me, declared('x', old)], 'x'],
  ['the oldest of several', [me, declared('y', '2026-01-01T12:00:00Z'), declared('x', old)], 'x'],
  ['the one that comes first by name, of the same second', [me, declared('a', young), declared('z', young)], 'a'],
  ['none that is younger', [me, declared('x', '2026-01-03T00:00:00Z')], undefined],
  ['none that is being deleted', [me, declared('x', old, { deletionTimestamp: young })], undefined],
  ['none of another namespace', [me, declared('x', old, { namespace: 'other' })], undefined],
  ['none of another connection', [me, declared('x', old, {}, 'ceph-other')], undefined],
  ['none that declares something else', [me, { ...declared('x', old), thing: 'images' }], undefined],
] as const;

for (const [name, all, expected] of cases) {
  test(`olderRival() finds ${name}`, () => {
    assert.equal(olderRival<typeof me>(me, all, thingOf)?.metadata.name, expected);
  });
}
