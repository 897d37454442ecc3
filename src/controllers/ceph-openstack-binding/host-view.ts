import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Refusal } from '../../openstack/desired-host.ts';
import type { Machine } from '../../openstack/merge-roles.ts';
import { parseRelease } from '../../openstack/releases.ts';
import type { WentBack } from '../trial-note.ts';
import { hostObjectName, isChildOf, isHeld } from './children.ts';
import { type HostState, hostState, machineOf, notLookedAt } from './host-state.ts';
import { formerNames } from './leaving.ts';
import type { Observed } from './observed.ts';
import { trialOf } from './rollout-trial.ts';
import type { Verdict } from './trial.ts';

/** One host of the binding, as it is now and as it is to be. */
export interface HostView {
  readonly name: string;
  readonly object: CephOpenStackHost | undefined;
  readonly state: HostState;
  /** Somebody holds it: it is told what it would be switched to, as in mode Plan. */
  readonly isHeld: boolean;
  /** The name under which its machine is still being let go; it has to wait for that. */
  readonly formerName?: string;
  /** Why this host gets nothing; others are not concerned. */
  readonly refusal: Refusal | undefined;
  readonly machine: Machine | undefined;
  /** It was switched, and OpenStack has not been seen to have its services up; `from`: where it would go back to. */
  readonly trial?: { readonly from: string; readonly verdict: Verdict };
  /** It went back from the target. */
  readonly wentBack?: WentBack;
}

export function viewHosts(binding: CephOpenStackBinding, observed: Observed): readonly HostView[] {
  const former = formerNames(binding, observed);
  return binding.spec.hosts.map((host) => viewHost(binding, observed, former, host));
}

/** A host that another binding has, or whose object's name is taken: it is left alone. */
export function isForeign(
  view: Pick<HostView, 'name' | 'object'>,
  binding: CephOpenStackBinding,
  observed: Observed,
): boolean {
  if (observed.claimedByOthers.has(view.name)) return true;
  return view.object !== undefined && !isChildOf(binding, view.object);
}

function viewHost(
  binding: CephOpenStackBinding,
  observed: Observed,
  former: ReadonlyMap<string, string>,
  listed: CephOpenStackBinding['spec']['hosts'][number],
): HostView {
  const { name } = listed;
  const formerName = former.get(name);
  const object = observed.hosts.get(hostObjectName(binding, name));
  const common = { name, object, isHeld: isHeld(listed) };
  if (isForeign({ name, object }, binding, observed)) {
    const refusal: Refusal = { refused: 'InvalidSpec', message: 'It belongs to somebody else.' };
    return { ...common, state: notLookedAt, refusal, machine: undefined };
  }
  if (object === undefined || formerName !== undefined) {
    const waits = formerName === undefined ? {} : { formerName };
    return { ...common, state: notLookedAt, refusal: undefined, machine: undefined, ...waits };
  }
  const release = parseRelease(binding.spec.openstack?.release ?? '');
  const machine = machineOf(object, release);
  const seen = { ...common, state: hostState(object), ...trialOf(object, observed.openStack) };
  if (machine !== undefined && 'refused' in machine) return { ...seen, refusal: machine, machine: undefined };
  return { ...seen, refusal: undefined, machine };
}
