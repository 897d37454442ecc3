import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import type { Condition, Resource } from '../api/resource.ts';
import { createLogger } from '../log.ts';
import { createStore } from './cache.ts';
import type { Client } from './client.ts';
import { createController } from './controller.ts';
import type { Recorder } from './events.ts';
import { poolKind } from './kinds.ts';
import type { Repair, Step } from './reconciler.ts';
import { register } from './registration.ts';

interface SetStep extends Step {
  readonly setting: string;
  readonly to: string;
}

/** One object of settings, all of which are to be `wanted`; each is a stage of its own, unless they are one transaction. */
async function startLoop(
  settings: readonly string[],
  options: { readonly repair?: (step: SetStep) => Repair; readonly orderedStages?: boolean } = {},
) {
  const now = new Map<string, string>();
  const notes: string[] = [];
  const wanted = new Map(settings.map((setting) => [setting, 'ours']));
  const { repair, orderedStages = false } = options;
  const registered = register<RbdPool, undefined, undefined, SetStep>({
    kind: poolKind,
    parse: (raw) => raw as RbdPool,
    lookEveryMs: 1_000,
    orderedStages,
    reconciler: {
      connect: async () => undefined,
      observe: async () => undefined,
      plan() {
        const steps = [...wanted].filter(([setting, to]) => now.get(setting) !== to);
        const stage = steps.map(([setting, to]) => ({ verb: 'set', setting, to }));
        return { stages: orderedStages ? [stage] : stage.map((step) => [step]) };
      },
      async apply(stage, _, __, done) {
        for (const step of stage) {
          now.set(step.setting, step.to);
          done(step);
        }
      },
      describe: ({ setting }) => `Set ${setting}.`,
      ...(repair === undefined ? {} : { repair }),
      status: () => ({ fields: {}, conditions: [] }),
    },
  });
  const store = createStore();
  const times = { resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const metadata = { namespace: 'ns', name: 'x', uid: 'u', generation: 1, ...times };
  let object = { apiVersion: 'cephopenstack.io/v1alpha1', kind: 'RbdPool', metadata, spec: {} } as unknown as Resource;
  store.put(object);
  const applyStatus = async (_: unknown, { status }: { readonly status: unknown }) => {
    const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    object = { ...object, metadata: { ...object.metadata, resourceVersion }, status } as Resource;
    return object;
  };
  const { reconcile } = createController(registered, {
    client: { applyStatus } as unknown as Client,
    store,
    finalizers: { hold: async () => undefined, release: async () => undefined },
    recorder: { record: (_: unknown, { note }: { note: string }) => void notes.push(note) } as unknown as Recorder,
    log: createLogger({ level: 'error', format: 'json' }, { write: () => undefined }),
    failures: () => 0,
  });
  const look = () => reconcile('ns/x', new AbortController().signal);
  await look();
  return {
    now,
    notes,
    wanted,
    look,
    /** Somebody changes these by hand, and the loop looks. */
    async drift(...changed: readonly string[]): Promise<void> {
      for (const setting of changed) now.set(setting, 'theirs');
      await look();
    },
    ready: (): Condition | undefined => object.status?.conditions?.find(({ type }) => type === 'Ready'),
  };
}

test('the loop says of steps whether they are done', async () => {
  const { notes } = await startLoop(['size']);
  assert.deepEqual(notes, ['Done: Set size.']);
});

test('the loop leaves alone what somebody has changed a fourth time, and says what', async () => {
  const { drift, now, ready } = await startLoop(['size']);
  for (const _ of [1, 2, 3]) {
    await drift('size');
    assert.deepEqual([now.get('size'), ready()?.reason], ['ours', 'Converged']);
  }
  await drift('size');
  assert.deepEqual([now.get('size'), ready()?.reason], ['theirs', 'Contested']);
  assert.match(ready()?.message ?? '', /Set size\./);
});

test('the loop counts what follows from repairs for none', async () => {
  const repair = ({ setting }: SetStep) => ({ uncounted: setting === 'restart' });
  const { drift, now, ready } = await startLoop(['a', 'b', 'c', 'd', 'restart'], { repair });
  for (const setting of ['a', 'b', 'c', 'd']) await drift(setting, 'restart');
  assert.deepEqual([now.get('d'), now.get('restart'), ready()?.reason], ['ours', 'ours', 'Converged']);
});

test('the loop takes something else that is wanted for no quarrel', async () => {
  const { wanted, look, now, ready } = await startLoop(['secret'], { repair: ({ to }) => ({ wants: to }) });
  for (const monitors of ['1', '2', '3', '4', '5']) {
    wanted.set('secret', monitors);
    await look();
  }
  assert.deepEqual([now.get('secret'), ready()?.reason], ['5', 'Converged']);
});

const beside: readonly (readonly [name: string, options: Parameters<typeof startLoop>[1], after: 'ours' | 'theirs'])[] =
  [
    ['goes on with what does not build on it', { repair: () => ({ standsAlone: true }) }, 'ours'],
    ['holds what may build on it', {}, 'theirs'],
    ['holds a whole transaction', { repair: () => ({ standsAlone: true }), orderedStages: true }, 'theirs'],
  ];
for (const [name, options, after] of beside) {
  test(`the loop ${name}, when something is contested`, async () => {
    const { drift, now, ready } = await startLoop(['mode', 'quota'], options);
    for (const _ of [1, 2, 3]) await drift('mode');
    await drift('mode', 'quota');
    assert.deepEqual([now.get('mode'), now.get('quota'), ready()?.reason], ['theirs', after, 'Contested']);
    assert.doesNotMatch(ready()?.message ?? '', /quota/);
  });
}

test('the loop counts repairs also while something else is contested', async () => {
  const { drift, now, ready } = await startLoop(['mode', 'quota'], { repair: () => ({ standsAlone: true }) });
  for (const _ of [1, 2, 3, 4]) await drift('mode');
  for (const _ of [1, 2, 3, 4]) await drift('quota');
  assert.equal(now.get('quota'), 'theirs');
  assert.match(ready()?.message ?? '', /Set mode\. Set quota\./);
});
