import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { asPlanned } from './as-planned.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';
import { knownRuns } from './runs.ts';
import { hostStatus } from './status.ts';

/* What a repair of somebody's edit costs, by what has happened on the host since all was last seen to be right. */

const roles: readonly Role[] = ['CinderVolume'];
const conf = '/etc/cinder/cinder.conf';
const unit = 'cinder-volume.service';
const host = hostObject(roles);
const desired = desiredFor(roles);

/** Wired, settled for long, and looked at a moment ago. */
function wired(): Machine {
  const machine = new Machine(roles);
  settle(machine, host, desired);
  machine.wait(3_600);
  look(machine);
  machine.restarts = [];
  return machine;
}

function look(machine: Machine): void {
  assert.deepEqual(settle(machine, host, desired), []);
}

const deeds = {
  edit: (machine) => machine.put(conf, machine.text(conf).replace('rbd_pool = volumes', 'rbd_pool = other')),
  comment: (machine) => machine.put(conf, `${machine.text(conf)}# a word\n`),
  restart: (machine) => machine.start(unit),
  wait: (machine) => machine.wait(12),
  look,
  reboot: (machine) => {
    machine.bootID = 'next';
    machine.start(unit);
  },
  stop: (machine) => Object.assign(machine.units.get(unit) ?? {}, { active: 'inactive' }),
  start: (machine) => {
    Object.assign(machine.units.get(unit) ?? {}, { active: 'active' });
    machine.start(unit);
  },
  'set the clock back': (machine) => writtenIn(machine, 3_600),
  'set the clock forward': (machine) => writtenIn(machine, -86_400),
  forget: (machine) => {
    machine.runs = undefined;
  },
} satisfies Record<string, (machine: Machine) => unknown>;
type Deed = keyof typeof deeds;

function writtenIn(machine: Machine, seconds: number): void {
  const file = machine.files.get(conf);
  if (file !== undefined) file.writtenAtTicks = machine.ticks + seconds * 100;
}

const remembered: readonly (readonly [readonly Deed[], 'restarts' | 'leaves alone'])[] = [
  [['edit'], 'leaves alone'],
  [['edit', 'wait'], 'leaves alone'],
  [['edit', 'wait', 'comment'], 'leaves alone'],
  [['edit', 'set the clock back'], 'leaves alone'],
  [['edit', 'set the clock forward'], 'leaves alone'],
  [['edit', 'restart'], 'restarts'],
  [['edit', 'restart', 'wait'], 'restarts'],
  [['edit', 'restart', 'wait', 'comment'], 'restarts'],
  [['edit', 'restart', 'wait', 'comment', 'wait'], 'restarts'],
  [['edit', 'restart', 'wait', 'set the clock back'], 'restarts'],
  [['edit', 'restart', 'wait', 'set the clock forward'], 'restarts'],
  [['edit', 'reboot', 'wait', 'comment', 'wait'], 'restarts'],
  [['edit', 'stop', 'start', 'wait', 'comment', 'wait'], 'restarts'],
  [['stop', 'look', 'edit', 'start', 'wait', 'comment', 'wait'], 'restarts'],
  [['restart', 'wait', 'look', 'edit', 'wait'], 'leaves alone'],
  [['reboot', 'wait', 'look', 'edit', 'wait'], 'leaves alone'],
  // It may not have read its files yet when it was looked at.
  [['restart', 'look', 'edit', 'wait'], 'restarts'],
  // What it read between two looks, nobody can tell.
  [['restart', 'wait', 'edit', 'wait'], 'restarts'],
];

const forgotten: typeof remembered = [
  [['edit', 'wait', 'forget'], 'leaves alone'],
  [['edit', 'restart', 'wait', 'forget'], 'restarts'],
  [['restart', 'wait', 'edit', 'forget'], 'leaves alone'],
  [['edit', 'restart', 'wait', 'set the clock back', 'forget'], 'restarts'],
  [['forget', 'look', 'edit', 'restart', 'wait', 'comment', 'wait'], 'restarts'],
];

