import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import {
  emptyWorld,
  entity,
  hold,
  key,
  owner,
  profile,
  type Spec,
  sentences,
  stranger,
  type World,
  worldWith,
} from './client.fixture.ts';
import type { ObservedClient } from './observed.ts';

const holds: readonly (readonly [
  name: string,
  reason: string,
  message: RegExp,
  spec: Spec,
  world: World,
  more?: Partial<ObservedClient>,
])[] = [
  [
    'a user that nobody marked',
    'AlreadyExists',
    /exists and nobody has marked it \(mgr .*IfUnowned/,
    {},
    worldWith({ record: undefined }),
  ],
  [
    'a user with another key than ours had',
    'AlreadyExists',
    /has another key than the one that was made here/,
    {},
    worldWith({ user: { entity, key: key(9), caps: profile } }),
  ],
  [
    'a user made by hand between our intent and our step',
    'AlreadyExists',
    /nobody has marked it|another key/,
    {},
    worldWith({ user: { entity, key: key(9), caps: { mon: 'allow *' } }, record: { ...owner, creatingWith: profile } }),
  ],
  [
    'a user of another installation',
    'OwnedByAnother',
    /belongs to "x\/y" of installation "other"/,
    { adoption: 'IfUnowned' },
    stranger,
  ],
  [
    'a user that another installation will put back',
    'OwnedByAnother',
    /installation "other"/,
    {},
    { ...stranger, user: undefined },
  ],
  [
    'a user of this very object under another installation',
    'OwnedByAnother',
    /very name, .* of installation "other": if another operator watches this namespace too, .* INSTALLATION; if none does, use it from there/,
    {},
    worldWith({ user: undefined, record: { ...owner, installation: 'other', creatingWith: profile } }),
  ],
  ['a take-over that the policy forbids', 'PolicyForbids', /takeOver: true/, { adoption: 'TakeOver' }, stranger],
  ['what another declared before', 'Conflict', /CephClientAuth "older" declared/, {}, emptyWorld, { rival: 'older' }],
  [
    'a user that the policy does not name',
    'PolicyForbids',
    /does not allow the user "client.bob"/,
    { clientName: 'bob' },
    emptyWorld,
  ],
  [
    'client.admin under any policy',
    'PolicyForbids',
    /"client.admin" is reserved/,
    { clientName: 'admin' },
    emptyWorld,
    { policy: parsePolicy({ entities: ['*'] }) },
  ],
  [
    "the operator's own user under any policy",
    'PolicyForbids',
    /"client.operator" is reserved/,
    { clientName: 'operator' },
    emptyWorld,
    { policy: parsePolicy({ entities: ['*'] }) },
  ],
  [
    'a Secret that is not ours',
    'SecretConflict',
    /Secret "cinder-ceph-client" exists and is not ours/,
    {},
    emptyWorld,
    { kept: { data: {}, isOurs: false } },
  ],
  [
    'a pool that does not exist',
    'WaitingForPool',
    /the pool "vms" does not exist in Ceph yet/,
    { access: [{ pool: 'vms', mode: 'ReadWrite' }] },
    emptyWorld,
  ],
  [
    'an RbdPool that does not exist',
    'WaitingForPool',
    /RbdPool "vms" does not exist yet/,
    { access: [{ poolRef: { name: 'vms' }, mode: 'ReadWrite' }] },
    emptyWorld,
  ],
  [
    'an RbdPool whose pool is not made',
    'WaitingForPool',
    /RbdPool "volumes" has not made its pool/,
    { access: [{ poolRef: { name: 'volumes' }, mode: 'ReadWrite' }] },
    { ...emptyWorld, pools: [] },
  ],
  [
    'a pool that the policy does not name',
    'PolicyForbids',
    /does not allow the pool "volumes"/,
    {},
    emptyWorld,
    { policy: parsePolicy({ pools: ['x'] }) },
  ],
  ['raw caps', 'PolicyForbids', /does not allow raw caps/, { caps: { mon: 'allow r' } }, emptyWorld],
  [
    'raw caps with a profile that Ceph would ignore',
    'InvalidSpec',
    /profile "rdb"/,
    { caps: { osd: 'profile rdb' } },
    emptyWorld,
    { policy: parsePolicy({ rawCaps: true }) },
  ],
  [
    'a key type that the cluster does not let in',
    'KeyTypeUnsupported',
    /lets in keys of type aes256k only/,
    { keyType: 'Aes' },
    emptyWorld,
    { keyTypes: ['Aes256k'] },
  ],
  [
    'to put back a key that the cluster does not let in',
    'KeyTypeUnsupported',
    /lets in keys of type aes256k only/,
    {},
    worldWith({ user: undefined }),
    { keyTypes: ['Aes256k'] },
  ],
  [
    'another key type in place',
    'KeyTypeUnsupported',
    /never changed in place/,
    { keyType: 'Aes256k' },
    worldWith(),
    { keyTypes: ['Aes', 'Aes256k'] },
  ],
];

for (const [name, reason, message, spec, world, more = {}] of holds) {
  test(`planClient() refuses ${name}: ${reason}`, () => {
    // A plan that observes `wanted` under another policy has to derive it there.
    const found = hold(spec, world, more);
    assert.equal(found?.reason, reason);
    assert.match(found?.message ?? '', message);
    assert.deepEqual(sentences(spec, world, more), []);
  });
}
