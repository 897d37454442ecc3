import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pausedManifest } from './children.ts';
import { specWith } from './spec.fixture.ts';
import { describeStep } from './steps.ts';
import { World } from './world.fixture.ts';

const hosts = { cmp1: ['NovaCompute'], cmp2: ['NovaCompute'], cmp3: ['NovaCompute'] } as const;
const verification = { openStack: { secretName: 'cloud-admin' } };
const specOf = (discard: 'Unmap' | 'Ignore', more: Record<string, unknown> = {}) =>
  specWith(hosts, { verification, nova: { ephemeral: {}, hwDiskDiscard: discard }, ...more });

function settled(more: Record<string, unknown> = {}): World {
  const world = new World(specOf('Unmap', more));
  world.settle();
  assert.equal(world.plan().hold, undefined);
  return world;
}

/** Has a change laid out, and gives its revision and the former one. */
function change(world: World, more: Record<string, unknown> = {}): { old: string; fresh: string } {
  const old = world.host('cmp1').spec.revision?.current ?? assert.fail();
  world.change(specOf('Ignore', more));
  world.converge();
  return { old, fresh: [...world.revisions.keys()].at(-1) ?? assert.fail() };
}

const current = (world: World) => Object.keys(hosts).map((name) => world.host(name).spec.revision?.current);
const notes = (world: World) =>
  Object.keys(hosts).map((name) =>
    Object.entries(world.host(name).metadata.annotations ?? {})
      .filter(([key]) => !key.endsWith('/applied'))
      .map(([key, value]) => `${key.split('/')[1]}: ${value}`)
      .join(),
  );

test('planBinding() waits with the next host until OpenStack has the services of the last one up', () => {
  const world = settled();
  const { old, fresh } = change(world);
  world.openStack.isAway = true;
  world.settle();
  assert.deepEqual(current(world), [old, old, old]);
  assert.deepEqual([world.plan().hold?.reason, world.plan().hold?.stalled], ['OpenStackUnreachable', false]);
  assert.match(world.plan().hold?.message ?? '', /Not switched until then: cmp1, cmp2, cmp3/);
  world.openStack.isAway = false;
  world.converge();
  assert.deepEqual(current(world), [fresh, old, old]);
  assert.deepEqual(notes(world), [`on-trial-from: ${old}`, '', '']);
  world.openStack.isAway = true;
  world.settle();
  assert.deepEqual(current(world), [fresh, old, old]);
  assert.match(world.plan().hold?.message ?? '', /Not known yet: whether the services of cmp1 came up/);
  assert.ok(world.revisions.has(old));
  world.openStack.isAway = false;
  world.settle();
  assert.deepEqual(current(world), [fresh, fresh, fresh]);
  assert.deepEqual(notes(world), ['', '', '']);
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() takes a host back whose services do not come up, switches no other, and does not try again', () => {
  const world = settled();
  const { old, fresh } = change(world);
  world.machine('cmp1').silentAt = fresh;
  world.settle();
  assert.deepEqual(current(world), [old, old, old]);
  assert.deepEqual(notes(world), [`went-back-from: ${fresh} nova-compute as cmp1`, '', '']);
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled], ['RolloutPaused', true]);
  assert.match(
    hold?.message ?? '',
    /^Stopped after cmp1\. Host cmp1: After the switch to revision \S+ nova-compute as cmp1 did not come up, .* Not switched: 2 of 3 hosts \(cmp2, cmp3\)\.$/,
  );
  const switches = world.history.filter((line) => line === `cmp1 switches to ${fresh}`);
  assert.equal(switches.length, 1);
});

test('planBinding() tries a host again that went back, once its note is taken away or something else is wanted', () => {
  const world = settled();
  const { fresh } = change(world);
  const machine = world.machine('cmp1');
  machine.silentAt = fresh;
  world.settle();
  delete machine.silentAt;
  const { annotations } = world.children.CephOpenStackHost.get('cloud-cmp1')?.metadata ?? assert.fail();
  delete (annotations as Record<string, string>)['cephopenstack.io/went-back-from'];
  world.settle();
  assert.deepEqual(current(world), [fresh, fresh, fresh]);

  world.change(specOf('Unmap'));
  world.settle();
  const { fresh: second } = change(world, { glance: { chunkSizeMB: 4 } });
  machine.silentAt = second;
  world.settle();
  world.change(specOf('Unmap'));
  world.settle();
  assert.deepEqual([world.plan().hold, ...notes(world)], [undefined, '', '', '']);
});

test('planBinding() does not try a host again that went back, when what its services are told stays the same', () => {
  const world = settled();
  const { old, fresh } = change(world);
  world.machine('cmp1').silentAt = fresh;
  world.settle();
  world.change(specOf('Ignore', { cephConf: { global: { ms_client_mode: 'secure' } } }));
  world.settle();
  assert.ok([...world.revisions.keys()].at(-1) !== fresh, 'it is another revision');
  assert.deepEqual(current(world), [old, old, old]);
  assert.deepEqual(notes(world), [`went-back-from: ${fresh} nova-compute as cmp1`, '', '']);
});

