import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { type ChildManifest, hostManifest } from './children.ts';
import { type HostView, isForeign } from './host-view.ts';
import type { Observed } from './observed.ts';
import { planTrial, type Verification } from './rollout-trial.ts';
import { known, type Revisions, type Target } from './target.ts';
import type { WaveHost, Waves } from './waves.ts';

interface Course {
  readonly target: Target | undefined;
  readonly revisions: Revisions;
  /** The hosts as the waves see them, in the binding's order; none where there are no waves. */
  readonly going: readonly WaveHost[] | undefined;
  readonly waves: Waves | undefined;
  /** Volumes would be stranded, so who serves them goes on doing so. */
  readonly keepsVolumes: boolean;
  /** Children that are looked at again would else have every host planned anew, twice. */
  readonly keepsPlanned: boolean;
}

/** The objects of the binding's hosts, but for those that are not its own, or not yet. */
export function tellHosts(
  binding: CephOpenStackBinding,
  observed: Observed,
  views: readonly HostView[],
  course: Course,
): readonly ChildManifest[] {
  const asked = observed.openStack === undefined ? 'off' : 'on';
  return binding.spec.hosts.flatMap((host, index) => {
    const view = views[index];
    if (view === undefined || view.formerName !== undefined || isForeign(view, binding, observed)) return [];
    const verification = binding.spec.mode === 'Plan' || view.isHeld ? 'paused' : asked;
    const { revision, note } = toldOf(view, course, verification, course.going?.[index]);
    return [hostManifest(binding, course.keepsVolumes ? withCinderVolume(host, view) : host, revision, note)];
  });
}

/** Which revisions a host is told, and what is noted of it. */
function toldOf(
  view: HostView,
  { target, revisions, waves, keepsPlanned }: Course,
  verification: Verification,
  going: WaveHost | undefined,
) {
  const told = view.object?.spec.revision;
  // Its services go on with it, though it may be gone: without it the host would count as never in service.
  const before = told?.current;
  const { current, note } = planTrial(view, {
    ...{ before, current: waves?.current.get(view.name) ?? before, verification },
    changes: going?.changedRoles.length !== 0,
    isKnown: (name) => known(name, revisions, target) !== undefined,
  });
  const isPlan = verification === 'paused';
  const fits = target !== undefined && view.machine !== undefined && view.refusal === undefined;
  const kept = target === undefined && keepsPlanned ? known(told?.planned, revisions, target) : undefined;
  const next = fits && !isPlan ? target.name : told?.next;
  const planned = isPlan ? (fits ? target.name : kept) : undefined;
  const revision = {
    ...(current === undefined ? {} : { current }),
    ...(next === undefined ? {} : { next }),
    ...(planned === undefined ? {} : { planned }),
  };
  return { revision, note };
}

/** A host that serves volumes goes on doing so while they would be stranded. */
function withCinderVolume<T extends { readonly roles: readonly Role[] }>(host: T, { object }: HostView): T {
  if (host.roles.includes('CinderVolume') || object?.spec.roles.includes('CinderVolume') !== true) return host;
  return { ...host, roles: [...host.roles, 'CinderVolume'] };
}
