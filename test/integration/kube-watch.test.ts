import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import type { Fault, ProxiedRequest, StreamFault } from '../../lab/fault-proxy.ts';
import { poolKind, secretKind } from '../../src/kube/kinds.ts';
import { isConflict, isReplaced } from '../../src/kube/kube-error.ts';
import { pool } from '../api-objects.ts';
import { createToyWorld, startToyLab, type ToyLab, type ToyWorld, toyKind } from './kube-toy.ts';

let lab: ToyLab;
before(async () => {
  lab = await startToyLab('kube-watch');
});
after(() => lab[Symbol.asyncDispose]());
afterEach(() => lab.wipe());

/** Quick enough for a test: real silence lasts longer. */
const reflector = { idleLimitMs: 3_000, backoffMs: 50, longestBackoffMs: 500 };
const isPools = ({ url }: ProxiedRequest) => url.startsWith('/apis/cephopenstack.io/v1alpha1/rbdpools');
const isPoolWatch = (request: ProxiedRequest) => isPools(request) && request.isWatch;
const isPoolList = (request: ProxiedRequest) => isPools(request) && request.method === 'GET' && !request.isWatch;

const apply = (object: unknown) => lab.kube.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
const made = (world: ToyWorld, name: string) => eventually(() => assert.ok(world.pools.has(name), `no pool ${name}`));

const streamFaults: readonly StreamFault[] = ['drop', 'half-open', 'gone', 'truncate', 'end'];
for (const fault of streamFaults) {
  test(`a watch that fails by "${fault}" is taken up again, and nothing is missed`, async () => {
    const world = createToyWorld();
    await using operator = await lab.start([toyKind(world)], { reflector });
    await apply(pool({}, 'before'));
    await made(world, 'before');
    assert.equal(lab.proxy.disturb(fault, isPoolWatch), 1);
    await apply(pool({}, 'after'));
    await made(world, 'after');
    await lab.kube.kubectl(['delete', 'rbdpool', 'before', '-n', 'openstack', '--timeout=30s']);
    assert.equal(world.pools.has('before'), false);
    assert.deepEqual(operator.unready(), []);
  });
}

const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 503 },
  { kind: 'status', code: 401 },
  { kind: 'status', code: 429, retryAfterSeconds: 1 },
  { kind: 'truncate' },
  { kind: 'gone' },
];
for (const fault of faults) {
  const name = fault.kind === 'status' ? String(fault.code) : fault.kind;
  test(`watches and lists that are answered by "${name}" are repeated until they succeed`, async () => {
    const world = createToyWorld();
    await using _ = await lab.start([toyKind(world)], { reflector });
    await apply(pool({}, 'before'));
    await made(world, 'before');
    using injected = lab.proxy.inject(fault, {
      match: (request) => isPoolWatch(request) || isPoolList(request),
      times: 6,
    });
    lab.proxy.disturb('drop', isPoolWatch);
    await apply(pool({}, 'after'));
    await made(world, 'after');
    assert.ok(injected.hits > 0);
  });
}

test('an object that vanished while no watch was there is noticed, although no DELETED ever came', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)], { reflector });
  await apply(pool({}, 'stays'));
  await apply(pool({}, 'vanishes'));
  await made(world, 'stays');
  await made(world, 'vanishes');
  const held = () =>
    operator.cache
      .list(poolKind)
      .map(({ metadata }) => metadata.name)
      .toSorted();
  {
    using _ = lab.proxy.inject({ kind: 'drop' }, { match: isPools });
    lab.proxy.disturb('drop', isPoolWatch);
    await lab.kube.kubectl([
      'patch',
      'rbdpool',
      'vanishes',
      '-n',
      'openstack',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":[]}}',
    ]);
    await lab.kube.kubectl(['delete', 'rbdpool', 'vanishes', '-n', 'openstack']);
    assert.deepEqual(held(), ['stays', 'vanishes']);
  }
  // And the versions from before the gap are no longer known.
  using _ = lab.proxy.inject({ kind: 'gone' }, { match: isPoolWatch, times: 1 });
  await eventually(() => assert.deepEqual(held(), ['stays']));
});

