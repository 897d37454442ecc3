import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost, Role } from '../../api/ceph-openstack-host.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { Refusal, RevisionData } from '../../openstack/desired-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import { desiredHost, type Machine } from '../../openstack/merge-roles.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { parseRelease } from '../../openstack/releases.ts';
import { renderRevision } from '../../openstack/render-role.ts';
import type { Needs } from '../binding-needs.ts';
import { stalled } from '../hold.ts';
import { imagesIn } from '../images-in.ts';
import { type ChildManifest, hostManifest, hostObjectName, isChildOf } from './children.ts';
import { type HostState, hostState, machineOf, notSeen } from './host-state.ts';
import { formerNames } from './leaving.ts';
import type { Observed } from './observed.ts';
import { confPathOf, poolsKnownAs } from './openstack-model.ts';
import { orphanedImages } from './orphaned-images.ts';
import { orphanProblem } from './problems.ts';
import { changedRoles, type Revision, revisionName } from './revisions.ts';
import { onTrial, seenOf, trialOf } from './rollout-trial.ts';
import type { Verdict } from './trial.ts';
import type { WentBack } from './trial-note.ts';
import { planWaves, type WaveHost, type Waves } from './waves.ts';

/** One host of the binding, as it is now and as it is to be. */
export interface HostView {
  readonly name: string;
  readonly object: CephOpenStackHost | undefined;
  readonly state: HostState;
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

export interface Target {
  readonly name: string;
  readonly data: RevisionData;
}

/** How far a binding's hosts are, and what each is to be told next. */
export interface Rollout {
  readonly hosts: readonly HostView[];
  /** What all hosts are to have; undefined while it cannot be rendered. */
  readonly target: Target | undefined;
  /** None in mode Plan, which tells nobody to switch. */
  readonly waves: Waves | undefined;
  readonly problems: readonly Hold[];
  readonly manifests: readonly ChildManifest[];
}

/**
 * @see Rollout. `model` is undefined while children are missing: hosts then keep the revisions that they have; the one of
 * a plan, as long as what is wrong with the children may pass.
 */
export function planRollout(
  binding: CephOpenStackBinding,
  needs: Needs,
  observed: Observed,
  model: OpenStackModel | undefined,
  childrenArePassing = false,
): Rollout {
  const former = formerNames(binding, observed);
  const views = binding.spec.hosts.map((host) => viewHost(binding, observed, former, host.name));
  const served = inService(observed, views);
  const imagesKnownAs = (pool: string, conf: string) => imagesIn(poolsKnownAs(conf, binding, observed), pool);
  const here = confPathOf(binding, binding.spec.cluster.secretName);
  const orphans =
    orphanProblem(served, needs, imagesKnownAs) ??
    orphanedImages(served, needs, observed.pools, (pool) => imagesKnownAs(pool, here));
  const rendered = orphans === undefined ? renderTarget(binding, model, views) : { target: undefined, problems: [] };
  const { target } = rendered;
  const problems = orphans === undefined ? rendered.problems : [orphans];
  const revisions = new Map(observed.revisions.map((revision) => [revision.name, revision]));
  const hosts =
    target === undefined ? views : withoutPlaces(views, target).map((view) => ofTarget(view, target, revisions));
  const isPlan = binding.spec.mode === 'Plan';
  const moving = target === undefined || isPlan ? [] : waveHosts(hosts, target, revisions);
  const waves =
    target === undefined || isPlan
      ? undefined
      : planWaves(target.name, moving, binding.spec.rollout, observed.openStack?.problem !== undefined);
  // Children that are looked at again would else have every host planned anew, twice.
  const kept = (name: string | undefined) =>
    target === undefined && childrenArePassing && problems.length === 0 ? known(name, revisions, target) : undefined;
  const manifests = binding.spec.hosts.flatMap((host, index) => {
    const view = hosts[index];
    if (view === undefined || view.formerName !== undefined || isForeign(view, binding, observed)) return [];
    const told = view.object?.spec.revision;
    const before = known(told?.current, revisions, target);
    const { current, note } = onTrial(view, {
      ...{ before, current: waves?.current.get(host.name) ?? before },
      isAsked: isPlan ? undefined : observed.openStack !== undefined,
      changes: moving[index]?.changedRoles.length !== 0,
      isKnown: (name) => known(name, revisions, target) !== undefined,
    });
    const isServed = target !== undefined && view.machine !== undefined && view.refusal === undefined;
    const next = isServed && !isPlan ? target.name : told?.next;
    const planned = isPlan ? (isServed ? target.name : kept(told?.planned)) : undefined;
    return [
      hostManifest(
        binding,
        orphans === undefined ? host : withCinderVolume(host, view),
        {
          ...(current === undefined ? {} : { current }),
          ...(next === undefined ? {} : { next }),
          ...(planned === undefined ? {} : { planned }),
        },
        note,
      ),
    ];
  });
  return { hosts, target, waves, problems, manifests };
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

/** A revision that somebody deleted would stop its host for good: better none. */
function known(
  name: string | undefined,
  revisions: ReadonlyMap<string, Revision>,
  target: Target | undefined,
): string | undefined {
  return name !== undefined && (revisions.has(name) || name === target?.name) ? name : undefined;
}

function viewHost(
  binding: CephOpenStackBinding,
  observed: Observed,
  former: ReadonlyMap<string, string>,
  name: string,
): HostView {
  const formerName = former.get(name);
  const object = observed.hosts.get(hostObjectName(binding, name));
  if (isForeign({ name, object }, binding, observed)) {
    const refusal: Refusal = { refused: 'InvalidSpec', message: 'It belongs to somebody else.' };
    return { name, object, state: notSeen, refusal, machine: undefined };
  }
  if (object === undefined || formerName !== undefined) {
    const waits = formerName === undefined ? {} : { formerName };
    return { name, object, state: notSeen, refusal: undefined, machine: undefined, ...waits };
  }
  const release = parseRelease(binding.spec.openstack?.release ?? '');
  const machine = machineOf(object, release);
  const seen = { name, object, state: hostState(object), ...trialOf(object, observed.openStack) };
  if (machine !== undefined && 'refused' in machine) return { ...seen, refusal: machine, machine: undefined };
  return { ...seen, refusal: undefined, machine };
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
function ofTarget(view: HostView, target: Target, revisions: ReadonlyMap<string, Revision>): HostView {
  const { wentBack, ...others } = view;
  if (wentBack === undefined || wentBack.revision === target.name) return view;
  const tried = revisions.get(wentBack.revision)?.data;
  const isSame = view.machine !== undefined && changedRoles(tried, target.data, view.machine).length === 0;
  return isSame ? view : others;
}

/** Of hundreds of machines only a handful differ in what a revision means for them. */
function oncePerKind<T>(decide: (machine: Machine) => T): (machine: Machine) => T {
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

function renderTarget(
  binding: CephOpenStackBinding,
  model: OpenStackModel | undefined,
  views: readonly HostView[],
): { target: Target | undefined; problems: readonly Hold[] } {
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

/** What the services of the binding's hosts are configured with now. */
function inService(observed: Observed, views: readonly HostView[]): readonly RevisionData[] {
  const served = new Set(views.flatMap((view) => view.object?.spec.revision?.current ?? []));
  return observed.revisions.filter((revision) => served.has(revision.name)).map((revision) => revision.data);
}

/** A host that serves volumes goes on doing so while they would be stranded. */
function withCinderVolume<T extends { readonly roles: readonly Role[] }>(host: T, { object }: HostView): T {
  if (host.roles.includes('CinderVolume') || object?.spec.roles.includes('CinderVolume') !== true) return host;
  return { ...host, roles: [...host.roles, 'CinderVolume'] };
}

function waveHosts(
  hosts: readonly HostView[],
  target: Target,
  revisions: ReadonlyMap<string, Revision>,
): readonly WaveHost[] {
  const changesFrom = new Map<string, (machine: Machine) => readonly Role[]>();
  const changes = (told: string | undefined, machine: Machine): readonly Role[] => {
    const before = told === undefined ? undefined : revisions.get(told)?.data;
    const found = changesFrom.get(told ?? '') ?? oncePerKind((kind) => changedRoles(before, target.data, kind));
    changesFrom.set(told ?? '', found);
    return found(machine);
  };
  return hosts.map((view) => {
    const { name, object, state, refusal, machine } = view;
    const told = known(object?.spec.revision?.current, revisions, target);
    return {
      name,
      roles: object?.spec.roles ?? [],
      variants: machine === undefined ? {} : variantsOf(machine),
      reachable: state.reachable,
      refused: refusal !== undefined,
      current: told,
      distributed: object?.status?.distributed,
      switched: object?.status?.switched,
      ready: state.ready,
      failing: state.failing,
      seen: seenOf(view, told === target.name),
      returns: view.trial?.from === target.name,
      idle: isIdle(object),
      changedRoles: machine === undefined || told === target.name ? [] : changes(told, machine),
    };
  });
}

function isIdle(object: CephOpenStackHost | undefined): boolean {
  const services = object?.status?.services ?? [];
  return services.length > 0 && services.every(({ stopped }) => stopped);
}

function variantsOf({ roles, platform, releases }: Machine): WaveHost['variants'] {
  return Object.fromEntries(roles.map((role) => [role, `${platform} ${releases[projectOf[role]]}`]));
}
