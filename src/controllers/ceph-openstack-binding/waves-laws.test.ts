import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import { done, going, host } from './waves.fixture.ts';
import { budgetOf, planWaves, type Rollout, type WaveHost } from './waves.ts';

// A small world: hosts do what they are told, at their own pace; some do not answer, of some OpenStack hears no more.
interface One extends WaveHost {
  /** With the target its services do not report. */
  readonly silent: boolean;
}
type World = Map<string, One>;

/** `asked`: whether OpenStack is asked, so that a host is done only once it was seen. */
function told(world: World, how: Rollout, asked: boolean): void {
  const hosts = [...world.values()];
  const { current } = planWaves('new', hosts, how);
  for (const [name, revision] of current) {
    const before = world.get(name) ?? assert.fail();
    if (before.current === revision) continue;
    assert.equal(before.distributed, 'new', 'a switch before its distribution');
    assert.equal(before.reachable, 'yes', 'a host that does not answer is told to switch');
    assert.ok(before.seen !== 'back', 'a host that went back is tried again');
    const isTried = before.changedRoles.length > 0;
    const seen = asked && isTried ? 'coming' : 'up';
    world.set(name, { ...before, current: revision, ready: !isTried, changedRoles: [], seen });
  }
  for (const role of roles) {
    const ours = [...world.values()].filter((one) => one.roles.includes(role) && one.reachable === 'yes');
    const isTold = (one: One) => one.current === 'new' && !one.failing && one.seen !== 'leaving';
    const busy = ours.filter((one) => isTold(one) && (!one.ready || one.seen !== 'up'));
    const returning = ours.filter((one) => one.seen === 'leaving' || (one.seen === 'back' && !one.ready));
    const budget = budgetOf(role, hosts, how);
    assert.ok(busy.length === 0 || busy.length + returning.length <= budget, `over the budget of ${role}`);
    const isProved = ours.filter((one) => isTold(one) && one.ready && one.seen === 'up').length >= how.canary;
    assert.ok(isProved || busy.length <= how.canary, `more than canaries of ${role}`);
  }
}

/** What a host does next of itself. */
function moved(one: One): One {
  if (one.distributed !== 'new') return { ...one, distributed: 'new' };
  if (one.seen === 'back') return { ...one, switched: 'old', ready: true };
  if (one.switched !== 'new') return { ...one, switched: 'new', ready: true };
  if (!one.silent) return { ...one, seen: 'up' };
  if (one.seen === 'coming') return { ...one, seen: 'leaving' };
  return { ...one, current: 'old', changedRoles: one.roles, ready: false, seen: 'back' };
}

function isMoving({ reachable, distributed, current, switched, seen, ready }: One): boolean {
  if (reachable !== 'yes') return false;
  if (distributed !== 'new' || (seen === 'back' && !ready)) return true;
  return current === 'new' && (switched !== 'new' || seen !== 'up');
}

const anyHost = fc.record({
  roles: fc.uniqueArray(fc.constantFrom<Role>(...roles), { minLength: 1, maxLength: 4 }),
  reachable: fc.constantFrom('yes', 'yes', 'yes', 'no' as const),
  inService: fc.boolean(),
  silent: fc.constantFrom(false, false, false, true),
});
const anyRollout = fc.record({
  maxUnavailable: fc.record({ others: fc.constantFrom(1, 2, '10%', '50%') }),
  canary: fc.integer({ min: 0, max: 3 }),
  pauseOnFailure: fc.boolean(),
});

test('planWaves() gets every host that answers to the target, and never takes more than a budget down', () => {
  fc.assert(
    fc.property(
      fc.array(anyHost, { minLength: 1, maxLength: 12 }),
      anyRollout,
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (hosts, how, asked, dice) => {
        const world: World = new Map(
          hosts.map(({ roles: some, reachable, inService, silent }, index) => {
            const before = inService ? 'old' : undefined;
            const state = { roles: some, changedRoles: some, reachable };
            const made = host(`h${index}`, { ...state, current: before, distributed: before, switched: before });
            // One that was never in service has nothing to go back to, and stays as it is.
            return [made.name, { ...made, silent: asked && silent && inService }];
          }),
        );
        for (let round = 0; round < 400; round++) {
          told(world, how, asked);
          const moving = [...world.values()].filter(isMoving);
          const one = moving[(dice.next().value ?? 0) % Math.max(moving.length, 1)];
          if (one === undefined) break;
          world.set(one.name, moved(one));
        }
        const isStopped = how.pauseOnFailure && [...world.values()].some(({ seen }) => seen === 'back');
        for (const one of world.values()) {
          assert.ok(!isMoving(one), `${one.name} never comes to rest`);
          if (one.reachable === 'no') assert.notEqual(one.current, 'new');
          else if (one.silent) assert.notEqual(one.current, 'new');
          else if (!isStopped) assert.deepEqual([one.current, one.switched, one.seen], ['new', 'new', 'up']);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('planWaves() switches nobody after a failure, when it is to pause', () => {
  fc.assert(
    fc.property(fc.array(anyHost, { minLength: 2, maxLength: 12 }), anyRollout, (hosts, how) => {
      const all = hosts.map(({ roles: some }, index) => host(`h${index}`, { roles: some, changedRoles: some }));
      const failing = [host('failed', { ...going, failing: true }), ...all];
      const { current, failed } = planWaves('new', failing, { ...how, pauseOnFailure: true });
      assert.deepEqual([...current.keys()], ['failed']);
      assert.deepEqual(failed, ['failed']);
    }),
  );
});

test('planWaves() loses no more hosts of a role than its canaries, or else than its budget, to switches that cut off', () => {
  fc.assert(
    fc.property(fc.array(anyHost, { minLength: 1, maxLength: 12 }), anyRollout, fc.nat(3), (hosts, how, survivors) => {
      const world = new Map(
        hosts.map(({ roles: some }, index) => [`h${index}`, host(`h${index}`, { roles: some, changedRoles: some })]),
      );
      let survived = 0;
      for (let round = 0; round < 40; round++) {
        const { current } = planWaves('new', [...world.values()], how);
        for (const name of current.keys()) {
          const before = world.get(name) ?? assert.fail();
          if (before.current === 'new') continue;
          const lost: Partial<WaveHost> = { ...going, reachable: 'no' };
          world.set(name, { ...before, ...(survived++ < survivors ? done : lost) });
        }
      }
      for (const role of roles) {
        const all = [...world.values()].filter((one) => one.roles.includes(role));
        const lost = all.filter((one) => one.current === 'new' && one.reachable === 'no').length;
        const proved = all.some((one) => one.switched === 'new');
        const budget = budgetOf(role, [...world.values()], how);
        assert.ok(lost <= (proved || how.canary === 0 ? budget : Math.min(how.canary, budget)), `${lost} of ${role}`);
      }
    }),
    { numRuns: 1_000 },
  );
});
