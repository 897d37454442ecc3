import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNode } from '../lab/node.ts';
import { operatorImage } from '../lab/operator-image.ts';
import { installOperator } from '../lab/operator-release.ts';
import { run } from '../lab/process.ts';
import { operatorName, type World } from '../lab/world.ts';
import { type Figure, median, seconds } from './figures.ts';

const warmStarts = 5;

/** The image in a Pod of a node. The world must have been started for Pods. */
export async function benchPod(world: World): Promise<readonly Figure[]> {
  const image = await operatorImage();
  const { archive } = image;
  await using _node = await startNode({ kube: world.kube, network: world.network, images: [archive] });
  await installOperator(world, image, { values: ['replicas=0'] });
  const kubectl = (...args: string[]) => world.kube.kubectl(['--namespace', operatorName, ...args]);

  /** From the order for a Pod to the first status that it writes, of an object that waited for it. */
  const start = async (maxObjects: number): Promise<number> => {
    await world.apply(planned(maxObjects));
    const begin = performance.now();
    await kubectl('scale', `deployment/${operatorName}`, '--replicas=1');
    for (;;) {
      const { metadata, status } = await world.get('rbdpool', 'volumes');
      if (status?.observedGeneration === metadata.generation) return performance.now() - begin;
      if (performance.now() - begin > 60_000) throw new Error('The Pod said nothing within a minute.');
      await sleep(50);
    }
  };
  const cold = await start(1);
  const warm: number[] = [];
  for (let round = 0; round < warmStarts; round++) {
    await kubectl('scale', `deployment/${operatorName}`, '--replicas=0');
    await kubectl('wait', '--for=delete', 'pod', '--all', '--timeout=60s');
    warm.push(await start(2 + round));
  }
  const statuses = await kubectl('exec', `deployment/${operatorName}`, '--', 'sh', '-c', 'cat /proc/[0-9]*/status');
  const memory = [...statuses.matchAll(/^Name:\t(\S+)[\s\S]*?^VmRSS:\s+(\d+) kB/gm)]
    .filter(([, name]) => !['sh', 'cat'].includes(name ?? ''))
    .map(([, , size]) => `${(Number(size) / 1024).toFixed(0)} MiB`);
  const compressed = await run('sh', ['-c', 'gzip -c "$0" | wc -c', archive]);
  return [
    { what: 'image, unpacked', value: `${(statSync(archive).size / 1024 ** 2).toFixed(0)} MiB` },
    { what: 'image, as it is pulled', value: `${(Number(compressed) / 1024 ** 2).toFixed(0)} MiB` },
    { what: 'from the order for a Pod to its first look at a pool, on a fresh node', value: seconds(cold) },
    { what: `… median of ${warmStarts} further ones`, value: seconds(median(warm)) },
    { what: 'memory of the Pod: operator, broker', value: memory.join(', ') },
  ];
}

/** It waits to be looked at anew, and Ceph is not changed. */
function planned(maxObjects: number): object {
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'RbdPool',
    metadata: { name: 'volumes' },
    spec: { cluster: { secretName: 'ceph-main' }, mode: 'Plan', quota: { maxObjects } },
  };
}
