import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reason } from '../../api/conditions.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { passing, stalled } from '../hold.ts';
import { foretell } from './foretell.ts';
import type { Observed } from './observed.ts';
import { type HostView, isForeign, type Rollout } from './rollout.ts';

/** How many hosts are told about in a sentence each; the rest by name. */
const told = 3;

/** Why the binding is not ready; what only a person can mend is said first. */
export function judge(
  binding: CephOpenStackBinding,
  observed: Observed,
  { children, rollout }: { children: readonly Hold[]; rollout: Rollout },
): Hold | undefined {
  const planned = foretell(binding, observed);
  if (planned !== undefined) return planned;
  const [first, ...others] = children;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` And ${others.length} more of its pools and users are not ready.`;
    return { ...first, message: `${first.message}${more}` };
  }
  const [problem] = rollout.problems;
  if (problem !== undefined) return problem;
  return judgeHosts(binding, observed, rollout);
}

function judgeHosts(binding: CephOpenStackBinding, observed: Observed, rollout: Rollout): Hold | undefined {
  const { waves, target } = rollout;
  const open = rollout.hosts.filter((host) => !isDone(host, rollout));
  const going = [...observed.hosts.values()].filter((host) => host.metadata.deletionTimestamp !== undefined);
  if (open.length === 0) {
    const names = going.map((host) => host.spec.hostName).sort();
    return names.length === 0 ? undefined : passing('WaitingForHosts', `Letting go of ${names.join(', ')}.`);
  }
  const wrong = open.flatMap((host) => hostProblem(binding, observed, host));
  const sentences = [...wrong.slice(0, told).map(({ sentence }) => sentence), ...rest(wrong.slice(told))].join(' ');
  if (
    waves !== undefined &&
    waves.failed.length > 0 &&
    waves.waiting.length > 0 &&
    binding.spec.rollout.pauseOnFailure
  ) {
    const message = `Stopped after ${waves.failed.join(', ')}; not switched: ${waves.waiting.join(', ')}. ${sentences}`;
    return stalled('RolloutPaused', message.trim());
  }
  const troubled = new Set(wrong.map(({ name }) => name));
  const moving = open.filter((host) => !troubled.has(host.name)).map((host) => host.name);
  if (moving.length > 0) {
    return passing('WaitingForHosts', `${progress(rollout, moving)} ${sentences}`.trim());
  }
  const count = `${open.length} of ${rollout.hosts.length} hosts ${open.length === 1 ? 'is' : 'are'} not ready.`;
  const message = `${count} ${sentences}`;
  const [only] = wrong;
  const reason = wrong.length === 1 && only !== undefined ? only.reason : 'HostsNotReady';
  const isStalled = target !== undefined && wrong.every((one) => one.isStalled);
  return { reason, message, stalled: isStalled };
}

function isDone({ object, state, refusal }: HostView, { target }: Rollout): boolean {
  if (target === undefined || refusal !== undefined) return false;
  return state.ready && object?.status?.switched === target.name;
}

function progress({ waves, target }: Rollout, moving: readonly string[]): string {
  if (waves === undefined || target === undefined) return `Looking at ${moving.toSorted().join(', ')}.`;
  if (waves.undistributed.length > 0) return `Laying out revision ${target.name} on ${waves.undistributed.join(', ')}.`;
  if (waves.underWay.length === 0) return `Waiting for ${moving.toSorted().join(', ')}.`;
  const then = waves.waiting.filter((name) => moving.includes(name));
  const lost = waves.lost.join(', ');
  if (waves.underWay.length === waves.lost.length && then.length > 0) {
    return `Not switched to revision ${target.name}: ${then.join(', ')}, until ${lost} answers, which was told to switch to it, or is taken off the binding.`;
  }
  const after = then.length === 0 ? '' : `; then ${then.join(', ')}`;
  return `Switching ${waves.underWay.join(', ')} to revision ${target.name}${after}.`;
}

interface HostProblem {
  readonly name: string;
  readonly reason: Reason;
  readonly sentence: string;
  readonly isStalled: boolean;
}

/** What a host says while all goes well. */
const underWay: ReadonlySet<Reason> = new Set(['Progressing', 'WaitingForRevision', 'Converged'] satisfies Reason[]);

function hostProblem(binding: CephOpenStackBinding, observed: Observed, host: HostView): readonly HostProblem[] {
  const { name, state, refusal } = host;
  const about = (reason: Reason, message: string, isStalled: boolean): readonly HostProblem[] => [
    { name, reason, sentence: `Host ${name}: ${message}`, isStalled },
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
  if (refusal !== undefined && refusal.refused !== 'WaitingForRevision') {
    return about(refusal.refused, refusal.message, true);
  }
  return state.ready || underWay.has(state.reason) ? [] : about(state.reason, state.message, state.failing);
}

function rest(problems: readonly HostProblem[]): readonly string[] {
  if (problems.length === 0) return [];
  const names = problems.map(({ name }) => name).sort();
  const shown = names.slice(0, 20).join(', ');
  return [`Not ready either: ${shown}${names.length > 20 ? ` and ${names.length - 20} more` : ''}.`];
}
