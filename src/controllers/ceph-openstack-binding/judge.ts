import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reason } from '../../api/conditions.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { Needs } from '../binding-needs.ts';
import { passing, stalled } from '../hold.ts';
import { inShort } from '../in-short.ts';
import { foretell } from './foretell.ts';
import { type HostProblem, hostProblem } from './host-problem.ts';
import type { HostView } from './host-view.ts';
import type { Observed } from './observed.ts';
import type { Rollout } from './rollout.ts';

/** How many hosts are told about in a sentence each; the rest by name. */
const told = 3;

/** How long between looks at services that are to come up. */
const trialRetryMs = 5_000;

/** Why the binding is not ready; what only a person can mend is said first. */
export function judge(
  binding: CephOpenStackBinding,
  observed: Observed,
  { needs, children, rollout }: Judged,
): Hold | undefined {
  const wrong = judgeChildren(children) ?? rollout.problems[0];
  if (binding.spec.mode === 'Plan')
    return judgePlan(binding, observed, rollout, foretell(binding, observed, needs), wrong);
  if (wrong === undefined) return judgeHosts(binding, observed, rollout);
  return { ...wrong, message: `${wrong.message}${wanting(binding, observed, rollout)}` };
}

interface Judged {
  readonly needs: Needs;
  readonly children: readonly Hold[];
  readonly rollout: Rollout;
}

/** Hosts are mended beside what holds up the whole binding: nobody should have to wait to hear of them. */
function wanting(binding: CephOpenStackBinding, observed: Observed, { hosts }: Rollout): string {
  const names = hosts
    .filter((host) => host.state.stalled || hostProblem(binding, observed, host).some(({ isStalled }) => isStalled))
    .map(({ name }) => name);
  if (names.length === 0) return '';
  return ` And ${names.length === 1 ? 'one host wants' : `${names.length} hosts want`} a person: ${inShort(names.toSorted())}.`;
}

function judgeChildren([first, ...others]: readonly Hold[]): Hold | undefined {
  if (first === undefined) return undefined;
  const more =
    others.length === 0
      ? ''
      : ` And ${others.length} more of its pools and users ${others.length === 1 ? 'is' : 'are'} not ready.`;
  return { ...first, message: `${first.message}${more}` };
}

/** What would be done, and beside it what would stop it or is not known yet: a plan must not look more whole than it is. */
function judgePlan(
  binding: CephOpenStackBinding,
  observed: Observed,
  rollout: Rollout,
  lines: readonly string[],
  wrong: Hold | undefined,
): Hold | undefined {
  const troubles = rollout.hosts.flatMap((host) => hostProblem(binding, observed, host));
  const troubled = new Set(troubles.map(({ name }) => name));
  const unseen = rollout.hosts.filter((host) => !troubled.has(host.name) && !isPlanned(host, rollout));
  const looking = unseen.length === 0 ? '' : `Still to look at: ${inShort(unseen.map(({ name }) => name).sort())}.`;
  if (lines.length === 0) {
    if (wrong !== undefined) return wrong;
    if (troubles.length > 0) return judgeTroubles(troubles, rollout, looking);
    return looking === '' ? undefined : passing('WaitingForHosts', looking);
  }
  const count = lines.length === 1 ? 'One change is' : `${lines.length} changes are`;
  const obstacles = [...(wrong === undefined ? [] : [wrong.message]), tell(troubles)].filter((one) => one !== '');
  const sentences = [
    `${count} planned, see status.plan; set mode to Enforce to have them made.`,
    looking,
    obstacles.length === 0 ? '' : `In the way: ${obstacles.join(' ')}`,
  ];
  const message = sentences.filter((sentence) => sentence !== '').join(' ');
  return { reason: 'ChangesPlanned', message, stalled: false, plan: lines };
}

/** It has nothing to do, or has said what, with what it would be told now. */
function isPlanned({ object, state }: HostView, { target }: Rollout): boolean {
  if (object === undefined || object.status?.observedGeneration !== object.metadata.generation) return false;
  if (target !== undefined && object.spec.revision?.planned !== target.name) return false;
  return state.ready || object.status.plan !== undefined || (target === undefined && object.status.facts !== undefined);
}

