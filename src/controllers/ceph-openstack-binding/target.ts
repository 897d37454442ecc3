import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import { desiredHost, type Machine } from '../../openstack/merge-roles.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { renderRevision } from '../../openstack/render-role.ts';
import { stalled } from '../hold.ts';
import type { HostView } from './host-view.ts';
import { changedRoles, type Revision, revisionName } from './revisions.ts';

/** What all hosts are to have. */
export interface Target {
  readonly name: string;
  readonly data: RevisionData;
}

/** By name. */
export type Revisions = ReadonlyMap<string, Revision>;

export function renderTarget(
  binding: CephOpenStackBinding,
  model: OpenStackModel | undefined,
  views: readonly HostView[],
): { readonly target: Target | undefined; readonly problems: readonly Hold[] } {
  if (model === undefined) return { target: undefined, problems: [] };
  const combinations = views.flatMap(({ machine }) =>
    (machine?.roles ?? []).flatMap((role) => {
      const release = machine?.releases[projectOf[role]];
      return machine === undefined || release === undefined ? [] : [{ role, platform: machine.platform, release }];
    }),
  );
  const { data, refusals } = renderRevision(model, combinations);
  const problems = refusals.map(({ refusal }) => stalled(refusal.refused, refusal.message));
  if (data.roles.length === 0) return { target: undefined, problems };
  return { target: { name: revisionName(binding, data), data }, problems };
}

/** A revision that somebody changed or deleted is nothing to go back to, or to plan for. */
export function known(name: string | undefined, revisions: Revisions, target: Target | undefined): string | undefined {
  return name !== undefined && (revisions.has(name) || name === target?.name) ? name : undefined;
}

/** The hosts as far as the target concerns them. */
export function hostsOf(target: Target, views: readonly HostView[], revisions: Revisions): readonly HostView[] {
  return withoutPlaces(views, target).map((view) => ofTarget(view, target, revisions));
}

/** A host for which the target holds nothing is refused with the reason. */
function withoutPlaces(views: readonly HostView[], target: Target): readonly HostView[] {
  const fold = oncePerKind((machine) => desiredHost(target.data, machine));
  return views.map((view) => {
    const desired = view.machine === undefined ? undefined : fold(view.machine);
    return desired !== undefined && 'refused' in desired ? { ...view, refusal: desired } : view;
  });
}

/** Where a host went back from concerns nobody any more once its services are to be told something else. */
function ofTarget(view: HostView, target: Target, revisions: Revisions): HostView {
  const { wentBack, ...others } = view;
  if (wentBack === undefined || wentBack.revision === target.name) return view;
  const tried = revisions.get(wentBack.revision)?.data;
  const isSame = view.machine !== undefined && changedRoles(tried, target.data, view.machine).length === 0;
  return isSame ? view : others;
}

/** Of hundreds of machines only a handful differ in what a revision means for them. */
export function oncePerKind<T>(decide: (machine: Machine) => T): (machine: Machine) => T {
  const found = new Map<string, T>();
  return (machine) => {
    const key = JSON.stringify([machine.roles, machine.platform, Object.entries(machine.releases)]);
    const known = found.get(key);
    if (known !== undefined) return known;
    const fresh = decide(machine);
    found.set(key, fresh);
    return fresh;
  };
}
