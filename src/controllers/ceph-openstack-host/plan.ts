import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { UnitFacts } from '../../hosts/facts.ts';
import type { Manifest, RestartDebt } from '../../hosts/manifest.ts';
import { manifestHash } from '../../hosts/manifest-text.ts';
import type { ExpectedContent } from '../../hosts/steps.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { passing, stalled } from '../hold.ts';
import { noteOf } from '../trial-note.ts';
import { expectAccess, proveAccess } from './access.ts';
import { plannedRestarts } from './as-planned.ts';
import { createDraft, type Draft, emptyManifest, type PlannedStep } from './draft.ts';
import { giveBack } from './give-back.ts';
import { inTheWayMs } from './guards.ts';
import { layOut } from './lay-out.ts';
import { guestsOf } from './lay-out-secrets.ts';
import { recordAgain, recoverManifest } from './lost-manifest.ts';
import { isRefusal, type Observed, type SeenHost } from './observed.ts';
import { isRenamed } from './ownership.ts';
import { restarts } from './restarts.ts';
import { switchOver } from './switch-over.ts';

/**
 * One transaction towards what the host's revisions say: lay out `next`, configure services with `current`, restart
 * what must restart, and take away what neither wants. A host that is deleted is planned towards having nothing of ours.
 */
export function planHost(host: CephOpenStackHost, observed: Observed): Plan<PlannedStep> {
  if (observed.kind === 'let-go') return { stages: [] };
  const { draft, steps } = draftHost(host, observed);
  return {
    stages: steps.length === 0 ? [] : [steps],
    ...firstHold(draft.holds),
  };
}

/** What is left to do on a host, piece by piece: `status` judges by it how far the host has come. */
export function draftHost(
  host: CephOpenStackHost,
  observed: SeenHost,
): { draft: Draft; steps: readonly PlannedStep[] } {
  const found = observed.facts.manifest;
  const refusal = refuse(host, observed);
  const draft = createDraft(found.state === 'present' ? found.manifest : emptyManifest(observed.owner));
  if (refusal !== undefined) {
    draft.holds.push(refusal);
    return { draft, steps: [] };
  }
  if (host.metadata.deletionTimestamp !== undefined) return draftRemoval(draft, host, observed);
  if (observed.ownership.kind === 'adoptable' || isRenamed(draft.manifest.owner, observed.owner)) {
    draft.manifest = { ...draft.manifest, owner: observed.owner };
  }
  const next = desiredOf(draft, observed.next);
  const current = isOutdated(observed) ? undefined : desiredOf(draft, observed.current);
  if (draft.holds.length > 0) return { draft, steps: [] };
  const layers = [next, current].filter((one) => one !== undefined);
  if (layers.length === 0) {
    draft.holds.push(passing('WaitingForRevision', 'Waiting for the binding to say what this host needs.'));
    return { draft, steps: [] };
  }
  const switched = next !== undefined && host.status?.switched === observed.next?.name ? next : current;
  recoverManifest(draft, host, observed, layers, switched);
  layOut(draft, host, observed, layers);
  if (layers.every(({ access }) => access.length === 0)) expectAccess(draft, observed, layers);
  // Nothing may speak of what is not laid out yet: a service would start without its key.
  const mayCome = draft.holds.length === 0;
  draft.laidOut = mayCome && draft.layOut.length === 0 && draft.debts.size === 0;
  if (current !== undefined && mayCome) switchOver(draft, observed, current);
  // What cannot be switched is not restarted either: it would have to be again.
  const running = draft.holds.length === 0 ? current : undefined;
  const restartSteps = restarts(
    draft,
    host,
    observed,
    running,
    observed.next?.name === observed.current?.name ? undefined : next,
  );
  // What it may have to go back to is not taken away under it, nor do guests that use a secret of that hold it up.
  const mayReturn = (noteOf(host).from ?? '') !== '';
  const settled =
    !mayReturn && current !== undefined && observed.current?.name === (observed.next?.name ?? observed.current?.name);
  // A plan tells what comes after the next steps, too.
  const isForetold = observed.told !== undefined && draft.holds.length === 0;
  if (settled && (isQuiet(draft) || isForetold)) giveBack(draft, observed, layers);
  // Also while restarts wait for the switch, which in turn waits for this.
  const mayProve = draft.laidOut && draft.holds.length === 0 && draft.switchOver.length + restartSteps.length === 0;
  if (mayProve) proveAccess(draft, host, observed, layers);
  return { draft, steps: transaction(draft, observed, plannedRestarts(restartSteps, observed)) };
}

function draftRemoval(draft: Draft, host: CephOpenStackHost, observed: SeenHost) {
  const found = observed.facts.manifest;
  if (found.state !== 'present' || observed.ownership.kind !== 'ours') return { draft, steps: [] };
  holdForGuests(draft, observed);
  if (draft.holds.length > 0) return { draft, steps: [] };
  switchOver(draft, observed, undefined);
  const restartSteps = restarts(draft, host, observed, 'given-back', undefined);
  if (isQuiet(draft) && restartSteps.length === 0) giveBack(draft, observed, []);
  const steps = transaction(draft, observed, restartSteps);
  if (steps.length > 0 || draft.holds.length > 0) return { draft, steps };
  const directories = found.manifest.directories.map((path) => ({ verb: 'remove-directory', path }) as const);
  return { draft, steps: [...directories, { verb: 'remove-manifest', expected: found.sha256 } as const] };
}