function judgeHosts(binding: CephOpenStackBinding, observed: Observed, rollout: Rollout): Hold | undefined {
  const { waves } = rollout;
  const { openStack } = observed;
  const open = rollout.hosts.filter((host) => !isDone(host, rollout));
  const going = [...observed.hosts.values()].filter((host) => host.metadata.deletionTimestamp !== undefined);
  if (open.length === 0) {
    const names = going.map((host) => host.spec.hostName).sort();
    if (names.length > 0) return passing('WaitingForHosts', `Letting go of ${inShort(names)}.`);
    // What runs does not depend on whether OpenStack can be asked; that it was not told how to is a fault all the same.
    return openStack?.problem?.reason === 'OpenStackUnreachable' ? undefined : openStack?.problem;
  }
  const inTheWay = new Set(waves?.undistributed);
  const wrong = open
    .flatMap((host) => hostProblem(binding, observed, host))
    .sort((a, b) => Number(inTheWay.has(b.name)) - Number(inTheWay.has(a.name)));
  const wantsPerson = (name: string): boolean => wrong.some((one) => one.name === name && one.isStalled);
  const isStuck = inTheWay.size > 0 && [...inTheWay].every(wantsPerson);
  const sentences = `${tell(wrong)} ${isStuck ? wayOut([...inTheWay]) : ''}`.trim();
  const onTrial = open.filter((host) => host.trial !== undefined).map(({ name }) => name);
  const retryMs = onTrial.length > 0 ? trialRetryMs : undefined;
  if (
    waves !== undefined &&
    waves.failed.length > 0 &&
    waves.waiting.length > 0 &&
    binding.spec.rollout.pauseOnFailure
  ) {
    const message = [
      `Stopped after ${inShort(waves.failed)}.`,
      tell(wrong),
      `Not switched: ${waves.waiting.length} of ${rollout.hosts.length} hosts (${inShort(waves.waiting)}).`,
    ];
    return stalled('RolloutPaused', message.filter((sentence) => sentence !== '').join(' '), retryMs);
  }
  const troubled = new Set(wrong.map(({ name }) => name));
  const moving = open.filter((host) => !troubled.has(host.name)).map((host) => host.name);
  const isMoving = (name: string): boolean => moving.includes(name);
  if (isStuck && ![...onTrial, ...(waves?.underWay ?? [])].some(isMoving))
    return stalled('WaitingForHosts', sentences, retryMs);
  if (moving.length > 0) {
    const unasked = onTrial.length > 0 || waves?.undistributed.length === 0 ? openStack?.problem : undefined;
    if (unasked !== undefined)
      return { ...unasked, message: `${unasked.message} ${unsure(waves, onTrial)} ${sentences}`.trim() };
    const message = `${counting(rollout)} ${progress(rollout, moving, isStuck)} ${sentences}`.trim();
    return passing('WaitingForHosts', message, retryMs);
  }
  return judgeTroubles(wrong, rollout, '', open.length);
}

/** Nothing moves but for what is wrong with these hosts; `open` says how many are not ready. */
function judgeTroubles(
  wrong: readonly HostProblem[],
  { hosts, target }: Rollout,
  beside: string,
  open = wrong.length,
): Hold {
  const allUnfit = wrong.every((one) => one.isUnfit);
  const message = `${countOf(wrong, open, hosts.length)} ${tell(wrong)} ${beside}`.trim();
  const isStalled = (target !== undefined || allUnfit) && wrong.every((one) => one.isStalled);
  return { reason: reasonFor(wrong, allUnfit), message, stalled: isStalled };
}

/** Of hundreds of hosts some are always off or held: that is nobody's alarm, however many they are. */
function reasonFor(wrong: readonly HostProblem[], allUnfit: boolean): Reason {
  const reasons = new Set(wrong.map((one) => one.reason));
  const [first] = reasons;
  if (first !== undefined && (wrong.length === 1 || (allUnfit && reasons.size === 1))) return first;
  if ([...reasons].every((reason) => reason === 'HostUnreachable' || reason === 'ChangesPlanned')) {
    return reasons.has('HostUnreachable') ? 'HostUnreachable' : 'ChangesPlanned';
  }
  return 'HostsNotReady';
}

