import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Client } from './client.ts';
import type { LeaseObject } from './kinds.ts';
import { KubeError } from './kube-error.ts';
import { stand } from './leader.ts';

type Spec = NonNullable<LeaseObject['spec']>;
interface Patch {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: Spec;
}

/** A server that keeps one lease under optimistic locking, and can be away. */
function leaseServer(spec?: Spec) {
  const state: { version: number; spec: Spec | undefined; isAway: boolean } = { version: 1, spec, isAway: false };
  const object = () => ({ metadata: { resourceVersion: String(state.version) }, spec: { ...state.spec } });
  const reach = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (state.isAway) throw new KubeError('away', { code: 0, reason: 'Unreachable' });
  };
  const client = {
    async get() {
      await reach();
      return state.spec === undefined ? undefined : object();
    },
    async create(_: unknown, lease: { spec: Spec }) {
      await reach();
      if (state.spec !== undefined) throw new KubeError('exists', { code: 409, reason: 'AlreadyExists' });
      state.spec = lease.spec;
      return object();
    },
    async mergePatch(_: unknown, __: unknown, patch: Patch) {
      await reach();
      if (patch.metadata.resourceVersion !== String(state.version)) {
        throw new KubeError('stale', { code: 409, reason: 'Conflict' });
      }
      state.version += 1;
      state.spec = { ...state.spec, ...patch.spec };
      return object();
    },
  } as unknown as Client;
  return { state, client };
}

const log = pino({ level: 'silent' });
const options = (identity: string) => ({
  lease: { namespace: 'a', name: 'lease' },
  identity,
  leaseMs: 1_000,
  renewDeadlineMs: 300,
  retryMs: 20,
});
const later = (ms: number) => new Promise<'later'>((resolve) => setTimeout(resolve, ms, 'later'));

test('stand() makes the lease and leads, when there is none', async () => {
  const { client, state } = leaseServer();
  const stop = new AbortController();
  const election = stand(client, options('one'), log, stop.signal);
  await election.elected;
  assert.equal(state.spec?.holderIdentity, 'one');
  assert.equal(state.spec?.leaseTransitions, 0);
  assert.match(state.spec?.renewTime ?? '', /\.\d{6}Z$/);
  stop.abort();
  await election.release();
  assert.deepEqual([state.spec?.holderIdentity, state.spec?.leaseDurationSeconds], ['', 1]);
});

test('stand() makes one of several lead, however they race', async () => {
  const { client, state } = leaseServer();
  const stop = new AbortController();
  const leaders: string[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    stand(client, options(name), log, stop.signal).elected.then(() => leaders.push(name));
  }
  await later(300);
  assert.deepEqual(leaders, [state.spec?.holderIdentity]);
  stop.abort();
});

test('stand() waits for the lease time from when it saw the lease, whatever the times in it say', async () => {
  const dead = {
    holderIdentity: 'dead',
    leaseDurationSeconds: 1,
    renewTime: '1999-01-01T00:00:00.000000Z',
    leaseTransitions: 4,
  };
  const { client, state } = leaseServer(dead);
  const stop = new AbortController();
  const startedAt = performance.now();
  await stand(client, options('heir'), log, stop.signal).elected;
  assert.ok(performance.now() - startedAt >= 1_000);
  assert.equal(state.spec?.leaseTransitions, 5);
  stop.abort();
});

test('stand() takes over at once what was given back', async () => {
  const { client } = leaseServer({ holderIdentity: '', leaseDurationSeconds: 1 });
  const stop = new AbortController();
  const elected = stand(client, options('heir'), log, stop.signal).elected.then(() => 'elected');
  assert.equal(await Promise.race([elected, later(500)]), 'elected');
  stop.abort();
});

test('stand() outlives a short outage and is lost after a long one', async () => {
  const { client, state } = leaseServer();
  const stop = new AbortController();
  const election = stand(client, options('one'), log, stop.signal);
  await election.elected;
  const lost = election.lost.then(() => 'lost');
  state.isAway = true;
  assert.equal(await Promise.race([lost, later(150)]), 'later');
  state.isAway = false;
  assert.equal(await Promise.race([lost, later(500)]), 'later');
  state.isAway = true;
  assert.equal(await Promise.race([lost, later(900)]), 'lost');
  stop.abort();
});

test('stand() is lost at once, when another holds the lease', async () => {
  const { client, state } = leaseServer();
  const stop = new AbortController();
  const election = stand(client, options('one'), log, stop.signal);
  await election.elected;
  state.version += 1;
  state.spec = { ...state.spec, holderIdentity: 'thief', leaseDurationSeconds: 10 };
  const lost = election.lost.then(() => 'lost');
  assert.equal(await Promise.race([lost, later(250)]), 'lost');
  stop.abort();
  await election.release();
  assert.equal(state.spec.holderIdentity, 'thief');
});
