import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostClock, UnitFacts } from './facts.ts';
import type { RestartDebt } from './manifest.ts';
import { type RestartVerdict, restartVerdict, settlesInMs } from './restart.ts';

const clock: HostClock = { bootID: 'boot-2', ticks: 100_000 };
const running: UnitFacts = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  unitFile: 'enabled',
  jobPending: false,
  invocation: 'first',
  mainPID: 10,
  startTicks: 1_000,
  needsReload: false,
  clusterManaged: false,
};
const { startTicks: _, ...without } = running;
const withoutProcess: UnitFacts = { ...without, mainPID: 0 };
const debt: RestartDebt = {
  digest: 'd',
  since: { bootID: 'boot-2', ticks: 50_000 },
  before: { invocation: 'first', failing: false },
};

const cases: readonly (readonly [string, Partial<UnitFacts>, RestartDebt | undefined, RestartVerdict])[] = [
  ['there is no debt', {}, undefined, 'None'],
  ['it started before the change', {}, debt, 'Due'],
  ['it started in the tick of the change', { startTicks: 50_000 }, debt, 'Due'],
  ['it started after the change and has run for long', { startTicks: 50_001, invocation: 'next' }, debt, 'Paid'],
  ['it started after the change, five seconds ago', { startTicks: 99_500 }, debt, 'Paid'],
  ['it started after the change, less than five seconds ago', { startTicks: 99_501 }, debt, 'Following'],
  ['the change was never finished', { startTicks: 99_000 }, { ...debt, since: 'Pending' }, 'Due'],
  ['the machine was booted since', {}, { ...debt, since: { bootID: 'boot-1', ticks: 90_000 } }, 'Paid'],
  ['the machine was booted in the midst of the change', {}, { ...debt, since: 'Pending' }, 'Due'],
  ['a restart is queued', { jobPending: true }, debt, 'Following'],
  ['it takes its time to stop', { active: 'deactivating', sub: 'stop-sigterm' }, debt, 'Following'],
  ['it is coming up after the change', { active: 'activating', sub: 'start', startTicks: 60_000 }, debt, 'Following'],
  ['it was coming up before the change', { active: 'activating', sub: 'start' }, debt, 'Due'],
  ['it is reloading', { active: 'reloading' }, debt, 'Due'],
  ['somebody has masked it', { load: 'masked', active: 'inactive' }, debt, 'Stopped'],
  ['it is not installed', { load: 'not-found', active: 'inactive' }, debt, 'NotInstalled'],
  ['a cluster manager has it and has not restarted it', { clusterManaged: true }, debt, 'ClusterManaged'],
  ['a cluster manager has restarted it', { clusterManaged: true, startTicks: 60_000 }, debt, 'Paid'],
];
for (const [when, facts, owed, verdict] of cases) {
  test(`restartVerdict() says ${verdict}, when ${when}`, () => {
    assert.equal(restartVerdict({ ...running, ...facts }, owed, clock), verdict);
  });
}

const casesWithoutProcess: readonly (readonly [string, Partial<UnitFacts>, RestartVerdict])[] = [
  ['a script of SysV was stopped before', { active: 'inactive', sub: 'script' }, 'Stopped'],
  ['a script of SysV was restarted and is gone', { active: 'inactive', sub: 'script', invocation: 'next' }, 'Failed'],
  ['somebody has stopped it', { active: 'inactive', sub: 'dead' }, 'Stopped'],
  ['it is stopped and about to start', { active: 'inactive', sub: 'dead', jobPending: true }, 'Following'],
  ['it failed before the change and was not started since', { active: 'failed', sub: 'failed' }, 'Due'],
  ['it was started after the change and failed', { active: 'failed', sub: 'failed', invocation: 'next' }, 'Failed'],
  ['it waits for its next try, the first since the change', { active: 'activating', sub: 'auto-restart' }, 'Following'],
  ['it keeps failing', { active: 'activating', sub: 'auto-restart', invocation: 'next' }, 'Failed'],
  ['it is active without a main process', { active: 'active', sub: 'exited' }, 'Unknown'],
];
for (const [when, facts, verdict] of casesWithoutProcess) {
  test(`restartVerdict() says ${verdict}, when ${when}`, () => {
    assert.equal(restartVerdict({ ...withoutProcess, ...facts }, debt, clock), verdict);
  });
}

const remaining: readonly (readonly [string, Partial<UnitFacts>, number | undefined])[] = [
  ['it was started two seconds ago', { startTicks: 99_800 }, 3_000],
  ['it has run for long enough', { startTicks: 90_000 }, 0],
  ['it still runs from before the change', {}, undefined],
  ['a restart is queued', { startTicks: 99_800, jobPending: true }, undefined],
  ['it is coming up', { startTicks: 99_800, active: 'activating' }, undefined],
];
for (const [when, facts, wanted] of remaining) {
  test(`settlesInMs() says ${wanted}, when ${when}`, () => {
    assert.equal(settlesInMs({ ...running, ...facts }, debt, clock), wanted);
  });
}
