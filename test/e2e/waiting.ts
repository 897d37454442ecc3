import assert from 'node:assert/strict';
import type { World } from '../../lab/world.ts';
import type { Reason } from '../../src/api/conditions.ts';
import { isReady, type Patience, readyOf, type Seen, soon } from './story.ts';

/** An object, which must be there. */
export async function seen(world: World, kind: string, name: string): Promise<Seen> {
  const object: Seen | undefined = await world.get(kind, name);
  assert.ok(object, `there is no ${kind} "${name}"`);
  return object;
}

/** Waits until an object is Ready for what its spec says. */
export async function ready(world: World, kind: string, name: string, patience?: Patience): Promise<Seen> {
  return soon(
    world,
    `${kind} "${name}" is Ready`,
    async () => {
      const object = await seen(world, kind, name);
      assert.ok(isReady(object), `it says: ${readyOf(object)?.reason}: ${readyOf(object)?.message}`);
      return object;
    },
    patience,
  );
}

/** Waits until an object is not Ready for a reason, with words that match, and gives the sentence. */
export async function heldBack(
  world: World,
  kind: string,
  name: string,
  reason: Reason | readonly Reason[],
  says: RegExp = /./,
  patience?: Patience,
): Promise<string> {
  const reasons: readonly string[] = typeof reason === 'string' ? [reason] : reason;
  return soon(
    world,
    `${kind} "${name}" says ${reasons.join(' or ')}`,
    async () => {
      const ready = readyOf(await seen(world, kind, name));
      assert.equal(ready?.status, 'False');
      assert.ok(reasons.includes(ready.reason), `it says: ${ready.reason}: ${ready.message}`);
      assert.match(ready.message, says);
      return ready.message;
    },
    patience,
  );
}

/** Waits until an object is gone from Kubernetes. */
export async function gone(world: World, kind: string, name: string, patience?: Patience): Promise<void> {
  await soon(
    world,
    `${kind} "${name}" is gone`,
    async () => {
      const object: Seen | undefined = await world.get(kind, name);
      const ready = object === undefined ? undefined : readyOf(object);
      assert.equal(object, undefined, `it says: ${ready?.reason}: ${ready?.message}`);
    },
    patience,
  );
}

/** Deletes without waiting: what has to be undone takes its time. */
export async function remove(
  world: World,
  kind: string,
  name: string,
  cascade: 'background' | 'foreground' | 'orphan' = 'background',
): Promise<void> {
  await world.kubectl(['delete', kind, name, '--wait=false', `--cascade=${cascade}`]);
}

export async function abandon(world: World, kind: string, name: string): Promise<void> {
  await world.kubectl(['annotate', kind, name, 'cephopenstack.io/abandon=true']);
}
