import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { Secret } from '../../secret.ts';
import {
  cephClient,
  cluster,
  converge,
  emptyWorld,
  entity,
  key,
  owner,
  profile,
  type Spec,
  sentences,
  type World,
  worldWith,
} from './client.fixture.ts';
import { renderKeptSecret } from './kept-secret.ts';

const caps = 'mgr "profile rbd pool=volumes", mon "profile rbd", osd "profile rbd pool=volumes"';

const changes: readonly (readonly [name: string, spec: Spec, world: World, expected: string[][]])[] = [
  [
    'makes a user in order: intent, user, record and Secret',
    {},
    emptyWorld,
    [
      ['Record that user "client.cinder" is about to be made.'],
      [`Create user "client.cinder" with ${caps}.`],
      [
        'Record whose user "client.cinder" is.',
        'Create Secret "cinder-ceph-client" with the key of user "client.cinder".',
      ],
    ],
  ],
  ['does nothing to a user that is as it should be', {}, worldWith(), []],
  [
    'does nothing for another spelling of the same caps',
    {},
    worldWith({
      user: { entity, key: key(0), caps: { ...profile, osd: "profile 'rbd'  pool volumes", mon: 'allow profile rbd' } },
    }),
    [],
  ],
  [
    'puts changed caps back',
    {},
    worldWith({ user: { entity, key: key(0), caps: { mon: 'allow r' } } }),
    [[`Change the caps of user "client.cinder" from mon "allow r" to ${caps}.`]],
  ],
  [
    'puts a vanished user back with the same key',
    {},
    worldWith({ user: undefined }),
    [
      [`Put user "client.cinder" back with the key that it had, and ${caps}.`],
      [
        'Record whose user "client.cinder" is.',
        'Correct Secret "cinder-ceph-client" with the key of user "client.cinder".',
      ],
    ],
  ],
  [
    'makes a Secret again that was deleted',
    {},
    worldWith({ secret: undefined }),
    [['Create Secret "cinder-ceph-client" with the key of user "client.cinder".']],
  ],
  [
    'corrects a Secret that was edited',
    {},
    worldWith({ secret: { ...worldWith().secret, userKey: key(7) } }),
    [['Correct Secret "cinder-ceph-client" with the key of user "client.cinder".']],
  ],
  [
    'leaves alone what somebody added to the Secret',
    {},
    worldWith({ secret: { ...worldWith().secret, note: new Secret('x') } }),
    [],
  ],
  [
    'records a key that a dead pass had not',
    {},
    worldWith({ record: { ...owner, creatingWith: profile } }),
    [['Record whose user "client.cinder" is.']],
  ],
  [
    'adopts a user, keeping its key',
    { adoption: 'IfUnowned' },
    worldWith({ record: undefined, secret: undefined }),
    [
      ['Record whose user "client.cinder" is.'],
      ['Create Secret "cinder-ceph-client" with the key of user "client.cinder".'],
    ],
  ],
];

for (const [name, spec, world, expected] of changes) {
  test(`planClient() ${name}`, () => {
    assert.deepEqual(sentences(spec, world), expected);
    converge(cephClient(spec), world);
  });
}

test('planClient() does not trust an edited Secret with the key of a vanished user', () => {
  const world = worldWith({ user: undefined, secret: { ...worldWith().secret, userKey: key(7) } });
  assert.equal(sentences({}, world)[1]?.[0], `Create user "client.cinder" with ${caps}.`);
});

test('planClient() does not put a key of another cluster into this one', () => {
  const elsewhere = renderKeptSecret(
    { entity, key: key(0), caps: profile },
    { ...cluster, fsid: '11111111-7d3b-4c8e-9c59-6b7a3a1e2f00' },
  );
  assert.equal(
    sentences({}, worldWith({ user: undefined, secret: elsewhere }))[1]?.[0],
    `Create user "client.cinder" with ${caps}.`,
  );
});

test('planClient() gives raw caps to the letter when the policy allows them', () => {
  const raw = { mon: 'allow r', osd: 'allow rwx pool=volumes' };
  const policy = parsePolicy({ rawCaps: true });
  const { world } = converge(cephClient({ caps: raw }), emptyWorld, { policy });
  assert.deepEqual(world.user?.caps, raw);
});
