import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reason } from '../../api/conditions.ts';
import { wentBackAnnotation } from '../trial-note.ts';
import { bindingLabel } from './children.ts';
import { type HostView, isForeign } from './host-view.ts';
import type { Observed } from './observed.ts';

export interface HostProblem {
  readonly name: string;
  readonly reason: Reason;
  readonly sentence: string;
  readonly isStalled: boolean;
  /** The binding has nothing for it, whatever the host itself says. */
  readonly isUnfit: boolean;
}

/** What a host says while all goes well. */
const underWay: ReadonlySet<Reason> = new Set([
  'Progressing',
  'WaitingForRevision',
  'Converged',
  'ChangesPlanned',
] satisfies Reason[]);

/** What is wrong with one host, in a sentence that names it; none while all goes well. */
export function hostProblem(binding: CephOpenStackBinding, observed: Observed, host: HostView): readonly HostProblem[] {
  const { name, object, state, refusal, isHeld } = host;
  const about = (reason: Reason, message: string, isStalled: boolean, isUnfit = false): readonly HostProblem[] => [
    // Some sentences name the host themselves.
    {
      name,
      reason,
      sentence: message.startsWith(`Host "${name}"`) ? message : `Host ${name}: ${message}`,
      isStalled,
      isUnfit,
    },
  ];
  const other = observed.claimedByOthers.get(name);
  if (other !== undefined) {
    return about('Conflict', `The binding "${other}" has its address: take it off there, or here.`, true);
  }
  if (isForeign(host, binding, observed)) {
    const message = `A CephOpenStackHost "${host.object?.metadata.name}" exists and is not this binding's: delete it.`;
    return about('AlreadyExists', message, true);
  }
  if (host.formerName !== undefined) {
    return about('WaitingForHosts', `Its machine is let go of as "${host.formerName}" first.`, false);
  }
  if (state.reachable === 'no') return about(state.reason, state.message, false);
  if (isHeld && binding.spec.mode !== 'Plan' && state.reason === 'ChangesPlanned') {
    const message = `It is held by its mode, and left as it is: see status.plan of CephOpenStackHost "${object?.metadata.name}" for what it lacks.`;
    return about('ChangesPlanned', message, false);
  }
  const trialProblem = judgeTrial(host, binding);
  // What the host itself says of its trouble is nearer to the cause.
  const saysIt = state.failing && host.wentBack === undefined;
  if (trialProblem !== undefined && !saysIt) return about('OpenStackServiceDown', trialProblem, true);
  if (refusal !== undefined && refusal.refused !== 'WaitingForRevision') {
    return about(refusal.refused, refusal.message, true, true);
  }
  return state.ready || underWay.has(state.reason) ? [] : about(state.reason, state.message, state.failing);
}

/** Its services did not come up in OpenStack; of one that went back, what the host itself says beside it. */
function judgeTrial({ object, state, trial, wentBack }: HostView, binding: CephOpenStackBinding): string | undefined {
  const { current } = object?.spec.revision ?? {};
  if (wentBack !== undefined) {
    const { namespace, name } = binding.metadata;
    const now = state.failing ? ` The host says: ${state.message}` : '';
    // Of all at once: while one is back, nobody is switched.
    const again = `kubectl annotate coh -n ${namespace} -l ${bindingLabel}=${name} ${wentBackAnnotation}-`;
    return `After the switch to revision ${wentBack.revision} ${wentBack.lacking} did not come up, so it is back at ${current}: see why in the logs there, then change the binding, or have all that went back tried again with "${again}".${now}`;
  }
  if (trial?.verdict.kind !== 'down') return undefined;
  return `OpenStack does not have ${trial.verdict.lacking} up since the switch to revision ${current}, and there is no former one to go back to: see why in the logs there.`;
}