/** A host that gets nothing of this binding may well be Ready, as what it was told before. */
function countOf(wrong: readonly HostProblem[], open: number, all: number): string {
  const unfit = wrong.filter((one) => one.isUnfit).length;
  const broken = open - unfit;
  const counts = [
    ...(broken > 0 ? [`${broken} of ${all} hosts ${broken === 1 ? 'is' : 'are'} not ready`] : []),
    ...(unfit > 0 ? [`${unfit} of ${all} hosts ${unfit === 1 ? 'does' : 'do'} not fit the binding`] : []),
  ];
  return `${counts.join(', and ')}.`;
}

/** What a person can do about hosts of which each holds up every switch. */
function wayOut(names: readonly string[]): string {
  const [has, it] = names.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return `Nobody is switched before ${inShort(names)} ${has} it laid out: mend what is said of ${it}, hold ${it} (mode: Plan), or take ${it} off the binding.`;
}

/** What waits for OpenStack's word. */
function unsure(waves: Rollout['waves'], onTrial: readonly string[]): string {
  const waiting = waves?.waiting ?? [];
  const sentences = [
    onTrial.length === 0 ? '' : `Not known yet: whether the services of ${inShort(onTrial.toSorted())} came up.`,
    waiting.length === 0 ? '' : `Not switched until then: ${inShort(waiting)}.`,
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

/** What waits for a count of images. */
function counting({ uncounted, waves }: Rollout): string {
  if (uncounted.length === 0 || waves === undefined || waves.waiting.length === 0) return '';
  const pools = uncounted.map((pool) => `"${pool}"`).join(', ');
  return `Nobody is switched before it is counted once more that there is no image in ${pools}, which nothing would serve any more.`;
}

function isDone(host: HostView, rollout: Rollout): boolean {
  const { object, state, refusal, trial, wentBack, isHeld } = host;
  const { target } = rollout;
  if (isHeld && state.ready && target !== undefined && refusal === undefined) return isPlanned(host, rollout);
  if (target === undefined || refusal !== undefined || trial !== undefined || wentBack !== undefined) return false;
  return state.ready && object?.status?.switched === target.name;
}

function progress({ hosts, waves, target }: Rollout, moving: readonly string[], isStuck: boolean): string {
  if (waves === undefined || target === undefined) return `Looking at ${inShort(moving.toSorted())}.`;
  if (waves.undistributed.length > 0 && !isStuck)
    return `Laying out revision ${target.name} on ${inShort(waves.undistributed)}.`;
  if (waves.underWay.length === 0) return `Waiting for ${inShort(moving.toSorted())}.`;
  const then = waves.waiting.filter((name) => moving.includes(name));
  const lost = inShort(waves.lost);
  if (waves.underWay.length === waves.lost.length && then.length > 0) {
    return `Not switched to revision ${target.name}: ${inShort(then)}, until ${lost} answers, which was told to switch to it, or is taken off the binding.`;
  }
  const after = then.length === 0 ? '' : `; then ${inShort(then)}`;
  const isSwitched = (name: string) => {
    const { trial, object, state } = hosts.find((host) => host.name === name) ?? {};
    return trial !== undefined && state?.ready === true && object?.status?.switched === target.name;
  };
  if (waves.underWay.every(isSwitched)) {
    return `Waiting until OpenStack has the services of ${inShort(waves.underWay)} up with revision ${target.name}${after}.`;
  }
  return `Switching ${inShort(waves.underWay)} to revision ${target.name}${after}.`;
}

function tell(problems: readonly HostProblem[]): string {
  const others = problems.slice(told).map(({ name }) => name);
  return [
    ...problems.slice(0, told).map(({ sentence }) => sentence),
    ...(others.length === 0 ? [] : [`Not ready either: ${inShort(others.toSorted())}.`]),
  ].join(' ');
}