/** Nothing is undone under guests that need it: neither options nor, in the end, the secret itself. */
function holdForGuests(draft: Draft, observed: SeenHost): void {
  for (const [uuid, { usageName, adopted }] of Object.entries(draft.manifest.libvirtSecrets)) {
    const guests = adopted ? [] : guestsOf(observed, uuid, usageName);
    if (guests.length === 0) continue;
    draft.holds.push(
      stalled(
        'GuestsUseSecret',
        `Cannot undo the host's wiring: the guests ${guests.join(', ')} use libvirt's secret ${uuid}; migrate or delete them first, or set hostRemoval: Retain.`,
        inTheWayMs,
      ),
    );
  }
}

/** Why nothing at all may be done on this host. */
function refuse(host: CephOpenStackHost, observed: SeenHost): Hold | undefined {
  const { facts, platform, ownership } = observed;
  const found = facts.manifest;
  // Nothing of ours is there to be undone, whatever the machine has become.
  if (host.metadata.deletionTimestamp !== undefined && found.state === 'absent') return undefined;
  if (isRefusal(platform)) return stalled(platform.refused, platform.message);
  if (found.state === 'unusable') return stalled('Conflict', found.problem);
  if (host.metadata.deletionTimestamp !== undefined) return undefined;
  if (ownership.kind === 'refused') return ownership.hold;
  if (observed.missingRoles.length > 0) {
    return stalled(
      'RoleNotInstalled',
      `The services of ${observed.missingRoles.join(', ')} are not installed: install them, or take the roles off.`,
    );
  }
  if (observed.unknownVersions.length > 0) {
    return stalled('ReleaseUnknown', `No known OpenStack release has ${observed.unknownVersions.join(', ')}.`);
  }
  return undefined;
}

/**
 * The machine has become another (an upgrade, one more role) than `current` was rendered for, and `next` serves it: then
 * `next` is laid out, and the services stay as they are until the host is switched.
 */
function isOutdated({ current, next }: SeenHost): boolean {
  const isServed = next !== undefined && next.name !== current?.name && !isRefusal(next.desired);
  return (
    isServed && current !== undefined && isRefusal(current.desired) && current.desired.refused === 'WaitingForRevision'
  );
}

function desiredOf(draft: Draft, revision: SeenHost['current']): DesiredHost | undefined {
  if (revision === undefined) return undefined;
  if (!isRefusal(revision.desired)) return revision.desired;
  const { refused, message } = revision.desired;
  draft.holds.push(refused === 'WaitingForRevision' ? passing(refused, message) : stalled(refused, message));
  return undefined;
}

function isQuiet(draft: Draft): boolean {
  return (
    draft.holds.length === 0 &&
    draft.layOut.length === 0 &&
    draft.switchOver.length === 0 &&
    draft.debts.size === 0 &&
    Object.keys(draft.manifest.debts).length === 0
  );
}

/**
 * In this order: the manifest says first what is about to change and which units then owe a restart, so that a crash in
 * between costs one restart too many and never one too few; after the changes it is given the moment of them.
 */
function transaction(draft: Draft, observed: SeenHost, restartSteps: readonly PlannedStep[]): readonly PlannedStep[] {
  const { facts } = observed;
  const found = facts.manifest;
  const changes = [...draft.layOut, ...draft.switchOver];
  const owed = (since: RestartDebt['since'], owner = draft.manifest.owner): Manifest => {
    const added = [...draft.debts].map(([unit, digest]): [string, RestartDebt] => [
      unit,
      { digest, since, before: before(facts.units[unit]) },
    ]);
    return { ...draft.manifest, owner, debts: { ...draft.manifest.debts, ...Object.fromEntries(added) } };
  };
  const expected: ExpectedContent = found.state === 'present' ? found.sha256 : 'absent';
  const changed = expected !== manifestHash(owed('Pending'));
  // One that says nothing of the host yet is not written for that alone.
  const owner = changed ? observed.owner : draft.manifest.owner;
  const pending = owed('Pending', owner);
  const steps: PlannedStep[] = [];
  if (changed) {
    const telling = draft.manifestLost ? { about: recordAgain } : { incidental: true };
    steps.push({ verb: 'write-manifest', manifest: pending, expected, ...telling });
  }
  steps.push(...changes);
  if (draft.debts.size > 0) {
    steps.push({
      verb: 'write-manifest',
      manifest: owed('Now', owner),
      expected: manifestHash(pending),
      incidental: true,
    });
  }
  return [...steps, ...restartSteps, ...draft.giveBack];
}

function before(unit: UnitFacts | undefined): RestartDebt['before'] {
  return { invocation: unit?.invocation ?? '', failing: unit?.active === 'failed' || unit?.sub === 'auto-restart' };
}

/** The one that only a person can mend is shown first. */
function firstHold(holds: readonly Hold[]): { hold: Hold } | Record<string, never> {
  const hold = holds.find((one) => one.stalled) ?? holds[0];
  return hold === undefined ? {} : { hold };
}
