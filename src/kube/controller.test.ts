import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RbdPool } from '../api/rbd-pool.ts';
import type { Condition, Resource } from '../api/resource.ts';
import { createLogger } from '../log.ts';
import { series } from '../metrics.fixture.ts';
import { driftFound, driftRepaired, steps } from '../metrics.ts';
import { createStore } from './cache.ts';
import type { Client } from './client.ts';
import { createController } from './controller.ts';
import type { Happening, Recorder } from './events.ts';
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
  options: {
    readonly repair?: (step: SetStep) => Repair;
    readonly orderedStages?: boolean;
    readonly annotations?: Readonly<Record<string, string>>;
    /** What becomes of a step. */
    readonly set?: (step: SetStep, now: Map<string, string>, wanted: Map<string, string>) => void;
  } = {},
) {
  const now = new Map<string, string>();
  const notes: string[] = [];
  const reasons: string[] = [];
  const wanted = new Map(settings.map((setting) => [setting, 'ours']));
  const refusing = new Set<string>();
  const lines: string[] = [];
  const { repair, orderedStages = false, annotations = {} } = options;
  const { set = (step: SetStep) => now.set(step.setting, step.to) } = options;
  const registered = register<RbdPool, undefined, undefined, SetStep>({
    kind: poolKind,
    parse: (raw) => raw as RbdPool,
    lookEveryMs: 600_000,
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
          if (refusing.has(step.setting)) throw new Error(`Cannot set ${step.setting}.`);
          set(step, now, wanted);
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
  const metadata = { namespace: 'ns', name: 'x', uid: 'u', generation: 1, annotations, ...times };
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
    recorder: {
      record: (_: unknown, { note, reason }: Happening) => void [notes.push(note), reasons.push(reason)],
    } as unknown as Recorder,
    log: createLogger({ level: 'error', format: 'json' }, { write: (line) => void lines.push(line) }),
    failures: () => 0,
  });
  const look = () => reconcile('ns/x', new AbortController().signal);
  await look();
  return {
    now,
    notes,
    reasons,
    wanted,
    lines,
    refusing,
    look,
    /** Somebody changes these by hand, and the loop looks. */
    async drift(...changed: readonly string[]): Promise<void> {
      for (const setting of changed) now.set(setting, 'theirs');
      await look();
    },
    /** Somebody writes over the status, and the loop looks. */
    overwritten() {
      const resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
      store.put({
        ...object,
        metadata: { ...object.metadata, resourceVersion },
        status: { observedGeneration: 1 },
      } as Resource);
      return look();
    },
    ready: (): Condition | undefined => object.status?.conditions?.find(({ type }) => type === 'Ready'),
  };
}

test('the loop says of steps whether they are done', async () => {
  const { notes } = await startLoop(['size']);
  assert.deepEqual(notes, ['Done: Set size.']);
});

test('the loop goes on in one pass as long as it gets somewhere', async () => {
  const stairs = await startLoop(['step'], {
    set: ({ setting, to }, now, wanted) => {
      now.set(setting, to);
      if (Number(to) !== 20) wanted.set(setting, String(Number(to === 'ours' ? 0 : to) + 1));
    },
  });
  assert.deepEqual([stairs.now.get('step'), stairs.ready()?.reason], ['20', 'Converged']);
});

for (const [what, set, rounds] of [
  ['changes nothing', () => undefined, 9],
  [
    'comes back to where it was',
    ({ setting, to }: SetStep, _: unknown, wanted: Map<string, string>) => wanted.set(setting, to === 'a' ? 'b' : 'a'),
    11,
  ],
  [
    'has no end',
    ({ setting, to }: SetStep, _: unknown, wanted: Map<string, string>) => wanted.set(setting, `${to}.`),
    64,
  ],
] as const) {
  test(`the loop gives up on what ${what}, and says what is left`, async () => {
    const { ready } = await startLoop(['step'], { set });
    assert.equal(ready()?.reason, 'Failed');
    assert.equal(ready()?.message, `Not settled after ${rounds} rounds; still to do: Set step.`);
  });
}

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

test('the loop answers who keeps writing over a status within a minute, whenever it would look next', async () => {
  const { overwritten } = await startLoop(['size']);
  const paces = [];
  for (const _ of [1, 2, 3, 4]) paces.push(await overwritten());
  const withinAMinute = paces.map((next) => typeof next === 'object' && next.afterMs <= 60_000);
  assert.deepEqual(withinAMinute, [false, false, false, true]);
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

test('the loop counts steps by result, and drift by whether it was put right at once', async () => {
  for (const counter of [steps, driftFound, driftRepaired]) counter.reset();
  const { drift, look, refusing } = await startLoop(['a', 'b'], { orderedStages: true });
  assert.deepEqual(await series(steps), { 'RbdPool done': 2 });
  await look();
  assert.deepEqual(await series(driftFound), {});
  await drift('a', 'b');
  refusing.add('a');
  await drift('a', 'b');
  assert.deepEqual(await series(steps), { 'RbdPool done': 4, 'RbdPool failed': 1 });
  assert.deepEqual([await series(driftFound), await series(driftRepaired)], [{ RbdPool: 2 }, { RbdPool: 1 }]);
});

test('the loop tells what had drifted as repaired, and counts it once, also when that fails at first', async () => {
  driftRepaired.reset();
  const { drift, look, refusing, reasons } = await startLoop(['a', 'b']);
  refusing.add('a');
  await drift('a');
  refusing.clear();
  await look();
  refusing.add('b');
  await drift('a', 'b');
  refusing.clear();
  await look();
  assert.deepEqual(reasons, ['Applied', 'Failed', 'DriftRepaired', 'DriftRepaired', 'Failed', 'DriftRepaired']);
  assert.deepEqual(await series(driftRepaired), { RbdPool: 2 });
});

test('the loop says nothing, in events or log, when there is nothing to do', async () => {
  const annotations = { 'cephopenstack.io/log-level': 'info' };
  const { lines, look, notes } = await startLoop(['a'], { annotations });
  const before = [lines.length, notes.length];
  for (const _ of [1, 2, 3]) await look();
  assert.deepEqual([lines.length, notes.length], before);
});

test('the loop logs one line for each step and each change of readiness, with where it is', async () => {
  const { lines } = await startLoop(['a', 'b'], { annotations: { 'cephopenstack.io/log-level': 'info' } });
  const told = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    told.map(({ verb, ready, msg }) => [verb, ready, msg]),
    [
      [undefined, false, 'Looking at what generation 1 needs.'],
      ['set', undefined, 'Set a.'],
      ['set', undefined, 'Set b.'],
      [undefined, true, 'All is as it should be.'],
    ],
  );
  for (const line of told) {
    assert.deepEqual([line.kind, line.namespace, line.name, line.generation], ['RbdPool', 'ns', 'x', 1]);
  }
});

for (const [level, words] of [
  ['debug', true],
  ['info', false],
  ['loud', false],
] as const) {
  test(`the loop ${words ? 'tells' : 'does not tell'} its looks at an object whose log level is "${level}"`, async () => {
    const { lines } = await startLoop(['a'], { annotations: { 'cephopenstack.io/log-level': level } });
    assert.equal(
      lines.some((line) => line.includes('Looked.')),
      words,
    );
  });
}
