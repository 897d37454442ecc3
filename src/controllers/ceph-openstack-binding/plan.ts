import { clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reason } from '../../api/conditions.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import type { Resource } from '../../api/resource.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { clientNeeds, type Needs, needsOf, poolNeeds } from '../binding-needs.ts';
import { holdsAll } from '../canonical.ts';
import { poolsKnownAs } from '../clusters-on-hosts.ts';
import { noteIn, noteOf } from '../trial-note.ts';
import { type ChildManifest, isApplied, isChildOf, needManifest } from './children.ts';
import { judge } from './judge.ts';
import { leaveOutRefused } from './leave-out-refused.ts';
import { leavingHosts, pauseChildren, pauseHeld, tellHosts, tellOthers } from './leaving.ts';
import type { Observed } from './observed.ts';
import { openStackModel } from './openstack-model.ts';
import { planDeletion } from './plan-deletion.ts';
import { childProblems, secretProblem, specProblem } from './problems.ts';
import { nextNumber, prunable, usedBy } from './revisions.ts';
import { planRollout, type Rollout } from './rollout.ts';
import { type BindingStep, deletion, isGoing } from './steps.ts';
import { unwantedClients, unwantedPools } from './unwanted.ts';

/**
 * Children first, all at once; when they are ready, what hosts need as a revision; then hosts, told to lay it out and,
 * in waves, to switch to it; at last what is no longer needed, hosts before users before pools.
 */
export function planBinding(binding: CephOpenStackBinding, observed: Observed): Plan<BindingStep> {
  return leaveOutRefused(planAll(binding, observed), observed);
}

function planAll(binding: CephOpenStackBinding, observed: Observed): Plan<BindingStep> {
  if (binding.metadata.deletionTimestamp !== undefined) return planDeletion(binding, observed);
  const refusal = specProblem(binding, observed);
  if (refusal !== undefined) return planRefused(binding, observed, refusal);
  const draft = draftBinding(binding, observed);
  const { needs, rollout } = draft;
  const hold = judge(binding, observed, draft);
  return {
    stages: [
      dropAltered(rollout, observed),
      [
        ...applyPools(binding, needs, observed),
        ...applyClients(binding, needs, observed, rollout),
        ...revisionSteps(rollout, observed),
      ],
      applyHosts(rollout, observed),
      ...inPlanNoneIsDeleted(binding, [...removeHosts(binding, observed), ...removeChildren(binding, draft, observed)]),
      pruneRevisions(rollout, observed),
    ],
    ...(hold === undefined ? {} : { hold }),
  };
}

/** Nothing changes, so hosts stay bound to what they were told; who wants that to end sets mode Plan, of one or all. */
function planRefused(binding: CephOpenStackBinding, observed: Observed, refusal: Hold): Plan<BindingStep> {
  const paused = binding.spec.mode === 'Plan' ? pauseChildren(binding, observed) : pauseHeld(binding, observed);
  const isInForce = [...observed.hosts.values()].some(
    (host) => isChildOf(binding, host) && host.spec.revision?.current !== undefined && host.spec.mode !== 'Plan',
  );
  const more = isInForce ? ' Hosts are still held to what they were told before; mode: Plan stops that, too.' : '';
  return {
    stages: paused.length === 0 ? [] : [paused],
    hold: { ...refusal, message: `${refusal.message}${more}` },
  };
}

export interface BindingDraft {
  readonly needs: Needs;
  readonly model: OpenStackModel | undefined;
  readonly children: readonly Hold[];
  readonly rollout: Rollout;
}

/** `plan` and `status` ask for the draft of one and the same observation, which costs most of a pass with many hosts. */
const drafts = new WeakMap<Observed, { readonly binding: CephOpenStackBinding; readonly draft: BindingDraft }>();

/** What a binding comes to before it is put as steps; `status` judges by it how far things are. */
export function draftBinding(binding: CephOpenStackBinding, observed: Observed): BindingDraft {
  const known = drafts.get(observed);
  if (known?.binding === binding) return known.draft;
  const needs = needsOf(binding);
  const problems = childProblems(binding, needs, observed);
  const model = problems.length === 0 ? openStackModel(binding, observed) : undefined;
  const clash = model === undefined ? undefined : secretProblem(model);
  const arePassing = clash === undefined && problems.every((problem) => !problem.stalled);
  const rollout = planRollout(binding, needs, observed, clash === undefined ? model : undefined, arePassing);
  const draft = { needs, model, children: clash === undefined ? problems : [...problems, clash], rollout };
  drafts.set(observed, { binding, draft });
  return draft;
}

function applyPools(binding: CephOpenStackBinding, needs: Needs, observed: Observed): readonly BindingStep[] {
  return poolNeeds(needs).flatMap((need) => {
    if (need.own === undefined) return [];
    return applyChild('apply-pool', binding, needManifest(binding, need), observed.pools.get(need.objectName));
  });
}

/** Hosts serve what the binding does not say any more, or nobody knows what. */
const keepsClients: ReadonlySet<Reason> = new Set(['ImagesWouldBeOrphaned', 'WaitingForRevision']);

function applyClients(
  binding: CephOpenStackBinding,
  needs: Needs,
  observed: Observed,
  { problems, uncounted }: Rollout,
): readonly BindingStep[] {
  // Clones go on reading the images that are not to be orphaned.
  const isKept = uncounted.length > 0 || problems.some(({ reason }) => keepsClients.has(reason));
  return clientNeeds(needs).flatMap((need) => {
    if (need.own === undefined) return [];
    if (isKept && observed.clients.has(need.objectName)) return [];
    return applyChild('apply-client', binding, needManifest(binding, need), observed.clients.get(need.objectName));
  });
}

