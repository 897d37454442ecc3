import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { noteOf, type TrialNote } from '../trial-note.ts';
import { hostState } from './host-state.ts';
import type { HostView } from './host-view.ts';
import type { OpenStackView } from './openstack-view.ts';
import type { Verdict } from './trial.ts';
import type { WaveHost } from './waves.ts';

/* A host whose services change is on trial until OpenStack was seen to have them up; when it is not, it goes back. */

/** What is noted of a host, and what OpenStack says of it; nothing where OpenStack is not asked. */
export function trialOf(
  object: CephOpenStackHost,
  openStack: OpenStackView | undefined,
): Pick<HostView, 'trial' | 'wentBack'> {
  if (openStack === undefined) return {};
  const { from, wentBack } = noteOf(object);
  const verdict = failedStart(object) ?? openStack.verdicts.get(object.spec.hostName) ?? undecided;
  return {
    ...(from === undefined ? {} : { trial: { from, verdict } }),
    ...(wentBack === undefined ? {} : { wentBack }),
  };
}

/** Its own part of the switch is not done. */
const undecided: Verdict = { kind: 'coming', lacking: 'its services' };

/** What does not even stay up on the host need not be waited for. */
function failedStart(object: CephOpenStackHost): Verdict | undefined {
  const { failing, reason } = hostState(object);
  if (!failing || reason !== 'RestartFailed') return undefined;
  return { kind: 'down', lacking: 'its services' };
}

export function seenOf(
  { trial, wentBack }: Pick<HostView, 'trial' | 'wentBack'>,
  isToldTarget: boolean,
  isKnown: Switch['isKnown'],
): WaveHost['seen'] {
  if (!isToldTarget) return wentBack === undefined ? 'up' : 'back';
  return goesBack(trial, isKnown) ? 'leaving' : (trial?.verdict.kind ?? 'up');
}

/** Its services did not come up, and it has what to go back to. */
function goesBack(trial: HostView['trial'], isKnown: Switch['isKnown']): boolean {
  return trial?.verdict.kind === 'down' && trial.from !== '' && isKnown(trial.from);
}

/** Whether OpenStack is asked what became of a switch; `paused` in mode Plan, where all stays as it is noted. */
export type Verification = 'on' | 'off' | 'paused';

export interface Switch {
  /** What the host is told so far, and what the waves would have it told. */
  readonly before: string | undefined;
  readonly current: string | undefined;
  readonly verification: Verification;
  /** Whether what its services are told changes from the one to the other. */
  readonly changes: boolean;
  isKnown(revision: string): boolean;
}

/** What the host is told in the end, and what is noted of it in the same breath, so that nobody can die in between. */
export function planTrial(
  { trial, wentBack, object }: Pick<HostView, 'trial' | 'wentBack' | 'object'>,
  { before, current, verification, changes, isKnown }: Switch,
): { readonly current: string | undefined; readonly note: TrialNote } {
  if (verification === 'off') return { current, note: {} };
  if (verification === 'paused') return { current, note: noteOf(object) };
  const stays = trial === undefined ? {} : { from: trial.from };
  if (current !== before) {
    if (!changes) return { current, note: stays };
    // One that was on trial proved nothing: what it had before that is still the last that worked.
    const from = trial?.from ?? before ?? '';
    return { current, note: { from: from === current ? '' : from } };
  }
  if (trial?.verdict.kind === 'up') return { current, note: {} };
  if (trial?.verdict.kind === 'down' && before !== undefined && goesBack(trial, isKnown)) {
    return { current: trial.from, note: { wentBack: { revision: before, lacking: trial.verdict.lacking } } };
  }
  return { current, note: { ...stays, ...(wentBack === undefined ? {} : { wentBack }) } };
}
