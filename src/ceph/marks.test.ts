import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeOwner, parsePoolRecord, parseUserRecord, poolMark } from './marks.ts';

const owner = { installation: 'prod', namespace: 'openstack', name: 'volumes' };

test('poolMark() is what Ceph takes as metadata, for any owner', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
      fc.string(),
      fc.string(),
      (installation, namespace, name) => {
        assert.match(poolMark({ installation, namespace, name }), /^[A-Za-z0-9_.=-]{1,128}$/);
      },
    ),
  );
});

test('poolMark() tells owners apart that only run together', () => {
  assert.notEqual(
    poolMark({ ...owner, namespace: 'a', name: 'b-c' }),
    poolMark({ ...owner, namespace: 'a-b', name: 'c' }),
  );
  assert.notEqual(poolMark(owner), poolMark({ ...owner, installation: 'test' }));
});

test('records are read back as they were written, and anything else says nothing', () => {
  const pool = { ...owner, namespaces: ['a'], poolID: 7 };
  const user = { ...owner, keyFingerprint: '0123456789abcdef' };
  assert.deepEqual(parsePoolRecord(JSON.stringify(pool)), pool);
  assert.deepEqual(parseUserRecord(JSON.stringify(user)), user);
  for (const text of [
    undefined,
    '',
    'x',
    '{}',
    '[]',
    '{"installation":1}',
    JSON.stringify(owner),
    JSON.stringify({ ...pool, ...user, name: 'a\nb' }),
  ]) {
    assert.equal(parsePoolRecord(text), undefined);
    assert.equal(parseUserRecord(text), undefined);
  }
});

test('describeOwner() names the installation only of others', () => {
  assert.equal(describeOwner({ ...owner, name: 'x' }, owner), '"openstack/x"');
  assert.equal(describeOwner({ ...owner, installation: 'test' }, owner), '"openstack/volumes" of installation "test"');
});
