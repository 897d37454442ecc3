import type { HostClock, UnitFacts } from './facts.ts';
import type { RestartDebt } from './manifest.ts';

/**
 * - `None`: no debt.
 * - `Due`: it runs (or is failing) with what stood before the debt's change.
 * - `Following`: it is stopping or starting, or started too recently to be believed.
 * - `Paid`: one and the same main process, started after the change, has run for `settleMs`. The debt may go.
 * - `Failed`: it was started after the change and does not stay up.
 * - `Stopped`: inactive or masked: stays so; what it reads at its next start is right. The debt may go.
 * - `NotInstalled`: no such unit. The debt may go.
 * - `ClusterManaged`: another cluster manager has it; a person restarts it there.
 * - `Unknown`: active without a main process to look at; only a person can tell.
 */
export type RestartVerdict =
  | 'None'
  | 'Due'
  | 'Following'
  | 'Paid'
  | 'Failed'
  | 'Stopped'
  | 'NotInstalled'
  | 'ClusterManaged'
  | 'Unknown';

/** Ticks a second of the start times in /proc: USER_HZ, 100 on every architecture that OpenStack runs on. */
export const ticksPerSecond = 100;

const defaultSettleMs = 5_000;

/**
 * Whether a unit must restart. Only starts on the host's own clock are compared, so a restart by anybody counts, and a
 * crash of ours between change and restart is healed by the next look. `clock` is of the same look as `unit`.
 */
export function restartVerdict(
  unit: UnitFacts,
  debt: RestartDebt | undefined,
  clock: HostClock,
  options: { readonly settleMs?: number } = {},
): RestartVerdict {
  if (debt === undefined) {
    return 'None';
  }
  if (unit.load === 'masked') {
    return 'Stopped';
  }
  if (unit.load !== 'loaded') {
    return 'NotInstalled';
  }
  if (unit.active === 'inactive') {
    if (unit.jobPending) return 'Following';
    return isUnwatched(unit) && unit.invocation !== debt.before.invocation ? 'Failed' : 'Stopped';
  }
  if (unit.clusterManaged) {
    return isSettled(unit, debt, clock, options.settleMs) ? 'Paid' : 'ClusterManaged';
  }
  if (unit.jobPending || unit.active === 'deactivating') {
    return 'Following';
  }
  const startedSince = unit.invocation !== debt.before.invocation;
  if (unit.active === 'failed') {
    return startedSince ? 'Failed' : 'Due';
  }
  if (unit.startTicks === undefined) {
    // `activating` without a process: it waits for its next automatic start.
    return unit.active === 'active' ? 'Unknown' : startedSince ? 'Failed' : 'Following';
  }
  if (!startedAfter(unit.startTicks, debt, clock)) {
    return 'Due';
  }
  return isSettled(unit, debt, clock, options.settleMs) ? 'Paid' : 'Following';
}

/**
 * Without systemd nobody tells a service that ended from one that was stopped: one that was restarted for this debt, and
 * was never seen to stay up, has failed.
 */
function isUnwatched({ sub }: UnitFacts): boolean {
  return sub === 'script' || sub === 'upstart' || sub === 'control';
}

/** How many more milliseconds a unit that was started after the change must run to be believed; undefined: it does not run yet. */
export function settlesInMs(
  unit: UnitFacts,
  debt: RestartDebt,
  clock: HostClock,
  options: { readonly settleMs?: number } = {},
): number | undefined {
  const { settleMs = defaultSettleMs } = options;
  if (unit.active !== 'active' || unit.jobPending || unit.startTicks === undefined) return undefined;
  if (!startedAfter(unit.startTicks, debt, clock)) return undefined;
  return Math.max(0, settleMs - ((clock.ticks - unit.startTicks) * 1_000) / ticksPerSecond);
}

function isSettled(unit: UnitFacts, debt: RestartDebt, clock: HostClock, settleMs = defaultSettleMs): boolean {
  return (
    unit.active === 'active' &&
    unit.startTicks !== undefined &&
    startedAfter(unit.startTicks, debt, clock) &&
    (clock.ticks - unit.startTicks) * 1_000 >= settleMs * ticksPerSecond
  );
}

/**
 * Names the run of a unit's main process as no other one of that host is named, before or after a reboot. undefined: it
 * has none to look at, or is about to stop, to start or to read its files again.
 */
export function runOf(unit: UnitFacts | undefined, { bootID }: HostClock): string | undefined {
  if (unit?.startTicks === undefined || unit.active !== 'active' || unit.jobPending) return undefined;
  return `${bootID}/${unit.startTicks}`;
}

/** A start in the very tick of the change may have been before it. */
function startedAfter(startTicks: number, debt: RestartDebt, clock: HostClock): boolean {
  return typeof debt.since !== 'string' && (debt.since.bootID !== clock.bootID || startTicks > debt.since.ticks);
}
