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

/** A server that keeps one lease under optimistic locking, can be away, and has the clock that all go by. */
function leaseServer(spec?: Spec) {
  const state = { version: 1, spec, isAway: false, calls: 0, clockMs: 0 };
  const object = () => ({ metadata: { resourceVersion: String(state.version) }, spec: { ...state.spec } });
  const reach = async () => {
    state.calls += 1;
    await new Promise((resolve) => setImmediate(resolve));
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
  const stop = new AbortController();
  const standAs = (identity: string) => {
    const now = () => state.clockMs;
    const times = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 1, now };
    const election = stand(client, { lease: { namespace: 'a', name: 'lease' }, identity, ...times }, log, stop.signal);
    const seen = { leads: false, isLost: false };
    election.elected.then(() => {
      seen.leads = true;
    });
    election.lost.then(() => {
      seen.isLost = true;
    });
    return { ...election, seen };
  };
  /** Resolves when some more attempts have been made. */
  const attempts = async () => {
    for (const until = state.calls + 10; state.calls < until; ) await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, standAs, attempts, stop };
}

const log = pino({ level: 'silent' });

test('stand() makes the lease and leads, when there is none', async () => {
  const { state, standAs, stop } = leaseServer();
  const election = standAs('one');
  await election.elected;
  assert.equal(state.spec?.holderIdentity, 'one');
  assert.equal(state.spec?.leaseTransitions, 0);
  assert.match(state.spec?.renewTime ?? '', /\.\d{6}Z$/);
  stop.abort();
  await election.release();
  assert.deepEqual([state.spec?.holderIdentity, state.spec?.leaseDurationSeconds], ['', 1]);
});

test('stand() makes one of several lead, however they race', async () => {
  const { state, standAs, attempts, stop } = leaseServer();
  const names = ['one', 'two', 'three', 'four'];
  const elections = names.map(standAs);
  await Promise.race(elections.map(({ elected }) => elected));
  await attempts();
  const leaders = names.filter((_, index) => elections[index]?.seen.leads);
  assert.deepEqual(leaders, [state.spec?.holderIdentity]);
  stop.abort();
});

test('stand() waits for the lease time from when it saw the lease, whatever the times in it say', async () => {
  const renewTime = '1999-01-01T00:00:00.000000Z';
  const dead = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime, leaseTransitions: 4 };
  const { state, standAs, attempts, stop } = leaseServer(dead);
  const election = standAs('heir');
  await attempts();
  state.clockMs += 14_999;
  await attempts();
  assert.equal(election.seen.leads, false);
  state.clockMs += 1;
  await election.elected;
  assert.equal(state.spec?.leaseTransitions, 5);
  stop.abort();
});

test('stand() takes over at once what was given back', async () => {
  const { standAs, stop } = leaseServer({ holderIdentity: '', leaseDurationSeconds: 1 });
  await standAs('heir').elected;
  stop.abort();
});

test('stand() outlives a short outage and is lost after a long one', async () => {
  const { state, standAs, attempts, stop } = leaseServer();
  const election = standAs('one');
  await election.elected;
  await attempts();
  state.isAway = true;
  state.clockMs += 9_000;
  await attempts();
  assert.equal(election.seen.isLost, false);
  state.isAway = false;
  await attempts();
  state.isAway = true;
  state.clockMs += 9_999;
  await attempts();
  assert.equal(election.seen.isLost, false);
  state.clockMs += 1;
  await election.lost;
  stop.abort();
});

test('stand() renews with what time is left, when that is no whole number of milliseconds', {
  timeout: 10_000,
}, async () => {
  const { state, standAs, attempts, stop } = leaseServer();
  const election = standAs('one');
  await election.elected;
  for (let round = 0; round < 3; round += 1) {
    await attempts();
    state.clockMs += 7_000.25;
  }
  await attempts();
  assert.equal(election.seen.isLost, false);
  stop.abort();
});

test('stand() is lost at once, when another holds the lease', async () => {
  const { state, standAs, stop } = leaseServer();
  const election = standAs('one');
  await election.elected;
  state.version += 1;
  state.spec = { ...state.spec, holderIdentity: 'thief', leaseDurationSeconds: 10 };
  await election.lost;
  stop.abort();
  await election.release();
  assert.equal(state.spec.holderIdentity, 'thief');
});
