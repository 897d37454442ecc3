import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CephClientAuth, CephClientAuthSpecInput } from '../../api/ceph-client-auth.ts';
import { parsePolicy } from '../../api/policy.ts';
import { Secret } from '../../secret.ts';
import {
  cephClient,
  cluster,
  converge,
  deleting,
  emptyWorld,
  entity,
  key,
  owner,
  perform,
  profile,
  see,
  type World,
  worldWith,
} from './client.fixture.ts';
import { renderKeptSecret } from './kept-secret.ts';
import type { ObservedClient } from './observed.ts';
import { planClient } from './plan.ts';
import { clientStatus } from './status.ts';
import { describeClientStep } from './steps.ts';

type Spec = Partial<CephClientAuthSpecInput>;

/** The sentences of a plan, stage by stage. */
function sentences(spec: Spec, world: World, more: Partial<ObservedClient> = {}, metadata: object = {}): string[][] {
  const resource = cephClient(spec, metadata);
  return planClient(resource, see(resource, world, more))
    .stages.filter((stage) => stage.length > 0)
    .map((stage) => stage.map(describeClientStep));
}

function hold(spec: Spec, world: World, more: Partial<ObservedClient> = {}, metadata: object = {}) {
  const resource = cephClient(spec, metadata);
  return planClient(resource, see(resource, world, more)).hold;
}

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

const other = { installation: 'other', namespace: 'x', name: 'y' };
const stranger = worldWith({ record: { ...other, keyFingerprint: key(0).fingerprint() } });

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

test('planClient() gives raw caps to the letter when the policy allows them', () => {
  const raw = { mon: 'allow r', osd: 'allow rwx pool=volumes' };
  const policy = parsePolicy({ rawCaps: true });
  const { world } = converge(cephClient({ caps: raw }), emptyWorld, { policy });
  assert.deepEqual(world.user?.caps, raw);
});

const remove: Spec = { deletionPolicy: 'Delete' };

test('planClient() deletes a user and its record', () => {
  assert.deepEqual(sentences(remove, worldWith(), {}, deleting), [
    ['Delete user "client.cinder".'],
    ['Remove the record of user "client.cinder".'],
  ]);
});

test('planClient() deletes no user while something uses it, or is logged in with it', () => {
  const users = ['CephOpenStackHost "cloud-cmp1"'];
  assert.equal(hold(remove, worldWith(), { users }, deleting)?.reason, 'DeletionBlocked');
  const sessions = ['10.0.0.2', '10.0.0.1', '10.0.0.2'];
  const found = hold(remove, worldWith(), { sessions }, deleting);
  assert.equal(found?.reason, 'SessionsOpen');
  assert.match(found?.message ?? '', /logged in from 10\.0\.0\.1, 10\.0\.0\.2;/);
});

test('planClient() deletes no user of whom nobody knows whether something is logged in with it', () => {
  assert.equal(hold(remove, worldWith(), { sessions: undefined }, deleting)?.reason, 'CephUnreachable');
});

test('clientStatus() counts sessions only while they are asked for', () => {
  const shown = (metadata: object, sessions: readonly string[] | undefined) => {
    const resource = cephClient(remove, metadata);
    return clientStatus(resource, see(resource, worldWith(), { sessions })).fields.openSessions;
  };
  assert.equal(shown({}, undefined), undefined);
  assert.equal(shown(deleting, ['10.0.0.1', '10.0.0.1', '10.0.0.2']), 3);
});

test('planClient() leaves a user alone that is not ours, when it is deleted', () => {
  const resource = cephClient(remove, deleting);
  assert.deepEqual(planClient(resource, see(resource, stranger)), { stages: [] });
});

test('clientStatus() shows the fingerprint and never the key', () => {
  const resource = cephClient();
  const text = JSON.stringify(clientStatus(resource, see(resource, worldWith())));
  assert.match(text, new RegExp(key(0).fingerprint()));
  assert.ok(!text.includes(key(0).reveal()));
});

const anySpec: fc.Arbitrary<Spec> = fc.record({
  capsStyle: fc.constantFrom('Profile' as const, 'Legacy' as const),
  adoption: fc.constantFrom('Never' as const, 'IfUnowned' as const),
});

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    user: fc.constantFrom(
      undefined,
      { entity, key: key(0), caps: profile },
      { entity, key: key(0), caps: { mon: 'allow r' } },
      { entity, key: key(9), caps: profile },
    ),
    record: fc.constantFrom(
      undefined,
      { ...owner, keyFingerprint: key(0).fingerprint() },
      { ...owner, creatingWith: profile },
      { ...owner, creatingWith: { mon: 'allow r' } },
      { ...owner, name: 'gone', keyFingerprint: key(0).fingerprint() },
    ),
    secret: fc.constantFrom(
      undefined,
      {},
      worldWith().secret,
      renderKeptSecret({ entity, key: key(9), caps: profile }, cluster),
    ),
  })
  .map((values) => ({ ...emptyWorld, ...values }));

const resources = new Map<string, CephClientAuth>();

/** Parsing costs more than planning. */
function resourceOf(spec: Spec, isDeleted: boolean): CephClientAuth {
  const id = JSON.stringify([spec, isDeleted]);
  const made =
    resources.get(id) ?? (isDeleted ? cephClient({ ...spec, deletionPolicy: 'Delete' }, deleting) : cephClient(spec));
  resources.set(id, made);
  return made;
}

test('settles: when all steps are done, nothing is left to do', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), (spec, world, isDeleted) => {
      const resource = resourceOf(spec, isDeleted);
      const { world: settled, plan } = converge(resource, world);
      assert.deepEqual(planClient(resource, see(resource, settled)), plan);
    }),
    { numRuns: 10_000 },
  );
});

test('survives: dying after any step and forgetting everything leads to the same end', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), fc.nat({ max: 6 }), (spec, world, isDeleted, steps) => {
      const resource = resourceOf(spec, isDeleted);
      const begun = planClient(resource, see(resource, world)).stages.flat().slice(0, steps);
      const interrupted = begun.reduce((now, step) => perform(step, resource, now), world);
      const { world: end, plan } = converge(resource, interrupted);
      const straight = converge(resource, world);
      assert.deepEqual(reveal(end), reveal(straight.world));
      assert.deepEqual(plan.hold, straight.plan.hold);
    }),
    { numRuns: 10_000 },
  );
});

/** Secrets compare by what they hold. */
function reveal({ user, secret, ...rest }: World): unknown {
  const data = Object.entries(secret ?? {}).map(([name, value]) => [name, value.reveal()]);
  return { ...rest, user: user && { ...user, key: user.key.reveal() }, secret: secret && Object.fromEntries(data) };
}