function applyChild(
  verb: 'apply-pool' | 'apply-client',
  binding: CephOpenStackBinding,
  manifest: ChildManifest,
  found: Resource | undefined,
): readonly BindingStep[] {
  if (found === undefined) return [{ verb, manifest, isNew: true }];
  // One that is going comes back when it is gone; one that is somebody else's is not touched.
  if (isGoing(found) || !isChildOf(binding, found) || isApplied(manifest, found)) return [];
  // Kubernetes would refuse it: what a thing is in never changes (problems.ts says so).
  if (!holdsAll({ cluster: manifest.spec.cluster }, found.spec)) return [];
  return [{ verb, manifest, isNew: false }];
}

function revisionSteps({ target }: Rollout, observed: Observed): readonly BindingStep[] {
  if (target === undefined || observed.revisions.some((revision) => revision.name === target.name)) return [];
  const number = nextNumber(observed.revisions);
  return [{ verb: 'create-revision', name: target.name, number, data: target.data }];
}

function applyHosts({ manifests }: Rollout, observed: Observed): readonly BindingStep[] {
  return manifests.flatMap((manifest): readonly BindingStep[] => {
    const found = observed.hosts.get(manifest.metadata.name);
    if (found !== undefined && (isGoing(found) || isApplied(manifest, found))) return [];
    const { hostName, revision } = manifest.spec as {
      hostName: string;
      revision?: { next?: string; current?: string };
    };
    const told = found?.spec.revision;
    const [was, is] = [noteOf(found), noteIn(manifest.metadata.annotations)];
    const goesBack = is.wentBack !== undefined && was.wentBack?.revision !== is.wentBack.revision;
    const isSeenUp = was.from !== undefined && is.from === undefined && revision?.current === told?.current;
    return [
      {
        verb: 'apply-host',
        manifest,
        isNew: found === undefined,
        hostName,
        ...(revision?.next === undefined || revision.next === told?.next ? {} : { next: revision.next }),
        ...(revision?.current === undefined || revision.current === told?.current ? {} : { current: revision.current }),
        ...(goesBack ? { trial: is.wentBack } : isSeenUp ? { trial: 'up' } : {}),
      },
    ];
  });
}

/** What is deleted does not come back when a plan is dropped; `foretell` tells of it instead. */
function inPlanNoneIsDeleted({ spec }: CephOpenStackBinding, stages: readonly (readonly BindingStep[])[]) {
  if (spec.mode !== 'Plan') return stages;
  return stages.map((stage) => stage.filter((step) => 'manifest' in step));
}

/** Hosts that the binding no longer lists: told what is to become of them first, should that have changed. */
function removeHosts(binding: CephOpenStackBinding, observed: Observed): readonly (readonly BindingStep[])[] {
  const leaving = leavingHosts(binding, observed);
  const staying = leaving.filter((host) => !isGoing(host));
  return [tellHosts(binding, leaving), staying.map((host) => deletion('delete-host', host))];
}

/** Users that no host has any more, then pools that no user of the binding has any more. */
function removeChildren(
  binding: CephOpenStackBinding,
  { needs, rollout: { target } }: BindingDraft,
  observed: Observed,
): readonly (readonly BindingStep[])[] {
  const inUse = referencedRevisions(observed);
  const used = observed.revisions.filter((revision) => inUse.has(revision.name));
  const uses = used.map((revision) => usedBy(revision.data));
  const known = new Set([...used.map(({ name }) => name), target?.name]);
  const clients = unwantedClients(binding, needs, observed);
  const idle = clients.filter((client) => !uses.some(({ secrets }) => secrets.has(clientSecretNameOf(client))));
  const pools = unwantedPools(binding, needs, observed).filter(
    (pool) =>
      !uses.some((use) =>
        use.pools.some(
          ({ name, conf }) =>
            name === poolNameOf(pool) && poolsKnownAs(conf, binding, observed.pools.values()).includes(pool),
        ),
      ),
  );
  const told = [...tellOthers('apply-client', binding, clients), ...tellOthers('apply-pool', binding, pools)];
  // A host may use anything with a revision whose content nobody knows.
  if ([...inUse].some((name) => !known.has(name))) return [told];
  return [
    told,
    idle.filter((client) => !isGoing(client)).map((client) => deletion('delete-client', client)),
    clients.length > 0 ? [] : pools.filter((pool) => !isGoing(pool)).map((pool) => deletion('delete-pool', pool)),
  ];
}

/** Before anything is made: the target is made anew under the same name. Of others that hosts have nobody knows the content. */
function dropAltered({ target }: Rollout, { alteredRevisions, hosts }: Observed): readonly BindingStep[] {
  const told = new Set([...hosts.values()].map(({ spec }) => spec.revision?.current));
  const dropped = alteredRevisions.filter(({ name }) => name === target?.name || !told.has(name));
  return dropped.map(({ name, uid }) => ({ verb: 'delete-revision', name, uid, isAltered: true }));
}

function pruneRevisions({ target, waves }: Rollout, observed: Observed): readonly BindingStep[] {
  const referenced = new Set([...referencedRevisions(observed), ...(waves?.current.values() ?? [])]);
  if (target !== undefined) referenced.add(target.name);
  return prunable(observed.revisions, referenced).map(({ name, uid }) => ({ verb: 'delete-revision', name, uid }));
}

/** Revisions that some host was told, or says that it has. */
function referencedRevisions(observed: Observed): ReadonlySet<string> {
  const names = [...observed.hosts.values()].flatMap(({ metadata, spec, status }) => [
    noteOf({ metadata }).from,
    noteOf({ metadata }).wentBack?.revision,
    spec.revision?.current,
    spec.revision?.next,
    spec.revision?.planned,
    status?.distributed,
    status?.switched,
  ]);
  return new Set(names.filter((name) => name !== undefined));
}
