import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, going, host, rollout, wide } from './waves.fixture.ts';
import { budgetOf, planWaves, type Rollout, type WaveHost } from './waves.ts';

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
  ['a refused host keeps what it has', [host('a', { passedBy: true, distributed: 'old' }), host('b')], wide, ['b']],
  [
    'a held host that fails stops nobody and takes no place',
    [host('a', { ...going, passedBy: true, failing: true }), host('b'), host('c')],
    { ...wide, maxUnavailable: { others: 1 } },
    ['b'],
  ],
  [
    'a held host is no canary',
    [host('a', { ...done, passedBy: true }), host('b'), host('c')],
    { ...wide, canary: 1 },
    ['b'],
  ],
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
    'nobody goes beside a canary whose services OpenStack does not have up yet',
    [host('a', { ...done, seen: 'coming' }), host('b')],
    { ...wide, canary: 1 },
    ['a'],
  ],
  [
    'nobody goes beside a canary that does not answer any more, before OpenStack had its services up',
    [host('a', { ...done, seen: 'coming', reachable: 'no', ready: false }), host('b')],
    { ...wide, canary: 1 },
    ['a'],
  ],
  [
    'services that do not come up stop the ones after them',
    [host('a', { ...done, seen: 'down' }), host('b')],
    wide,
    ['a'],
  ],
  [
    'a host that goes back now keeps its place, when others go on',
    [host('a', { ...done, seen: 'leaving' }), host('b')],
    { ...rollout, canary: 0, pauseOnFailure: false },
    ['a'],
  ],
  [
    'one whose services do not come up, and that has nothing to go back to, does not, when others go on',
    [host('a', { ...done, seen: 'down' }), host('b')],
    { ...rollout, canary: 0, pauseOnFailure: false },
    ['a', 'b'],
  ],
  [
    'a host that proves nothing, since nothing runs on it, is no canary',
    [host('a', { ...done, idle: true }), host('b'), host('c')],
    { ...wide, canary: 1 },
    ['a', 'b'],
  ],
  ['a host that went back stays, and stops the ones after it', [host('a', { seen: 'back' }), host('b')], wide, []],
  [
    'a host that went back stays, and keeps its place until it is there, when others go on',
    [host('a', { seen: 'back', ready: false }), host('b')],
    { ...rollout, canary: 0, pauseOnFailure: false },
    [],
  ],
  [
    'others go on beside a host that is back, when told so',
    [host('a', { seen: 'back' }), host('b')],
    { ...wide, pauseOnFailure: false },
    ['b'],
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
    'a host that is lost on trial keeps its place as the canary',
    [host('a', { ...done, ready: false, reachable: 'no', seen: 'coming' }), host('b')],
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

test('planWaves() switches nobody while OpenStack cannot be asked, but who returns to what he had', () => {
  const { current } = planWaves('new', [host('a'), host('b', { returns: true })], wide, true);
  assert.deepEqual([...current.keys()], ['b']);
});

test('budgetOf() rounds a share down, and lets one go at least', () => {
  const hosts = Array.from({ length: 25 }, (_, index) => host(`h${index}`));
  assert.equal(budgetOf('NovaCompute', hosts, rollout), 2);
  assert.equal(budgetOf('NovaCompute', hosts.slice(0, 3), rollout), 1);
  assert.equal(budgetOf('GlanceApi', hosts, rollout), 1);
});

test('planWaves() takes thousands of hosts without thinking of each pair', () => {
  const waves = (count: number): number => {
    const all = Array.from({ length: count }, (_, index) => host(`h${index}`));
    const before = process.cpuUsage();
    planWaves('new', all, rollout);
    return process.cpuUsage(before).user / 1000;
  };
  waves(1_000);
  assert.ok(waves(50_000) < 2_000);
});
