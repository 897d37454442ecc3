import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import { done, going, host } from './waves.fixture.ts';
import { budgetOf, planWaves, type Rollout, type WaveHost } from './waves.ts';

// A small world: hosts do what they are told, at their own pace, and some do not answer or fail.
type World = Map<string, WaveHost>;

function told(world: World, how: Rollout): void {
  const { current } = planWaves('new', [...world.values()], how);
  for (const [name, revision] of current) {
    const before = world.get(name) ?? assert.fail();
    if (before.current === revision) continue;
    assert.equal(before.distributed, 'new', 'a switch before its distribution');
    assert.equal(before.reachable, 'yes', 'a host that does not answer is told to switch');
    world.set(name, { ...before, current: revision, ready: before.changedRoles.length === 0, changedRoles: [] });
  }
  for (const role of roles) {
    const busy = [...world.values()].filter(
      (one) =>
        one.roles.includes(role) && one.current === 'new' && !one.ready && !one.failing && one.reachable === 'yes',
    );
    assert.ok(busy.length <= budgetOf(role, [...world.values()], how), `over the budget of ${role}`);
  }
}

const anyHost = fc.record({
  roles: fc.uniqueArray(fc.constantFrom<Role>(...roles), { minLength: 1, maxLength: 4 }),
  reachable: fc.constantFrom('yes', 'yes', 'yes', 'no' as const),
  inService: fc.boolean(),
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
      fc.infiniteStream(fc.nat()),
      (hosts, how, dice) => {
        const world: World = new Map(
          hosts.map(({ roles: some, reachable, inService }, index) => [
            `h${index}`,
            host(`h${index}`, {
              roles: some,
              changedRoles: some,
              reachable,
              current: inService ? 'old' : undefined,
              distributed: inService ? 'old' : undefined,
              switched: inService ? 'old' : undefined,
            }),
          ]),
        );
        for (let round = 0; round < 400; round++) {
          told(world, how);
          const moving = [...world.values()].filter(
            (one) =>
              one.reachable === 'yes' &&
              (one.distributed !== 'new' || (one.current === 'new' && one.switched !== 'new')),
          );
          const one = moving[(dice.next().value ?? 0) % Math.max(moving.length, 1)];
          if (one === undefined) break;
          world.set(
            one.name,
            one.distributed === 'new' ? { ...one, switched: 'new', ready: true } : { ...one, distributed: 'new' },
          );
        }
        for (const one of world.values()) {
          assert.equal(one.current, one.reachable === 'yes' ? 'new' : one.current === 'new' ? 'new' : one.current);
          if (one.reachable === 'yes') assert.equal(one.switched, 'new');
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
      const world: World = new Map(
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
