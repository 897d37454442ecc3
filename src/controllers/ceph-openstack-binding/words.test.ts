import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../api/resource.ts';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

const two = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;

function settled(spec: Record<string, unknown>): World {
  const world = new World(spec);
  world.settle();
  return world;
}

/** What a child's own controller says of it. */
function say(
  child: { status?: unknown; metadata: { generation: number } } | undefined,
  ready: Partial<Condition>,
): void {
  assert.ok(child);
  const stalled = { type: 'Stalled', status: 'True', reason: ready.reason, message: ready.message };
  const conditions = [
    { type: 'Ready', status: 'False', ...ready },
    ...(ready.reason === 'SshInvalid' || ready.reason === 'Conflict' ? [stalled] : []),
  ];
  child.status = { ...(child.status as object), observedGeneration: child.metadata.generation, conditions };
}

const host = (world: World, name: string) => world.children.CephOpenStackHost.get(`cloud-${name}`);

for (const [others, says] of [
  [['cloud-nova'], /^RbdPool "cloud-glance": No answer\. And 1 more of its pools and users is not ready\./],
  [['cloud-nova', 'cloud-backup'], /And 2 more of its pools and users are not ready\./],
] as const) {
  test(`planBinding() says of ${others.length} more than the first that waits, that there is`, () => {
    const world = settled(specWith(two));
    for (const name of ['cloud-glance', ...others]) {
      say(world.children.RbdPool.get(name), { reason: 'Failed', message: 'No answer.' });
    }
    assert.match(world.plan().hold?.message ?? '', says);
  });
}

test('planBinding() says of hosts of another release that they do not fit, for they may be Ready', () => {
  const world = settled(specWith(two));
  world.change(specWith(two, { openstack: { release: 'flamingo' } }));
  world.settle();
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['ReleaseMismatch', true]);
  assert.match(hold?.message ?? '', /^2 of 2 hosts do not fit the binding\. Host ctl1: Its cinder is of 2025\.1/);
  const ready = world.host('ctl1').status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.status, 'True');
});

test('planBinding() counts hosts that do not fit beside those that are not ready', () => {
  const world = settled(specWith(two, { openstack: { release: 'epoxy' } }));
  world.machine('cmp1').release = 'zed';
  world.machine('ctl1').power = 'off';
  world.settle();
  const { hold } = world.plan();
  assert.equal(hold?.reason, 'HostsNotReady');
  assert.match(
    hold?.message ?? '',
    /^1 of 2 hosts is not ready, and 1 of 2 hosts does not fit the binding\. Host ctl1:/,
  );
});

test('planBinding() names a host once, when its own sentence does', () => {
  const world = settled(specWith(two));
  say(host(world, 'cmp1'), {
    reason: 'HostUnreachable',
    message: 'Host "cmp1" (10.0.0.12:22) cannot be reached: late.',
  });
  assert.match(world.plan().hold?.message ?? '', /not ready\. Host "cmp1" \(10\.0\.0\.12:22\) cannot be reached/);
});

test('planBinding() tells of hosts that want a person, while a pool is in the way', () => {
  const world = settled(specWith(two));
  say(world.children.RbdPool.get('cloud-nova'), { reason: 'Failed', message: 'No class ssd.' });
  assert.deepEqual(
    [world.plan().hold?.reason, world.plan().hold?.message],
    ['Failed', 'RbdPool "cloud-nova": No class ssd.'],
  );
  say(host(world, 'cmp1'), { reason: 'SshInvalid', message: 'No key.' });
  assert.equal(world.plan().hold?.message, 'RbdPool "cloud-nova": No class ssd. And one host wants a person: cmp1.');
  say(host(world, 'ctl1'), { reason: 'SshInvalid', message: 'No key.' });
  assert.match(world.plan().hold?.message ?? '', /And 2 hosts want a person: cmp1, ctl1\.$/);
});

