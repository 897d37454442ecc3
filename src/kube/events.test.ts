import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Client } from './client.ts';
import { createRecorder, type Happening, microTime } from './events.ts';
import type { KubeObject } from './kinds.ts';
import { KubeError } from './kube-error.ts';

const object: KubeObject = {
  apiVersion: 'cephopenstack.io/v1alpha1',
  kind: 'RbdPool',
  metadata: { name: 'images', namespace: 'openstack', uid: 'u1', resourceVersion: '1', creationTimestamp: '' },
};
const applied = (note: string): Happening => ({ type: 'Normal', reason: 'Applied', action: 'Apply', note });

/** A recorder over a server that keeps events, and a clock that is set by hand. */
function recording() {
  const events = new Map<string, Record<string, unknown>>();
  const clock = { ms: Date.parse('2026-01-01T00:00:00Z') };
  const client = {
    async create(_: unknown, event: { metadata: { name: string } }) {
      events.set(event.metadata.name, { ...event });
      return event;
    },
    async mergePatch(_: unknown, { name }: { name: string }, patch: object) {
      const before = events.get(name);
      if (before === undefined) throw new KubeError('gone', { code: 404, reason: 'NotFound' });
      events.set(name, { ...before, ...patch });
    },
  } as unknown as Client;
  const reporter = { controller: 'example.com/c', instance: 'pod-0' };
  const recorder = createRecorder(client, reporter, pino({ level: 'silent' }), () => clock.ms);
  const notes = () => [...events.values()].map(({ note }) => note);
  return { recorder, events, clock, notes };
}

test('record() makes an event of events.k8s.io/v1', async () => {
  const { recorder, events } = recording();
  recorder.record(object, applied('Create pool "images".'));
  await recorder.flush();
  const [event] = events.values();
  assert.deepEqual(
    { ...event, metadata: undefined },
    {
      metadata: undefined,
      type: 'Normal',
      reason: 'Applied',
      action: 'Apply',
      note: 'Create pool "images".',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'pod-0',
      regarding: {
        apiVersion: 'cephopenstack.io/v1alpha1',
        kind: 'RbdPool',
        namespace: 'openstack',
        name: 'images',
        uid: 'u1',
      },
    },
  );
});

test('record() counts what is repeated within six minutes, and tells it anew later or when it was swept away', async () => {
  const { recorder, events, clock } = recording();
  for (let time = 0; time < 3; time++) recorder.record(object, applied('A.'));
  await recorder.flush();
  const [event] = events.values();
  assert.deepEqual(event?.series, { count: 3, lastObservedTime: '2026-01-01T00:00:00.000000Z' });
  clock.ms += 361_000;
  recorder.record(object, applied('A.'));
  await recorder.flush();
  assert.equal(events.size, 2);
  events.clear();
  recorder.record(object, applied('A.'));
  await recorder.flush();
  assert.equal(events.size, 1);
});

test('record() makes one of more than ten alike within ten minutes', async () => {
  const { recorder, notes } = recording();
  for (let index = 1; index <= 14; index++) recorder.record(object, applied(`Note ${index}.`));
  await recorder.flush();
  assert.equal(notes().length, 11);
  assert.equal(notes().at(-1), '(combined from similar events) Note 11.');
});

test('record() lets an object tell 25 at once and then one in five minutes, without holding up others', async () => {
  const { recorder, events, clock } = recording();
  const reasons = ['Applied', 'DriftRepaired', 'Failed', 'Abandoned'] as const;
  for (let index = 0; index < 40; index++) {
    const reason = reasons[index % 4] ?? 'Applied';
    recorder.record(object, { type: 'Normal', reason, action: 'Apply', note: `Note ${index}.` });
  }
  await recorder.flush();
  assert.equal(events.size, 25);
  recorder.record({ ...object, metadata: { ...object.metadata, uid: 'u2' } }, applied('Other.'));
  clock.ms += 300_000;
  recorder.record(object, applied('Later.'));
  recorder.record(object, applied('Too much.'));
  await recorder.flush();
  assert.equal(events.size, 27);
});

test('record() cuts a long note and never throws', async () => {
  const { recorder, notes } = recording();
  recorder.record(object, applied('x'.repeat(3_000)));
  // A character of three bytes that the limit would split, wherever it falls.
  for (const before of ['', 'a', 'ab']) recorder.record(object, applied(`${before}${'€'.repeat(1_000)}`));
  recorder.record(object, applied('x'.repeat(1_024)));
  await recorder.flush();
  const [ascii, ...cut] = notes().map(String);
  assert.equal(ascii, `${'x'.repeat(1_021)}…`);
  assert.deepEqual(
    cut.map((note) => [note.slice(-3), Buffer.byteLength(note)]),
    [
      ['€€…', 1_023],
      ['€€…', 1_024],
      ['€€…', 1_022],
      ['xxx', 1_024],
    ],
  );
  const refusing = { create: () => Promise.reject(new Error('no')) } as unknown as Client;
  const other = createRecorder(refusing, { controller: 'c', instance: 'i' }, pino({ level: 'silent' }));
  other.record(object, applied('A.'));
  await other.flush();
});

test('microTime() has six digits', () => {
  assert.equal(microTime(new Date(5)), '1970-01-01T00:00:00.005000Z');
});
