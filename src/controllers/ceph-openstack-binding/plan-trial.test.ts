import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrialNote } from '../trial-note.ts';
import { annotationsFor } from '../trial-note.ts';
import type { HostView } from './host-view.ts';
import { planTrial, type Switch } from './rollout-trial.ts';

const back = { revision: 'bad', lacking: 'Glance' };
const trialOf = (from: string, kind: 'up' | 'coming' | 'down') => ({
  trial: { from, verdict: kind === 'up' ? { kind } : { kind, lacking: 'Glance' } },
});

/** At rest with `old`, its services not concerned; each case says what differs, what it is told and what is noted. */
const table: readonly (readonly [
  string,
  Partial<Pick<HostView, 'trial' | 'wentBack'>>,
  Partial<Switch>,
  string | undefined,
  TrialNote,
])[] = [
  ['nothing changes', {}, {}, 'old', {}],
  ['it was never told anything', {}, { before: undefined, current: undefined }, undefined, {}],
  ['it is switched', {}, { current: 'new' }, 'new', { from: 'old' }],
  ['it is switched, and nothing changes for its services', {}, { current: 'new', changes: false }, 'new', {}],
  ['it is switched for the first time', {}, { before: undefined, current: 'new' }, 'new', { from: '' }],
  ['it is on trial', trialOf('older', 'coming'), {}, 'old', { from: 'older' }],
  ['it has stood its trial', trialOf('older', 'up'), {}, 'old', {}],
  [
    'it has not stood its trial',
    trialOf('older', 'down'),
    {},
    'older',
    { wentBack: { revision: 'old', lacking: 'Glance' } },
  ],
  [
    'it has not stood its trial, and where it was before is no more',
    trialOf('gone', 'down'),
    {},
    'old',
    { from: 'gone' },
  ],
  ['it has not stood its first', trialOf('', 'down'), {}, 'old', { from: '' }],
  ['something else is wanted on trial', trialOf('older', 'coming'), { current: 'new' }, 'new', { from: 'older' }],
  [
    'something else is wanted after a failed trial',
    trialOf('older', 'down'),
    { current: 'new' },
    'new',
    { from: 'older' },
  ],
  ['what it had before is wanted on trial', trialOf('older', 'coming'), { current: 'older' }, 'older', { from: '' }],
  [
    'another revision is wanted on trial that tells its services the same',
    trialOf('older', 'coming'),
    { current: 'new', changes: false },
    'new',
    { from: 'older' },
  ],
  ['it went back', { wentBack: back }, {}, 'old', { wentBack: back }],
  ['it went back, and something else is wanted', { wentBack: back }, { current: 'new' }, 'new', { from: 'old' }],
  ['OpenStack is asked no more on trial', trialOf('older', 'coming'), { verification: 'off' }, 'old', {}],
  ['OpenStack is not asked as it is switched', {}, { current: 'new', verification: 'off' }, 'new', {}],
  ['mode Plan comes after it went back', { wentBack: back }, { verification: 'paused' }, 'old', { wentBack: back }],
];

for (const [what, view, more, told, note] of table) {
  test(`planTrial() tells ${told} and notes ${JSON.stringify(note)}, when ${what}`, () => {
    const { trial, wentBack } = view;
    const annotations = annotationsFor({ ...(trial && { from: trial.from }), ...(wentBack && { wentBack }) });
    // Sound: nothing but its note is read of the object.
    const object = { metadata: { annotations } } as unknown as HostView['object'];
    const found = planTrial(
      { ...view, object },
      {
        ...{ before: 'old', current: 'old', verification: 'on', changes: true },
        isKnown: (name) => name !== 'gone',
        ...more,
      },
    );
    assert.deepEqual(found, { current: told, note });
  });
}
