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

export declare function restartVerdict(
  unit: UnitFacts,
  debt: RestartDebt | undefined,
  clock: HostClock,
  options?: { readonly settleMs?: number },
): RestartVerdict;
