import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canBreakLocks,
  capsFault,
  legacyCaps,
  legacyOsdCapPattern,
  type PoolAccess,
  profileCapPattern,
  profileCaps,
  rightsOn,
} from './access-caps.ts';

const cinder: readonly PoolAccess[] = [
  { pool: 'volumes', mode: 'ReadWrite' },
  { pool: 'vms', mode: 'ReadWrite' },
  { pool: 'images', mode: 'ReadOnly' },
];

test("profileCaps() gives cinder what Ceph's guide gives it", () => {
  const grants = 'profile rbd pool=volumes, profile rbd pool=vms, profile rbd-read-only pool=images';
  assert.deepEqual(profileCaps(cinder), { mon: 'profile rbd', osd: grants, mgr: grants });
});

test('legacyCaps() writes what the guide of 2014 wrote, plus the right to blocklist', () => {
  assert.deepEqual(legacyCaps(cinder), {
    mon: 'allow r, allow command "osd blacklist", allow command "osd blocklist"',
    osd: 'allow class-read object_prefix rbd_children, allow rwx pool=volumes, allow rwx pool=vms, allow rx pool=images',
    mgr: 'profile rbd pool=volumes, profile rbd pool=vms, profile rbd-read-only pool=images',
  });
});

test('profileCaps() confines a user to a namespace', () => {
  assert.equal(
    profileCaps([{ pool: 'volumes', namespace: 'tenant-a', mode: 'ReadWrite' }]).osd,
    'profile rbd pool=volumes namespace=tenant-a',
  );
});

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/);
const access: fc.Arbitrary<PoolAccess> = fc.record(
  { pool: name, namespace: name, mode: fc.constantFrom('ReadWrite' as const, 'ReadOnly' as const) },
  { requiredKeys: ['pool', 'mode'] },
);

test('the patterns match every cap that is made, and the caps are sound', () => {
  fc.assert(
    fc.property(fc.array(access, { minLength: 1, maxLength: 6 }), (pools) => {
      assert.match(profileCaps(pools).osd ?? '', new RegExp(`^(${profileCapPattern()})$`));
      assert.match(legacyCaps(pools).osd ?? '', new RegExp(`^(${legacyOsdCapPattern()})$`));
      assert.equal(capsFault(profileCaps(pools)), undefined);
      assert.equal(capsFault(legacyCaps(pools)), undefined);
    }),
    { numRuns: 10_000 },
  );
});

test('profileCapPattern() matches nothing wider', () => {
  const pattern = new RegExp(`^(${profileCapPattern('(volumes|vms)')})$`);
  for (const cap of ['profile rbd', 'profile rbd pool=images', 'profile rbd pool=vms, allow *', 'allow *', '']) {
    assert.doesNotMatch(cap, pattern);
  }
});

test('capsFault() names a profile that Ceph would take and ignore', () => {
  assert.match(capsFault({ osd: 'profile rdb pool=vms' }) ?? '', /profile "rdb", which Ceph does not know/);
  assert.match(capsFault({ foo: 'allow *' }) ?? '', /no caps for "foo"/);
  assert.match(capsFault({ osd: 'allow zzz' }) ?? '', /Cannot read the cap "allow zzz"/);
  assert.equal(capsFault({ mon: 'allow r', osd: 'allow rwx pool=vms' }), undefined);
});

for (const [mon, osd, can] of [
  ['profile rbd', 'profile rbd pool=volumes', true],
  [legacyCaps(cinder).mon ?? '', 'allow rwx pool=volumes', true],
  ['allow r, allow command "osd blacklist"', 'allow rwx pool=volumes', true],
  ['allow r, allow command "osd blocklist" with blocklistop=add', 'profile rbd pool=volumes', true],
  ['allow *', 'allow *', true],
  ['allow r, allow service osd rw', 'allow rwx pool=volumes', true],
  ['allow r', 'profile rbd-read-only pool=images', true],
  ['allow r', 'allow class-read object_prefix rbd_children, allow rx pool=images', true],
  ['allow r', 'allow class-read object_prefix rbd_children, allow rwx pool=volumes', false],
  ['profile rbd-read-only', 'profile rbd pool=volumes', false],
  ['', 'allow rw pool=volumes', false],
] as const) {
  test(`canBreakLocks() says ${can}, when mon is ${mon} and osd is ${osd}`, () => {
    assert.equal(canBreakLocks({ ...(mon === '' ? {} : { mon }), osd }), can);
  });
}

for (const [osd, expected] of [
  ['', 'None'],
  ['profile rbd pool=vms', 'ReadWrite'],
  ['profile rbd pool vms', 'ReadWrite'],
  ['profile rbd pool="vms"', 'ReadWrite'],
  ['profile rbd', 'ReadWrite'],
  ['profile rbd pool=vms namespace=a', 'None'],
  ['allow rwx pool=vms namespace=""', 'ReadWrite'],
  ["allow rx namespace='' pool=vms", 'ReadOnly'],
  ['allow rwx pool=vms namespace=""*', 'ReadWrite'],
  ['allow rwx pool=vms namespace="a"', 'None'],
  ['profile rbd pool=vms-data', 'None'],
  ['profile rbd-read-only pool=vms', 'ReadOnly'],
  ['profile rbd-read-only pool=vms, profile rbd pool=vms', 'ReadWrite'],
  ['allow class-read object_prefix rbd_children', 'None'],
  ['allow class-read object_prefix rbd_children, allow rwx pool=images, allow rx pool=vms', 'ReadOnly'],
  ['allow class-read object_prefix rbd_children, allow rwx pool=vms', 'ReadWrite'],
  ['allow r', 'ReadOnly'],
  ['allow class-read r w pool=vms', 'ReadWrite'],
  ['allow rwx tag rbd *=*', 'ReadWrite'],
  ['allow *', 'ReadWrite'],
  ['profile osd', 'None'],
  ['nobody can read this', 'ReadWrite'],
] as const) {
  test(`rightsOn() takes "${osd}" for ${expected}`, () => {
    assert.equal(rightsOn('vms', { osd }), expected);
  });
}
