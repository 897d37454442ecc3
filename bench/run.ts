import { cpus, totalmem } from 'node:os';
import { requireLabMachine } from '../lab/preflight.ts';
import { quickstartHosts, startWorld } from '../lab/world.ts';
import type { Figure } from './figures.ts';
import { benchHost } from './host.ts';
import { benchMany } from './many.ts';
import { benchPod } from './pod.ts';
import { benchQuickstart } from './quickstart.ts';
import { benchVerifiedRollout } from './verified-rollout.ts';

/* Prints figures; none of them fails a run, since machines differ. */

function print(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  for (const { what, value, goal } of figures) {
    console.log(`  ${what.padEnd(72)} ${value.padStart(10)}${goal === undefined ? '' : `   (goal: ${goal})`}`);
  }
}

await requireLabMachine();
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Node ${process.version}`,
);
print('A rollout over 500 computes, simulated', benchVerifiedRollout());
{
  await using world = await startWorld({ hosts: quickstartHosts });
  const operator = await world.startOperator({ LOG_LEVEL: 'info' });
  print('The quickstart: two hosts, packages already there', await benchQuickstart(world));
  await operator.stop();
  print('One host', await benchHost(world));
}
{
  await using world = await startWorld();
  print('Many objects on one cluster', await benchMany(world));
}
{
  await using world = await startWorld({ forPods: true });
  print('A Pod of the image on a node', await benchPod(world));
}
