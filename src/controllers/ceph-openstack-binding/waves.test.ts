import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Role, roles } from '../../api/ceph-openstack-host.ts';
import { budgetOf, planWaves, type Rollout, type WaveHost } from './waves.ts';

const rollout: Rollout = { maxUnavailable: { NovaCompute: '10%', others: 1 }, canary: 1, pauseOnFailure: true };
const wide: Rollout = { maxUnavailable: { others: '100%' }, canary: 0, pauseOnFailure: true };

function host(name: string, state: Partial<WaveHost> = {}): WaveHost {
  return {
    name,
    roles: ['NovaCompute'],
    variants: {},
    reachable: 'yes',
    refused: false,
    current: 'old',
    distributed: 'new',
    switched: 'old',
    ready: true,
    failing: false,
    changedRoles: ['NovaCompute'],
    ...state,
  };
}
const done: Partial<WaveHost> = { current: 'new', switched: 'new', changedRoles: [] };
const going: Partial<WaveHost> = { current: 'new', switched: 'old', ready: false, changedRoles: [] };

const table: readonly (readonly [string, readonly WaveHost[], Rollout, readonly string[]])[] = [
  ['the canary alone goes first', [host('a'), host('b')], { ...wide, canary: 1 }, ['a']],
  ['nobody goes beside the canary', [host('a', going), host('b')], { ...wide, canary: 1 }, ['a']],
  [
    'the others follow a canary that is through',
    [host('a', done), host('b'), host('c')],
    { ...wide, canary: 1 },
    ['a', 'b', 'c'],
  ],
  ['nobody goes, when a host has not been laid out', [host('a'), host('b', { distributed: 'old' })], wide, []],
  [
    'nobody goes, when a host was not looked at yet',
    [host('a'), host('b', { distributed: 'old', reachable: 'unknown' })],
    wide,
    [],
  ],
  [
    'an unreachable host is not waited for',
    [host('a'), host('b', { distributed: 'old', reachable: 'no' })],
    wide,
    ['a'],
  ],
  ['an unreachable host that has the target laid out stays', [host('a', { reachable: 'no' }), host('b')], wide, ['b']],
  ['a refused host keeps what it has', [host('a', { refused: true, distributed: 'old' }), host('b')], wide, ['b']],
  [
    'a new host that fails holds up nobody',
    [host('a', { current: undefined, distributed: undefined, failing: true }), host('b')],
    wide,
    ['b'],
  ],
  [
    'a host in service that fails to be laid out holds up all',
    [host('a', { distributed: 'old', failing: true }), host('b')],
    wide,
    [],
  ],
  ['a failure stops the ones after it', [host('a', { ...going, failing: true }), host('b')], wide, ['a']],
  [
    'a failure does not stop the ones after it, when told so',
    [host('a', { ...going, failing: true }), host('b')],
    { ...wide, pauseOnFailure: false },
    ['a', 'b'],
  ],
  [
    'a host goes on at once, when nothing changes for its services',
    [host('a', { changedRoles: [] }), host('b', { distributed: 'old' })],
    wide,
    ['a'],
  ],
  [
    'one without change is no canary',
    [
      host('a', done),
      host('b', { roles: ['GlanceApi'], changedRoles: ['GlanceApi'] }),
      host('c', { roles: ['GlanceApi'], changedRoles: ['GlanceApi'] }),
    ],
    { ...wide, canary: 1 },
    ['a', 'b'],
  ],
  ['a role’s budget is kept', [host('a', going), host('b')], { ...wide, maxUnavailable: { others: 1 } }, ['a']],
  [
    'two roles’ budgets are kept at once',
    [host('a', { roles: ['GlanceApi', 'NovaCompute'] }), host('b', { roles: ['GlanceApi'] }), host('c')],
    { ...wide, maxUnavailable: { others: 1 } },
    ['a'],
  ],
  [
    'a host that is lost by its switch keeps its place as the canary',
    [host('a', { ...going, reachable: 'no' }), host('b')],
    { ...wide, canary: 1 },
    ['a'],
  ],
  [
    'a host that is lost by its switch keeps its place in the budget',
    [host('a', { ...going, reachable: 'no' }), host('b')],
    { ...wide, maxUnavailable: { others: 1 } },
    ['a'],
  ],
  [
    'a host that went away after its switch holds up nobody',
    [host('a', { ...done, reachable: 'no', ready: false }), host('b')],
    { ...wide, maxUnavailable: { others: 1 } },
    ['a', 'b'],
  ],
  [
    'a host that is lost holds up no other role',
    [host('a', { ...going, reachable: 'no' }), host('b', { roles: ['GlanceApi'], changedRoles: ['GlanceApi'] })],
    { ...wide, canary: 1 },
    ['a', 'b'],
  ],
  [
    'one that shares a role with the canary needs a canary for its others',
    [
      host('a', { ...done, roles: ['GlanceApi'] }),
      host('b', { roles: ['GlanceApi', 'NovaCompute'], changedRoles: ['GlanceApi', 'NovaCompute'] }),
      host('c'),
      host('d', { roles: ['GlanceApi'], changedRoles: ['GlanceApi'] }),
    ],
    { ...wide, canary: 1 },
    ['a', 'b', 'd'],
  ],
  [
    'a canary of another release proves nothing',
    [
      host('a', { ...done, variants: { NovaCompute: '2025.1' } }),
      host('b', { variants: { NovaCompute: '2025.2' } }),
      host('c', { variants: { NovaCompute: '2025.2' } }),
      host('d', { variants: { NovaCompute: '2025.1' } }),
    ],
    { ...wide, canary: 1 },
    ['a', 'b', 'd'],
  ],
  [
    'canaries of two roles go one after the other in a cloud at work',
    [host('a'), host('b', { roles: ['GlanceApi'], changedRoles: ['GlanceApi'] })],
    { ...wide, canary: 1 },
    ['a'],
  ],
  [
    'hosts that were never in service go side by side, one canary for each role',
    [
      host('a', { current: undefined }),
      host('b', { current: undefined, roles: ['GlanceApi'], changedRoles: ['GlanceApi'] }),
      host('c', { current: undefined }),
    ],
    { ...wide, canary: 1 },
    ['a', 'b'],
  ],
  [
    'a host without change that does not answer is told nothing',
    [host('a', { changedRoles: [], reachable: 'no' }), host('b')],
    { ...wide, maxUnavailable: { others: 1 } },
    ['b'],
  ],
];

for (const [what, hosts, how, expected] of table) {
  test(`planWaves(): ${what}`, () => {
    const { current } = planWaves('new', hosts, how);
    assert.deepEqual([...current.keys()].sort(), expected);
  });
}

test('budgetOf() rounds a share down, and lets one go at least', () => {
  const hosts = Array.from({ length: 25 }, (_, index) => host(`h${index}`));
  assert.equal(budgetOf('NovaCompute', hosts, rollout), 2);
  assert.equal(budgetOf('NovaCompute', hosts.slice(0, 3), rollout), 1);
  assert.equal(budgetOf('GlanceApi', hosts, rollout), 1);
});

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

test('planWaves() takes thousands of hosts without thinking of each pair', () => {
  const waves = (count: number): number => {
    const all = Array.from({ length: count }, (_, index) => host(`h${index}`));
    const began = performance.now();
    planWaves('new', all, rollout);
    return performance.now() - began;
  };
  waves(1_000);
  assert.ok(waves(50_000) < 2_000);
});
