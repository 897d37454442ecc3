import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { Invalid, Waiting } from '../../src/errors.ts';
import { secretKind } from '../../src/kube/kinds.ts';
import { pool } from '../api-objects.ts';
import { createToyWorld, startToyLab, type ToyLab, toyKind } from './kube-toy.ts';
import { toyDeeds } from './toy-deeds.ts';

let lab: ToyLab;
before(async () => {
  lab = await startToyLab('kube-controller');
});
after(() => lab[Symbol.asyncDispose]());
afterEach(() => lab.wipe());
const { apply, remove, ready, gone, condition } = toyDeeds(() => lab);

test('an object becomes what it declares, is Ready with its finalizer, and its deletion undoes it', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({ replicated: { size: 2 } }, 'images'));
  await ready('images');
  assert.deepEqual(world.writes, ['create-pool images', 'set-size images']);
  assert.deepEqual((await lab.pool('images'))?.metadata.finalizers, ['cephopenstack.io/finalizer']);
  assert.equal((await lab.pool('images'))?.status?.poolID, 2);
  await eventually(async () => {
    const events = await lab.events('images');
    assert.deepEqual(
      events.map(({ reason, note, type }) => ({ reason, note, type })),
      [{ reason: 'Applied', note: 'Done: Create pool "images". Set the size of pool "images" to 2.', type: 'Normal' }],
    );
  });
  await remove('images');
  await gone('images');
  assert.equal(world.pools.size, 0);
});

test('looks at a settled object write nothing: no step, no status, no event', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world, { lookEveryMs: 50 })]);
  await apply(pool({}, 'settled'));
  await ready('settled');
  const before = await lab.pool('settled');
  const requests = lab.proxy.requests.length;
  const looks = world.looks.get('settled') ?? 0;
  await eventually(() => assert.ok((world.looks.get('settled') ?? 0) > looks + 20));
  assert.deepEqual(
    lab.proxy.requests.slice(requests).filter(({ method }) => method !== 'GET'),
    [],
  );
  assert.equal((await lab.pool('settled'))?.metadata.resourceVersion, before?.metadata.resourceVersion);
  assert.deepEqual(world.writes, ['create-pool settled']);
  await remove('settled');
  await gone('settled');
});

test('what others write into the status is taken away, but for their own conditions, and then nothing more is written', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world, { lookEveryMs: 50 })]);
  await apply(pool({}, 'scribbled'));
  await ready('scribbled');
  const before = await lab.pool('scribbled');
  const said = { status: 'True', reason: 'Audited', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const [audited, stalled] = ['Audited', 'Stalled'].map((type) => ({ ...said, type }));
  const conditions = [...(before?.status?.conditions ?? []), audited, stalled];
  const status = { ...before?.status, plan: ['Do harm.'], usage: { images: 7 }, conditions };
  await lab.kube.kubectl(
    ['replace', '--raw', '/apis/cephopenstack.io/v1alpha1/namespaces/openstack/rbdpools/scribbled/status', '-f', '-'],
    { input: JSON.stringify({ ...before, status }) },
  );
  const left = { ...before?.status, conditions: [audited, ...(before?.status?.conditions ?? [])] };
  await eventually(async () => assert.deepEqual((await lab.pool('scribbled'))?.status, left));
  const requests = lab.proxy.requests.length;
  const looks = world.looks.get('scribbled') ?? 0;
  await eventually(() => assert.ok((world.looks.get('scribbled') ?? 0) > looks + 5));
  assert.deepEqual(
    lab.proxy.requests.slice(requests).filter(({ method }) => method !== 'GET'),
    [],
  );
  await remove('scribbled');
  await gone('scribbled');
});

test('two operators that say different things of one object do not answer each other for ever', async () => {
  const worlds = [createToyWorld(), createToyWorld()] as const;
  worlds[1].hold = { reason: 'OwnedByAnother', message: 'It belongs to another.', stalled: true };
  await using _ = await lab.start([toyKind(worlds[0], { lookEveryMs: 50 })]);
  await using __ = await lab.start([toyKind(worlds[1], { lookEveryMs: 50 })]);
  const requests = lab.proxy.requests.length;
  await apply(pool({}, 'shared'));
  await eventually(() => assert.ok(worlds.every(({ looks }) => (looks.get('shared') ?? 0) > 60)));
  const writes = lab.proxy.requests.slice(requests).filter(({ url }) => url.includes('/shared/status'));
  assert.ok(writes.length < 20, `${writes.length} writes`);
  worlds[1].hold = undefined;
  await remove('shared');
  await gone('shared');
});

