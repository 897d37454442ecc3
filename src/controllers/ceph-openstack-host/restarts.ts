import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { restartVerdict, settlesInMs } from '../../hosts/restart.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { passing, stalled } from '../hold.ts';
import { unitDigest } from './digest.ts';
import type { Draft, PlannedStep } from './draft.ts';
import type { SeenHost } from './observed.ts';

/** How long between looks at a service that is stopping or starting. */
const followMs = 1_500;
/** A look that comes a moment late finds the service up for long enough; one a moment early comes twice. */
const marginMs = 150;

/**
 * What the debts of the manifest ask for now. `running` is what services may be brought to: undefined, nothing yet;
 * `coming` is what is being laid out beside it.
 */
export function restarts(
  draft: Draft,
  host: CephOpenStackHost,
  observed: SeenHost,
  running: DesiredHost | 'given-back' | undefined,
  coming: DesiredHost | undefined,
): readonly PlannedStep[] {
  const steps: PlannedStep[] = [];
  const debts = new Map(Object.entries(draft.manifest.debts));
  for (const [unit, debt] of debts) {
    const facts = observed.facts.units[unit];
    if (facts === undefined) continue;
    if (debt.since === 'Pending') {
      // A transaction that was cut off: the moment of its change is not known, so it is taken to be now.
      debts.delete(unit);
      if (!draft.debts.has(unit)) draft.debts.set(unit, debt.digest);
      continue;
    }
    switch (restartVerdict(facts, debt, observed.facts.clock)) {
      case 'None':
      case 'Paid':
      case 'Stopped':
      case 'NotInstalled':
        debts.delete(unit);
        break;
      case 'Due':
        if (!mayRestart(debt.digest, unit, running, coming)) break;
        if (host.spec.restart === 'Never') {
          draft.holds.push(passing('RestartNeeded', `${unit} must be restarted to read what was changed.`));
        } else {
          if (facts.needsReload && !steps.some((step) => step.verb === 'reload-units')) {
            steps.unshift({ verb: 'reload-units' });
          }
          steps.push({ verb: 'restart-unit', unit });
        }
        break;
      case 'Following': {
        const left = settlesInMs(facts, debt, observed.facts.clock);
        const lookAgainMs = left === undefined ? followMs : Math.ceil(left) + marginMs;
        draft.holds.push(passing('Progressing', `Waiting for ${unit} to stay up after its restart.`, lookAgainMs));
        break;
      }
      case 'Failed':
        if (debt.before.failing) {
          // It had its try; that it still fails is shown as ServicesRunning, and is not this change's doing.
          debts.delete(unit);
          break;
        }
        draft.holds.push(stalled('RestartFailed', `${unit} does not stay up after its restart: see its log.`));
        break;
      case 'ClusterManaged':
        draft.holds.push(
          stalled('RestartNeeded', `${unit} is run by a cluster manager: restart it there to read what was changed.`),
        );
        break;
      case 'Unknown':
        draft.holds.push(
          stalled('RestartNeeded', `${unit} runs without a main process to look at: restart it by hand.`),
        );
        break;
    }
  }
  draft.manifest = { ...draft.manifest, debts: Object.fromEntries(debts) };
  if (host.spec.restart === 'Never') return steps;
  // What changes in this very transaction: also a unit that is failing gets its one try with what it should have.
  for (const [unit, digest] of draft.debts) {
    const facts = observed.facts.units[unit];
    if (facts === undefined || facts.clusterManaged || steps.some((step) => isRestart(step, unit))) continue;
    if (mayRestart(digest, unit, running, coming)) steps.push({ verb: 'restart-unit', unit });
  }
  return steps;
}

function isRestart(step: PlannedStep, unit: string): boolean {
  return step.verb === 'restart-unit' && step.unit === unit;
}

/** Only a debt that laying out `coming` has left waits until the host is switched to it. */
function mayRestart(
  digest: string,
  unit: string,
  running: DesiredHost | 'given-back' | undefined,
  coming: DesiredHost | undefined,
): boolean {
  if (running === undefined) return false;
  if (running === 'given-back' || coming === undefined) return true;
  return digest !== unitDigest(coming, unit) || digest === unitDigest(running, unit);
}