for (const [does, expected] of [...remembered, ...forgotten]) {
  test(`planHost() repairs an option and ${expected}, after: ${does.join(', ')}`, () => {
    const machine = wired();
    for (const deed of does) deeds[deed](machine);
    const planned = planHost(
      hostObject(roles, { mode: 'Plan' }),
      asPlanned(machine.look(desired, desired), { name: 'planned', desired }),
    );
    settle(machine, host, desired);
    assert.match(machine.text(conf), /rbd_pool = volumes/);
    assert.deepEqual(machine.restarts, expected === 'restarts' ? [unit] : []);
    const restarts = planned.stages.flat().filter((step) => step.verb === 'restart-unit');
    assert.deepEqual(
      restarts.map((step) => step.unit),
      machine.restarts,
      'mode Plan',
    );
  });
}

test('planHost() leaves no service with what it read wrong, and restarts none that nobody else did, whatever people do', () => {
  const anyDeed = fc.constantFrom<Deed>(
    ...([
      'edit',
      'comment',
      'restart',
      'wait',
      'look',
      'reboot',
      'set the clock back',
      'set the clock forward',
    ] as const),
  );
  fc.assert(
    fc.property(fc.array(anyDeed, { maxLength: 12 }), (does) => {
      const machine = wired();
      let hasReadWrong = false;
      let wasStarted = false;
      for (const deed of [...does, 'look' as const]) {
        if (deed === 'look') {
          settle(machine, host, desired);
          if (machine.restarts.length > 0) hasReadWrong = false;
          assert.equal(hasReadWrong, false);
          if (!wasStarted) assert.deepEqual(machine.restarts, []);
          machine.restarts = [];
          machine.wait(6);
          settle(machine, host, desired);
          wasStarted = false;
        } else {
          deeds[deed](machine);
          if (deed !== 'restart' && deed !== 'reboot') continue;
          wasStarted = true;
          hasReadWrong = !machine.text(conf).includes('rbd_pool = volumes');
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('planHost() restarts nothing, when an edit far from its options is all that has changed', () => {
  const machine = wired();
  deeds.comment(machine);
  deeds.restart(machine);
  deeds.comment(machine);
  machine.wait(12);
  look(machine);
  assert.deepEqual(machine.restarts, []);
});

test('hostStatus() says the same runs until a service was restarted', () => {
  const machine = wired();
  const runs = () => hostStatus(host, machine.look(desired, desired)).fields.runs;
  const before = runs();
  assert.deepEqual(before, [{ unit, run: `boot/${machine.units.get(unit)?.startTicks}` }]);
  deeds.comment(machine);
  machine.wait(600);
  assert.deepEqual(runs(), before);
  deeds.restart(machine);
  assert.deepEqual(runs(), [{ unit }]);
  machine.wait(5);
  assert.deepEqual(runs(), [{ unit, run: `boot/${machine.units.get(unit)?.startTicks}` }]);
});

test('knownRuns() keeps what it knew, while an option is wrong, overridden, or not known to be wanted', () => {
  const wrong = wired();
  deeds.edit(wrong);
  const overridden = new Machine(['NovaCompute']);
  const compute = desiredFor(['NovaCompute']);
  settle(overridden, hostObject(['NovaCompute']), compute);
  overridden.put('/etc/nova/nova-compute.conf', '[libvirt]\nimages_type = qcow2\n');
  const gone = wired();
  gone.files.delete(conf);
  const refused = { refused: 'WaitingForRevision', message: 'not rendered' } as const;
  const runs = [{ unit: 'some.service', run: 'boot/1' }];
  for (const seen of [
    wrong.look(desired, desired),
    gone.look(desired, desired),
    overridden.look(compute, compute),
    wired().look(),
    { ...wired().look(), current: { name: 'current', desired: refused } },
  ]) {
    assert.deepEqual(knownRuns({ ...seen, runs }), runs);
    assert.equal(knownRuns({ ...seen, runs: undefined }), undefined);
  }
});