test('drift is repaired and told as DriftRepaired, repeated drift as one series', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world, { lookEveryMs: 50 })]);
  await apply(pool({}, 'drifting'));
  await ready('drifting');
  for (const round of [1, 2, 3]) {
    world.pools.set('drifting', 1);
    await eventually(() => assert.equal(world.writes.length, 1 + round));
    await eventually(() => assert.equal(world.pools.get('drifting'), 3));
  }
  await eventually(async () => {
    const repairs = (await lab.events('drifting')).filter(({ reason }) => reason === 'DriftRepaired');
    assert.equal(repairs.length, 1);
    assert.equal(repairs[0]?.note, 'Done: Set the size of pool "drifting" to 3.');
    assert.equal(repairs[0]?.series?.count, 3);
  });
  await ready('drifting');
  await remove('drifting');
  await gone('drifting');
});

test('a changed generation is Reconciling before the long work, and the work is shown while it goes on', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({}, 'slow'));
  await ready('slow');
  world.stepMs = 3_000;
  const from = lab.logged.length;
  await apply(pool({ replicated: { size: 2 } }, 'slow'));
  await condition('slow', 'Reconciling', 'Progressing');
  await ready('slow');
  // Each line was written after the status was.
  const told = lab.logged.slice(from).filter(({ name, ready }) => name === 'slow' && ready !== undefined);
  assert.deepEqual(
    told.map(({ ready, reason, msg }) => [ready, reason, String(msg).replace(/\d+ needs/, 'N needs')]),
    [
      [false, 'Progressing', 'Looking at what generation N needs.'],
      [false, 'Progressing', 'Under way: Set the size of pool "slow" to 2.'],
      [true, 'Converged', 'All is as it should be.'],
    ],
  );
  world.stepMs = 0;
  await remove('slow');
  await gone('slow');
});

test('mode Plan shows every step and does none, for a deletion too', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  await apply(pool({ mode: 'Plan', replicated: { size: 2 } }, 'planned'));
  const message = await condition('planned', 'Ready', 'ChangesPlanned');
  assert.equal(message, '2 changes are planned, see status.plan; set mode to Enforce to have them made.');
  const object = await lab.pool('planned');
  assert.deepEqual(object?.status?.plan, ['Create pool "planned".', 'Set the size of pool "planned" to 2.']);
  assert.equal(object?.metadata.finalizers, undefined);
  await apply(pool({ mode: 'Enforce', replicated: { size: 2 } }, 'planned'));
  await ready('planned');
  assert.equal((await lab.pool('planned'))?.status?.plan, undefined);
  await apply(pool({ mode: 'Plan', replicated: { size: 2 } }, 'planned'));
  await ready('planned');
  await remove('planned');
  await condition('planned', 'Ready', 'ChangesPlanned');
  assert.deepEqual((await lab.pool('planned'))?.status?.plan, ['Delete pool "planned".']);
  assert.equal(world.pools.get('planned'), 2);
  await apply(pool({ mode: 'Enforce', replicated: { size: 2 } }, 'planned'));
  await gone('planned');
  assert.equal(world.pools.size, 0);
});

test('Waiting is Reconciling, Invalid is Stalled, anything else is repeated: each says why and passes', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world, { lookEveryMs: 200 })]);
  world.failure = new Waiting('CephUnreachable', 'The monitors do not answer.', { retryAfterMs: 100 });
  await apply(pool({}, 'failing'));
  assert.equal(await condition('failing', 'Reconciling', 'CephUnreachable'), 'The monitors do not answer.');
  assert.equal((await lab.pool('failing'))?.metadata.finalizers, undefined);
  world.failure = new Invalid('PolicyForbids', 'The policy does not allow it.');
  assert.equal(await condition('failing', 'Stalled', 'PolicyForbids'), 'The policy does not allow it.');
  assert.equal((await lab.conditions('failing')).Reconciling, undefined);
  world.failure = new TypeError('Something is not what it should be.');
  assert.equal(await condition('failing', 'Reconciling', 'Failed'), 'Something is not what it should be.');
  assert.equal((await lab.conditions('failing')).Stalled, undefined);
  world.failure = undefined;
  await ready('failing');
  await eventually(async () => {
    const warnings = (await lab.events('failing')).filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
    assert.deepEqual(warnings.toSorted(), ['Failed', 'PolicyForbids']);
  });
  await remove('failing');
  await gone('failing');
});

