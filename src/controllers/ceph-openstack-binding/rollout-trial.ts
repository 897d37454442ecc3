import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { hostState } from './host-state.ts';
import type { OpenStackView } from './openstack-view.ts';
import type { HostView } from './rollout.ts';
import type { Verdict } from './trial.ts';
import { noteOf, type TrialNote } from './trial-note.ts';
import type { WaveHost } from './waves.ts';

/* A host whose services change is on trial until OpenStack was seen to have them up; when it is not, it goes back. */

/** What is noted of a host, and what OpenStack says of it; nothing where OpenStack is not asked. */
export function trialOf(
  object: CephOpenStackHost,
  openStack: OpenStackView | undefined,
): Pick<HostView, 'trial' | 'wentBack'> {
  if (openStack === undefined) return {};
  const { from, wentBack } = noteOf(object);
  const verdict = failedStart(object) ?? openStack.verdicts.get(object.spec.hostName) ?? notSeen;
  return {
    ...(from === undefined ? {} : { trial: { from, verdict } }),
    ...(wentBack === undefined ? {} : { wentBack }),
  };
}

const notSeen: Verdict = { kind: 'coming', lacking: 'its services' };

/** What does not even stay up on the host need not be waited for. */
function failedStart(object: CephOpenStackHost): Verdict | undefined {
  const { failing, reason } = hostState(object);
  if (!failing || reason !== 'RestartFailed') return undefined;
  return { kind: 'down', lacking: 'its services' };
}

export function seenOf({ trial, wentBack }: HostView, isToldTarget: boolean): WaveHost['seen'] {
  if (!isToldTarget) return wentBack === undefined ? 'up' : 'back';
  return trial?.verdict.kind ?? 'up';
}

interface Told {
  /** What it is told so far, and what the waves would have it told. */
  readonly before: string | undefined;
  readonly current: string | undefined;
  /** Whether OpenStack is asked; undefined: in mode Plan, where all stays as it is. */
  readonly isAsked: boolean | undefined;
  /** Whether what its services are told changes from the one to the other. */
  readonly changes: boolean;
  isKnown(revision: string): boolean;
}

/** What the host is told in the end, and what is noted of it in the same breath, so that nobody can die in between. */
export function onTrial(
  view: HostView,
  { before, current, isAsked, changes, isKnown }: Told,
): { readonly current: string | undefined; readonly note: TrialNote } {
  const { trial, wentBack, object } = view;
  if (isAsked !== true) return { current, note: isAsked === false ? {} : noteOf(object) };
  const stays = trial === undefined ? {} : { from: trial.from };
  if (current !== before) {
    if (!changes) return { current, note: stays };
    // One that was on trial proved nothing: what it had before that is still the last that worked.
    const from = trial?.from ?? before ?? '';
    return { current, note: { from: from === current ? '' : from } };
  }
  if (trial?.verdict.kind === 'up') return { current, note: {} };
  if (trial?.verdict.kind === 'down' && before !== undefined && trial.from !== '' && isKnown(trial.from)) {
    return { current: trial.from, note: { wentBack: { revision: before, lacking: trial.verdict.lacking } } };
  }
  return { current, note: { ...stays, ...(wentBack === undefined ? {} : { wentBack }) } };
}
