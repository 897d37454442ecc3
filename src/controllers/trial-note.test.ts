import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotationsFor, noteIn, surplusNotes, type TrialNote } from './trial-note.ts';

const onTrial = 'cephopenstack.io/on-trial-from';
const wentBack = 'cephopenstack.io/went-back-from';

for (const note of [
  {},
  { from: 'old' },
  { from: '' },
  { wentBack: { revision: 'new', lacking: 'nova-compute as cmp1, Glance' } },
  { wentBack: { revision: 'new', lacking: '' } },
] satisfies TrialNote[]) {
  test(`noteIn() reads ${JSON.stringify(note)} as it was written`, () => {
    assert.deepEqual(noteIn(annotationsFor(note)), note);
  });
}

test('noteIn() takes no host for on trial that went back, whoever keeps that note there', () => {
  const kept = { [onTrial]: 'old', [wentBack]: 'new Glance' };
  assert.deepEqual(noteIn(kept), { wentBack: { revision: 'new', lacking: 'Glance' } });
});

test('surplusNotes() names what is to be taken away, and nothing of others', () => {
  const found = { [onTrial]: 'old', [wentBack]: 'new', 'somebody.else/note': 'x' };
  assert.deepEqual(surplusNotes({}, found), [onTrial, wentBack]);
  assert.deepEqual(surplusNotes({ [onTrial]: 'older' }, found), [wentBack]);
  assert.deepEqual(surplusNotes({ [onTrial]: 'older' }, {}), []);
});
