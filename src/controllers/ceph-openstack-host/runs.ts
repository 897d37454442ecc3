import type { ServiceRuns } from '../../api/ceph-openstack-host.ts';
import type { FileFacts, HostFacts } from '../../hosts/facts.ts';
import { runOf, ticksPerSecond } from '../../hosts/restart.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { optionHolds } from '../../openstack/option-edit.ts';
import { appliesTo, contentOf, overriding, reading } from './config-file.ts';
import { isRefusal, type SeenHost } from './observed.ts';

/* A service reads its files when it starts: a run that was seen while they were right has read nothing else since. */

/** A service that started a moment ago may not have read its files yet. */
const readsWithinSeconds = 5;

/** Which run of each service is known to have read what it should: the present ones, where all options are right now. */
export function knownRuns(observed: SeenHost): ServiceRuns | undefined {
  const { current, facts, runs } = observed;
  if (current === undefined || isRefusal(current.desired) || !allHold(observed, current.desired)) return runs;
  const units = [...new Set(current.desired.switch.options.flatMap((option) => option.restarts))].sort();
  if (units.length === 0) return undefined;
  return units.map((unit) => {
    const run = runOf(facts.units[unit], facts.clock);
    const seconds = secondsUp(facts, unit);
    return run === undefined || seconds === undefined || seconds < readsWithinSeconds ? { unit } : { unit, run };
  });
}

function allHold(observed: SeenHost, { switch: { options, services } }: DesiredHost): boolean {
  const { facts } = observed;
  return options
    .filter((option) => appliesTo(option, observed))
    .every((option) => {
      const content = contentOf(facts, option.file);
      const holds = content !== undefined && reading(() => optionHolds(content, option)) === true;
      return holds && overriding(facts, services, option).length === 0;
    });
}

/**
 * Whether the unit may run with what stands wrong in the file: unless it is the run that was seen when all was right.
 * Where nothing is remembered the file's age has to do, although the last write may have been about something else.
 */
export function mayHaveRead(
  { facts, runs }: SeenHost,
  file: Extract<FileFacts, { kind: 'file' }>,
  unit: string,
): boolean {
  if (runs !== undefined) {
    const run = runOf(facts.units[unit], facts.clock);
    return run === undefined || runs.find((one) => one.unit === unit)?.run !== run;
  }
  const seconds = secondsUp(facts, unit);
  return seconds === undefined || isFromTheFuture(file) || seconds <= file.ageSeconds + 1;
}

/** Written by a clock that was set back since: its age tells nothing. */
function isFromTheFuture({ ageSeconds }: Extract<FileFacts, { kind: 'file' }>): boolean {
  return ageSeconds < -1;
}

export function secondsUp({ units, clock }: HostFacts, unit: string): number | undefined {
  const startTicks = units[unit]?.startTicks;
  return startTicks === undefined ? undefined : (clock.ticks - startTicks) / ticksPerSecond;
}