test('a full list now and then brings what no watch ever said', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)], {
    reflector: { ...reflector, idleLimitMs: 90_000, relistEveryMs: 2_000 },
  });
  await apply(pool({}, 'silent'));
  await made(world, 'silent');
  // From here on this watch says nothing, and is not idle long enough to be found out.
  lab.proxy.disturb('half-open', isPoolWatch);
  await apply({ ...pool({}, 'silent'), metadata: { name: 'silent', namespace: 'openstack', labels: { seen: 'yes' } } });
  await eventually(() => {
    const object = operator.cache.get(poolKind, { namespace: 'openstack', name: 'silent' });
    assert.equal(object?.metadata.labels?.seen, 'yes');
  });
});

test('an API server that restarts loses nothing, and the process lives on', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)], { reflector });
  await apply(pool({}, 'before'));
  await made(world, 'before');
  await lab.kube.restartApiServer();
  await apply(pool({}, 'after'));
  await made(world, 'after');
  assert.deepEqual(operator.unready(), []);
});

test('an operator that starts while the API server is away waits for it, and says so', async () => {
  const world = createToyWorld();
  const injected = lab.proxy.inject({ kind: 'drop' });
  await using operator = await lab.start([toyKind(world)], { reflector });
  await eventually(() =>
    assert.match(operator.unready().join('\n'), /Cannot list rbdpools: the Kubernetes API did not answer/),
  );
  injected[Symbol.dispose]();
  await apply(pool({}, 'first'));
  await made(world, 'first');
  assert.deepEqual(operator.unready(), []);
});

test('a kind that may not be read is named, and the rest waits for it', async () => {
  const world = createToyWorld();
  using denied = lab.proxy.inject({ kind: 'status', code: 403 }, { match: ({ url }) => url.includes('/secrets') });
  await using operator = await lab.start([toyKind(world)], { reflector });
  await eventually(() => assert.match(operator.unready().join('\n'), /Cannot list secrets: injected: Forbidden\./));
  assert.ok(denied.hits > 0);
});

test('a write that is answered by 429 is repeated after the time that the server asked for', async () => {
  await using operator = await lab.start([], { reflector });
  using injected = lab.proxy.inject(
    { kind: 'status', code: 429, retryAfterSeconds: 2 },
    { match: ({ method }) => method === 'PATCH', times: 1 },
  );
  const startedAt = performance.now();
  const metadata = { namespace: 'openstack', name: 'busy' };
  await operator.client.apply(secretKind, { metadata, stringData: { a: 'b' } });
  assert.ok(performance.now() - startedAt >= 1_900);
  assert.equal(injected.hits, 1);
  await operator.client.delete(secretKind, metadata);
  assert.equal(await operator.client.get(secretKind, metadata), undefined);
});

test('reads outlive a lost connection, an error and a cut-off answer; a create is never sent twice', async () => {
  await using operator = await lab.start([], { reflector });
  const metadata = { namespace: 'openstack', name: 'bumpy' };
  await operator.client.apply(secretKind, { metadata, stringData: { a: 'b' } });
  for (const fault of [{ kind: 'drop' }, { kind: 'status', code: 500 }, { kind: 'truncate' }] as const) {
    using injected = lab.proxy.inject(fault, { match: ({ url }) => url.endsWith('/bumpy'), times: 2 });
    assert.equal((await operator.client.get(secretKind, metadata))?.metadata.name, 'bumpy');
    assert.equal(injected.hits, 2);
  }
  using injected = lab.proxy.inject({ kind: 'status', code: 500 }, { match: ({ method }) => method === 'POST' });
  await assert.rejects(operator.client.create(secretKind, { metadata: { ...metadata, name: 'once' } }), { code: 500 });
  assert.equal(injected.hits, 1);
  await operator.client.delete(secretKind, metadata);
});

test('an aborted call ends at once with the reason', async () => {
  await using operator = await lab.start([], { reflector });
  using _ = lab.proxy.inject({ kind: 'half-open' }, { match: ({ url }) => url.endsWith('/hanging') });
  const signal = AbortSignal.timeout(200);
  const startedAt = performance.now();
  await assert.rejects(operator.client.get(secretKind, { namespace: 'openstack', name: 'hanging' }, signal), {
    name: 'TimeoutError',
  });
  assert.ok(performance.now() - startedAt < 2_000);
});