test('planBinding() says that it wants a person, when all that holds up a rollout does', () => {
  const world = settled(specWith(two));
  world.change(specWith(two, { glance: { chunkSizeMB: 16 }, nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
  world.machine('cmp1').power = 'off';
  world.settle();
  say(host(world, 'cmp1'), { reason: 'Conflict', message: 'Its manifest is no JSON.' });
  const { reason, message, stalled } = world.plan().hold ?? {};
  assert.deepEqual([reason, stalled], ['WaitingForHosts', true]);
  assert.match(
    message ?? '',
    /^Host cmp1: Its manifest is no JSON\. Nobody is switched before cmp1 has it laid out: mend .*mode: Plan/,
  );
});

test('planBinding() tells first of those of many troubled hosts that hold up a rollout', () => {
  const names = ['cmp1', 'cmp2', 'cmp3', 'cmp4', 'cmp5', 'cmp6'];
  const computes = Object.fromEntries(names.map((name) => [name, ['NovaCompute'] as const]));
  const world = settled(specWith(computes));
  world.change(specWith(computes, { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
  for (const name of ['cmp5', 'cmp6']) world.machine(name).power = 'off';
  world.settle();
  for (const name of names.slice(0, 4)) say(host(world, name), { reason: 'SshInvalid', message: 'No key.' });
  for (const name of ['cmp5', 'cmp6']) say(host(world, name), { reason: 'Conflict', message: 'No JSON.' });
  const { stalled, message = '' } = world.plan().hold ?? {};
  assert.equal(stalled, true);
  assert.match(
    message,
    /^Host cmp5: No JSON\. Host cmp6: No JSON\. Host cmp1: .* Not ready either: cmp2, cmp3, cmp4\./,
  );
  assert.match(message, /before cmp5, cmp6 have it laid out: mend what is said of them, hold them/);
});

test('planBinding() says why a rollout stopped, and how many wait, within what a condition holds', () => {
  const names = Array.from({ length: 60 }, (_, index) => `compute-${index + 100}.rack-7.region-one.example.org`);
  const computes = Object.fromEntries(names.map((name) => [name, ['NovaCompute'] as const]));
  const world = settled(specWith(computes));
  world.change(specWith(computes, { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
  world.converge();
  for (const name of names.slice(0, 1)) world.machine(name).breaksAt = [...world.revisions.keys()].at(-1) ?? '';
  world.settle();
  const { reason, message = '' } = world.plan().hold ?? {};
  assert.equal(reason, 'RolloutPaused');
  assert.match(
    message,
    /^Stopped after compute-100\.\S+\. Host compute-100\.\S+: .* Not switched: 59 of 60 hosts \(compute-101/,
  );
  assert.match(message, / and 39 more\)\.$/);
  assert.ok(message.length < 2_000);
});

const disturbances: readonly (readonly [string, (world: World) => void])[] = [
  [
    'a plan is made, in which a pool would change',
    (world) => {
      world.change(specWith(two, { mode: 'Plan' }));
      world.converge();
      say(world.children.RbdPool.get('cloud-nova'), { reason: 'ChangesPlanned', message: 'One change is planned.' });
    },
  ],
  [
    'a pool is not ready',
    (world) => {
      say(world.children.RbdPool.get('cloud-nova'), { reason: 'Failed', message: 'No class ssd.' });
    },
  ],
  [
    'the binding is refused',
    (world) => {
      world.change(specWith(two, { openstack: { release: 'bogus' } }));
    },
  ],
];
for (const [what, disturb] of disturbances) {
  test(`bindingStatus() still says what hosts have, when ${what}`, () => {
    const world = settled(specWith(two));
    const before = bindingStatus(world.binding, world.observed()).fields;
    disturb(world);
    const { fields } = bindingStatus(world.binding, world.observed());
    assert.deepEqual(fields.revision, before.revision);
    assert.partialDeepStrictEqual(fields.hosts, { total: 2, reachable: 2, distributed: 2, switched: 2 });
  });
}

test('bindingStatus() still says what hosts have and are, when a plan changes nothing', () => {
  const world = settled(specWith(two));
  const before = bindingStatus(world.binding, world.observed()).fields;
  world.change(specWith(two, { mode: 'Plan' }));
  world.settle();
  assert.deepEqual(bindingStatus(world.binding, world.observed()).fields, before);
});
