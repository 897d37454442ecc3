import assert from 'node:assert/strict';
import type { World } from '../../lab/world.ts';
import { argoHealth } from '../argo-health.ts';
import { argoHealthOf, kstatus } from '../kstatus.ts';
import { kinds, objects, type Seen, soon } from './story.ts';

/** Waits until Argo CD shows all objects so, and Flux the same of each. */
export async function shownAs(world: World, health: string, which = kinds): Promise<void> {
  await soon(world, `Argo CD shows ${which} as ${health}`, async () => {
    const found = await objects(world, which);
    assert.ok(found.length > 0, 'there are none');
    const others = (await Promise.all(found.map(shown))).filter((line) => !line.endsWith(`: ${health}`));
    assert.deepEqual(others, []);
  });
}

async function shown(object: Seen): Promise<string> {
  const { status, message } = await argoHealth(object);
  const inFlux = kstatus(object);
  const line = `${object.kind}/${object.metadata.name} (${inFlux}: ${message}): ${status}`;
  assert.ok((argoHealthOf[inFlux] as readonly string[]).includes(status), line);
  return line;
}
