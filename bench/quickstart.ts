import { setTimeout as sleep } from 'node:timers/promises';
import { quickstart } from '../lab/quickstart.ts';
import type { World } from '../lab/world.ts';
import type { Condition } from '../src/api/resource.ts';
import { type Figure, seconds } from './figures.ts';

interface Seen {
  readonly kind: string;
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly revision?: { readonly current?: string } };
  readonly status?: {
    readonly distributed?: string;
    readonly switched?: string;
    readonly conditions?: readonly Condition[];
  };
}

const kinds = 'cephopenstackbindings,rbdpools,cephclientauths,cephopenstackhosts';

/** Apply → Ready, packages already present, with when each part was done. */
export async function benchQuickstart(world: World): Promise<readonly Figure[]> {
  for (const host of world.hosts.values()) {
    await host.run(
      'apt-get -qq update && apt-get -qq install -y --no-install-recommends ceph-common python3-rbd python3-rados',
      { timeoutMs: 300_000 },
    );
  }
  const milestones = new Map<string, number>();
  const begin = performance.now();
  const reached = (name: string) => {
    if (!milestones.has(name)) milestones.set(name, performance.now() - begin);
  };
  await world.apply(await quickstart(world));
  for (;;) {
    const objects: Seen[] = JSON.parse(await world.kubectl(['get', kinds, '-o', 'json'])).items;
    const of = (kind: string) => objects.filter((object) => object.kind === kind);
    const hosts = of('CephOpenStackHost');
    if (allReady(of('RbdPool'))) reached('pools ready');
    if (allReady(of('CephClientAuth'))) reached('users and Secrets ready');
    if (hosts.length > 0 && hosts.every(({ status }) => status?.distributed !== undefined))
      reached('laid out on hosts');
    if (hosts.some(({ status }) => status?.switched !== undefined)) reached('canary switched');
    if (hosts.length > 0 && hosts.every(({ status }) => status?.switched !== undefined)) reached('all switched');
    if (allReady(of('CephOpenStackBinding')) && milestones.has('all switched')) break;
    if (performance.now() - begin > 180_000) throw new Error('The quickstart was not Ready within three minutes.');
    await sleep(100);
  }
  reached('Ready');
  return [...milestones].map(([what, ms]) => ({
    what: `quickstart: ${what} after`,
    value: seconds(ms),
    ...(what === 'Ready' ? { goal: 'at most 15 s' } : {}),
  }));
}

function allReady(objects: readonly Seen[]): boolean {
  return (
    objects.length > 0 &&
    objects.every(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
    })
  );
}
