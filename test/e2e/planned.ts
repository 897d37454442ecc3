import assert from 'node:assert/strict';
import type { World } from '../../lab/world.ts';
import { objects, readyOf, type Seen, soon } from './story.ts';

export function planOf({ status }: Seen): readonly string[] {
  return (status?.plan ?? []) as readonly string[];
}

/** Waits until the binding's plan holds all of these, and everything was looked at; gives its lines. */
export async function planned(world: World, ...wanted: readonly RegExp[]): Promise<readonly string[]> {
  return soon(
    world,
    'the plan is whole',
    async () => {
      const [binding = assert.fail('there is no binding')] = await objects(world, 'cephopenstackbindings');
      const plan = planOf(binding);
      const ready = readyOf(binding);
      const missing = wanted.filter((line) => !plan.some((found) => line.test(found)));
      assert.deepEqual(missing, [], `${ready?.message}\n${plan.join('\n')}`);
      assert.equal(ready?.reason, 'ChangesPlanned');
      assert.match(ready.message, /planned, see status\.plan; set mode to Enforce to have them made\.$/);
      return plan;
    },
    { timeoutMs: 120_000 },
  );
}

/** Asserts that on each of these objects, as they were in mode Plan, just that was done which they said. */
export function assertDone(world: World, said: readonly Seen[]): void {
  for (const object of said.filter(({ kind }) => kind !== 'CephOpenStackBinding')) {
    const { kind, metadata } = object;
    const lines = planOf(object).map(withoutKeys).filter(isDeed);
    assert.deepEqual(didOn(world, kind, metadata.name), [...new Set(lines)].sort(), metadata.name);
  }
}

/** Every step that was done on an object, from the operator's log. */
function didOn(world: World, kind: string, name: string): readonly string[] {
  const entries = world.operators
    .flatMap(({ log }) => log)
    .filter((line) => line.includes('"verb":'))
    .map((line): Record<string, string> => JSON.parse(line));
  const own = entries.filter((entry) => entry.kind === kind && entry.name === name);
  return [...new Set(own.map(({ msg = '' }) => msg))].filter(isDeed).sort();
}

function isDeed(line: string): boolean {
  return line !== 'Write down what is ours.';
}

function withoutKeys(line: string): string {
  return line.replace(/ (with|to) the key of [^ ]+, which is not created yet/, '');
}