test('a Secret that a kind watches wakes its object, and its contents are nowhere in the cache', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)]);
  await apply(pool({}, 'woken'));
  await ready('woken');
  const looks = world.looks.get('woken') ?? 0;
  const secret = (value: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'for-woken', namespace: 'openstack' },
    stringData: { userKey: value },
  });
  await apply(secret('one'));
  await eventually(() => assert.equal(world.looks.get('woken'), looks + 1));
  await apply(secret('two'));
  await eventually(() => assert.equal(world.looks.get('woken'), looks + 2));
  const held = operator.cache.get(secretKind, { namespace: 'openstack', name: 'for-woken' });
  assert.deepEqual(Object.keys(held ?? {}).toSorted(), ['apiVersion', 'kind', 'metadata']);
  // Nor what kubectl apply wrote down in an annotation.
  assert.doesNotMatch(JSON.stringify(held), /dHdv|two/);
  const read = await operator.client.get(secretKind, { namespace: 'openstack', name: 'for-woken' });
  assert.equal(Buffer.from(read?.data?.userKey ?? '', 'base64').toString(), 'two');
  await lab.kube.kubectl(['delete', 'secret', 'for-woken', '-n', 'openstack']);
  await eventually(() => assert.equal(world.looks.get('woken'), looks + 3));
  await remove('woken');
  await gone('woken');
});

test('a pass that does not end is cut off at its deadline, and other objects go on meanwhile', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world, { passTimeoutMs: 1_500 })]);
  world.stepMs = 60_000;
  await apply(pool({}, 'stuck'));
  await condition('stuck', 'Reconciling', 'Progressing');
  await eventually(async () => {
    assert.equal((await lab.conditions('stuck')).Ready?.message, 'The pass did not end within 1.5 seconds.');
  });
  world.stepMs = 0;
  await apply(pool({}, 'quick'));
  await ready('quick');
  await ready('stuck');
  for (const name of ['stuck', 'quick']) await remove(name);
  for (const name of ['stuck', 'quick']) await gone(name);
});

test('stop() lets the work in progress end, and begins nothing new', async () => {
  const world = createToyWorld();
  const operator = await lab.start([toyKind(world)], { drainMs: 30_000 });
  world.stepMs = 1_000;
  await apply(pool({}, 'last'));
  await eventually(() => assert.equal(world.looks.get('last'), 1));
  const stopped = operator.stop();
  await apply(pool({}, 'too-late'));
  await stopped;
  assert.deepEqual(world.writes, ['create-pool last']);
  await ready('last');
  assert.deepEqual((await lab.pool('too-late'))?.status, { observedGeneration: -1 });
});

test('stop() cuts off what does not end in time', async () => {
  const world = createToyWorld();
  const operator = await lab.start([toyKind(world)], { drainMs: 100 });
  world.stepMs = 60_000;
  await apply(pool({}, 'endless'));
  await eventually(() => assert.equal(world.looks.get('endless'), 1));
  const startedAt = performance.now();
  await operator.stop();
  assert.ok(performance.now() - startedAt < 9_000);
  assert.deepEqual(world.writes, []);
});

test('a refused call is shown with the words of the API server', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)]);
  using __ = lab.proxy.inject(
    { kind: 'status', code: 403 },
    { match: ({ method, url }) => method === 'PATCH' && /rbdpools\/refused\?/.test(url) },
  );
  await apply(pool({}, 'refused'));
  assert.match(
    await condition('refused', 'Ready', 'Failed'),
    /^Cannot patch RbdPool "openstack\/refused": .*Forbidden/,
  );
  assert.equal(world.pools.has('refused'), false);
  await lab.kube.kubectl(['delete', 'rbdpool', 'refused', '-n', 'openstack']);
});

test('no key or token is in any log line', () => {
  assert.ok(lab.logged.length > 20);
  assert.doesNotMatch(JSON.stringify(lab.logged), /Bearer|eyJhbGci|dHdv/);
});