test('preconditions: a stale version, another uid and a taken name are refused', async () => {
  await using operator = await lab.start([], { reflector });
  const { client } = operator;
  const metadata = { namespace: 'openstack', name: 'guarded' };
  const first = await client.create(secretKind, { metadata, stringData: { a: 'b' } });
  await assert.rejects(client.create(secretKind, { metadata }), { code: 409, reason: 'AlreadyExists' });
  await client.mergePatch(secretKind, metadata, { metadata: { labels: { a: 'b' } } });
  const stale = { metadata: { resourceVersion: first.metadata.resourceVersion, labels: { a: 'c' } } };
  await assert.rejects(client.mergePatch(secretKind, metadata, stale), isConflict);
  await assert.rejects(client.apply(secretKind, { metadata: { ...metadata, uid: 'another' } }), isReplaced);
  await assert.rejects(client.delete(secretKind, metadata, { uid: 'another' }), isConflict);
  await client.delete(secretKind, metadata, { uid: first.metadata.uid, propagation: 'Foreground' });
  await client.delete(secretKind, metadata);
  await eventually(async () => assert.equal(await client.get(secretKind, metadata), undefined));
});

test('a finalizer that somebody adds between reading and writing stays', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)], { reflector });
  const isFinalizer = ({ method, url }: ProxiedRequest) => method === 'PATCH' && /rbdpools\/raced\?/.test(url);
  using injected = lab.proxy.inject({ kind: 'slow', delayMs: 1_500 }, { match: isFinalizer, times: 1 });
  await apply(pool({}, 'raced'));
  await eventually(() => assert.equal(injected.hits, 1));
  const patch = (finalizers: string[]) =>
    lab.kube.kubectl([
      'patch',
      'rbdpool',
      'raced',
      '-n',
      'openstack',
      '--type=merge',
      '-p',
      JSON.stringify({ metadata: { finalizers } }),
    ]);
  await patch(['example.com/foreign']);
  await made(world, 'raced');
  const both = ['example.com/foreign', 'cephopenstack.io/finalizer'];
  assert.deepEqual((await lab.pool('raced'))?.metadata.finalizers, both);
  await patch(['cephopenstack.io/finalizer']);
});

test('watched namespaces alone are read', async () => {
  const world = createToyWorld();
  await using _ = await lab.start([toyKind(world)], { reflector, namespaces: ['openstack', 'elsewhere'] });
  const from = lab.proxy.requests.length;
  await apply({ ...pool({}, 'outside'), metadata: { name: 'outside', namespace: 'default' } });
  await apply(pool({}, 'inside'));
  await made(world, 'inside');
  assert.equal(world.pools.has('outside'), false);
  const lists = lab.proxy.requests.slice(from).filter(({ method }) => method === 'GET');
  assert.deepEqual(
    lists.filter(({ url }) => !/namespaces\/(openstack|elsewhere)\//.test(url)),
    [],
  );
  await lab.kube.kubectl(['delete', 'rbdpool', 'outside', '-n', 'default']);
});

test('six hundred calls run over a few dozen connections', async () => {
  const world = createToyWorld();
  await using operator = await lab.start([toyKind(world)], { reflector });
  const [before, from] = [lab.proxy.connections().total, lab.proxy.requests.length];
  const names = Array.from({ length: 120 }, (_, index) => `many-${index}`);
  await Promise.all(
    names.map((name) => {
      const { metadata, spec } = pool({}, name);
      return operator.client.create(poolKind, { metadata, spec });
    }),
  );
  await eventually(() => {
    const ready = operator.cache.list(poolKind).filter(({ status }) => status?.conditions?.[0]?.status === 'True');
    assert.equal(ready.length, names.length);
  });
  assert.ok(lab.proxy.requests.length - from > 480);
  assert.ok(lab.proxy.connections().total - before < 80, `${lab.proxy.connections().total - before} connections`);
  await lab.kube.kubectl(['delete', 'rbdpools', '--all', '-n', 'openstack', '--timeout=60s']);
});