test('pausedManifest() keeps what is noted of a host', () => {
  const world = settled();
  const { fresh } = change(world);
  world.machine('cmp1').silentAt = fresh;
  world.settle();
  const { annotations } = pausedManifest(world.binding, world.host('cmp1')).metadata;
  assert.equal(annotations?.['cephopenstack.io/went-back-from'], `${fresh} nova-compute as cmp1`);
});

test('planBinding() takes a host back whose services do not even stay up, be OpenStack there or not', () => {
  for (const away of [false, true]) {
    const world = settled();
    const { old, fresh } = change(world);
    world.machine('cmp1').breaksAt = fresh;
    world.work();
    world.converge();
    assert.deepEqual(current(world), [fresh, old, old]);
    world.openStack.isAway = away;
    world.settle();
    assert.deepEqual(current(world), [old, old, old]);
    assert.deepEqual(notes(world), [`went-back-from: ${fresh} its services`, '', '']);
    assert.equal(world.plan().hold?.reason, 'RolloutPaused');
  }
});

test('planBinding() goes on with the others beside a host that went back, when told so', () => {
  const rollout = { pauseOnFailure: false, canary: 0 };
  const world = settled({ rollout });
  const { old, fresh } = change(world, { rollout });
  world.machine('cmp2').silentAt = fresh;
  world.settle();
  assert.deepEqual(current(world), [fresh, old, fresh]);
  assert.deepEqual([world.plan().hold?.reason, world.plan().hold?.stalled], ['OpenStackServiceDown', true]);
});

test('planBinding() leaves a host as it is that never had another revision, and says so', () => {
  const world = new World(specOf('Unmap'));
  do {
    world.converge();
    world.work();
  } while (world.host('cmp1').spec.revision?.current === undefined);
  const [fresh] = current(world);
  world.machine('cmp1').silentAt = fresh ?? assert.fail();
  world.settle();
  assert.equal(current(world)[0], fresh);
  assert.match(world.plan().hold?.message ?? '', /there is no former one to go back to/);
  delete world.machine('cmp1').silentAt;
  world.settle();
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() tells of a way back in one step, with the services that did not come up', () => {
  const world = settled();
  const { old, fresh } = change(world);
  world.machine('cmp1').silentAt = fresh;
  const said: string[] = [];
  for (let round = 0; round < 12; round++) {
    said.push(...world.plan().stages.flat().map(describeStep));
    world.converge();
    world.work();
  }
  assert.ok(
    said.includes(`Take host "cmp1" back to revision ${old}: OpenStack does not have nova-compute as cmp1 up.`),
    said.join('\n'),
  );
});

test('planBinding() comes to rest with hosts that go back, whatever dies and whenever OpenStack is away', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom('cmp1', 'cmp2', 'cmp3')),
      fc.array(fc.tuple(fc.nat(3), fc.boolean(), fc.boolean()), { maxLength: 20 }),
      fc.boolean(),
      (silent, luck, pauseOnFailure) => {
        const rollout = { pauseOnFailure, canary: 1 };
        const world = settled({ rollout });
        const { old, fresh } = change(world, { rollout });
        for (const name of silent) world.machine(name).silentAt = fresh;
        for (const [steps, working, away] of luck) {
          world.openStack.isAway = away;
          world.converge(steps);
          if (working) world.work();
        }
        world.openStack.isAway = false;
        world.settle();
        const tried = (name: string) => world.history.filter((line) => line === `${name} switches to ${fresh}`).length;
        for (const name of Object.keys(hosts)) {
          const { current: now } = world.host(name).spec.revision ?? {};
          assert.ok(tried(name) <= 1, `${name} was switched ${tried(name)} times`);
          if (silent.some((one) => one === name)) assert.equal(now, old);
          else if (!pauseOnFailure || silent.length === 0) assert.equal(now, fresh);
        }
        assert.equal(world.plan().hold === undefined, silent.length === 0);
        world.change(specOf('Unmap', { rollout }));
        world.settle();
        assert.deepEqual([world.plan().hold, ...current(world)], [undefined, old, old, old]);
      },
    ),
    { numRuns: 60 },
  );
});

test('planBinding() says what is under way, and looks soon, while one on trial is beside one that wants a person', () => {
  const world = settled();
  change(world);
  world.work();
  world.converge();
  assert.match(notes(world).join(), /^on-trial-from: [^,]+,,$/);
  const stuck = world.children.CephOpenStackHost.get('cloud-cmp3') ?? assert.fail();
  const said = { reason: 'Conflict', message: 'Its manifest is no JSON.' };
  const conditions = Object.entries({ Ready: 'False', Stalled: 'True' }).map(([type, status]) => ({
    type,
    status,
    ...said,
  }));
  stuck.status = { ...(stuck.status as object), distributed: undefined, conditions } as never;
  const { hold } = world.plan();
  assert.deepEqual([hold?.reason, hold?.stalled, hold?.retryAfterMs], ['WaitingForHosts', false, 5_000]);
  assert.match(
    hold?.message ?? '',
    /cmp1.* Host cmp3: Its manifest is no JSON\. Nobody is switched before cmp3 has it/,
  );
});
