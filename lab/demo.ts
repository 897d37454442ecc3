import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition } from '../src/api/resource.ts';
import { errorMessage } from '../src/errors.ts';
import { cacheFolder } from './cache.ts';
import { deeds, repairOf, repairs } from './demo-deeds.ts';
import { startNode } from './node.ts';
import { operatorImage } from './operator-image.ts';
import { installOperator } from './operator-release.ts';
import { requireLabMachine } from './preflight.ts';
import { quickstart } from './quickstart.ts';
import { operatorName, quickstartHosts, startWorld, type World } from './world.ts';

/*
 * The operator is installed by helm on a node; one binding wires a bare Ceph to two bare OpenStack hosts, is shown to have
 * done so, and repairs what is then broken by hand. KEEP=1 keeps the world up afterwards.
 */

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const say = (text: string) => console.log(text);
const title = (text: string) => console.log(`\n${bold(text)}`);
const looks = 'look.cephSeconds=5,look.hostSeconds=10';
const kinds = 'cephopenstackbindings,rbdpools,cephclientauths,cephopenstackhosts';

interface Shown {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

async function main(): Promise<void> {
  await requireLabMachine();
  const image = await operatorImage();
  await using world = await startWorld({ hosts: quickstartHosts, forPods: true });
  await using _node = await startNode({ kube: world.kube, network: world.network, images: [image.archive] });
  try {
    title(`helm install ceph-openstack-operator charts/ceph-openstack-operator --set … --set ${looks}`);
    say('  (Ceph is looked at every 5 s here, and a host every 10 s. The defaults are every minute, and every ten.)');
    await installOperator(world, image, { values: [looks] });
    say(indent(await operatorKubectl(world, 'get', 'pods')));
    await show(world);
  } catch (error) {
    // The world and the log in it are about to go.
    const log = join(cacheFolder('logs'), 'demo.log');
    await writeFile(log, await operatorKubectl(world, 'logs', `deployment/${operatorName}`).catch(errorMessage));
    throw new Error(`${errorMessage(error)}\nThe operator's log: ${log}`, { cause: error });
  }
  if (process.env.KEEP === '1') await keep(world);
  say('\nTaking it down.');
}

function operatorKubectl(world: World, ...args: readonly string[]): Promise<string> {
  return world.kube.kubectl(['--namespace', operatorName, ...args]);
}

async function show(world: World): Promise<void> {
  title('Before: a bare Ceph, and two hosts that have never heard of it');
  say(indent((await world.ceph.ceph(['osd', 'pool', 'ls'])).trim() || '(no pools)'));
  for (const host of world.hosts.values())
    say(`  ${host.name}: ${(await host.run('ls /etc/ceph 2>&1 || true')).trim()}`);

  title('kubectl apply -f deploy/examples/quickstart.yaml');
  say(
    '  (Its Secrets ceph-main and fleet-ssh are there already; the addresses of its hosts are made those of the lab.)',
  );
  const begin = performance.now();
  await world.apply(await quickstart(world));
  await watchUntilReady(world);
  say(bold(`\nReady after ${seconds(performance.now() - begin)}, packages included.`));

  await showEvidence(world);
  await breakAndWatch(world);
}

/**
 * Prints each object's readiness whenever it changes, until all are Ready; with `onlyNews` what is not. What is Stalled
 * never will be by itself.
 */
async function watchUntilReady(world: World, onlyNews = false, timeoutMs = 600_000): Promise<void> {
  const shown = new Map<string, string>();
  const until = performance.now() + timeoutMs;
  for (;;) {
    const objects: Shown[] = JSON.parse(await world.kubectl(['get', kinds, '-o', 'json'])).items;
    for (const object of objects) {
      const name = `${object.kind}/${object.metadata.name}`;
      const ready = conditionOf(object, 'Ready');
      const line =
        ready === undefined ? '' : `${ready.status === 'True' ? '✓' : '·'} ${name.padEnd(44)} ${ready.message}`;
      if (line !== '' && shown.get(name) !== line && !(onlyNews && isReady(object))) say(`  ${line}`);
      shown.set(name, line);
    }
    if (objects.some(({ kind }) => kind === 'CephOpenStackHost') && objects.every(isReady)) return;
    const stuck = objects.find((object) => conditionOf(object, 'Stalled')?.status === 'True');
    if (stuck !== undefined) {
      const { reason, message } = conditionOf(stuck, 'Stalled') ?? {};
      throw new Error(`${stuck.kind}/${stuck.metadata.name} is Stalled (${reason}): ${message}`);
    }
    if (performance.now() > until) throw new Error('Not Ready in time; see the last lines above.');
    await sleep(500);
  }
}

function conditionOf({ metadata, status }: Shown, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type && one.observedGeneration === metadata.generation);
}

function isReady(object: Shown): boolean {
  return conditionOf(object, 'Ready')?.status === 'True';
}

async function showEvidence(world: World): Promise<void> {
  const { ceph } = world;
  title('kubectl get cephopenstack');
  say(indent(await world.kubectl(['get', 'cephopenstack'])));
  title('Ceph: pools and users');
  const pools = await ceph.ceph(['osd', 'pool', 'ls', 'detail']);
  say(indent(pools));
  if (/\bpg_num 1 /.test(pools)) say("  (One placement group each: the autoscaler does not run in the lab's manager.)");
  for (const user of ['glance', 'cinder', 'cinder-backup']) {
    say(indent(mask(await ceph.ceph(['auth', 'get', `client.${user}`]))));
  }
  for (const host of world.hosts.values()) {
    title(`Host ${host.name}`);
    say(indent(await host.run('stat -c "%A %U:%G %n" /etc/ceph/*; cat /etc/ceph/ceph.conf')));
    const options = 'grep -HE "rbd|ceph" /etc/glance/glance-api.conf /etc/cinder/cinder.conf /etc/nova/nova.conf';
    say(indent(await host.run(`${options} 2>/dev/null | grep -v ":#" || true`)));
    const secrets = 'for uuid in $(virsh -q secret-list | cut -d" " -f2); do virsh secret-dumpxml "$uuid"; done';
    say(indent(await host.run(`command -v virsh >/dev/null && ${secrets} || true`)));
    const proof = '{.status.conditions[?(@.type=="AccessVerified")].message}';
    say(`  AccessVerified: ${await world.kubectl(['get', 'coh', `cloud-${host.name}`, '-o', `jsonpath=${proof}`])}`);
  }
}

async function breakAndWatch(world: World): Promise<void> {
  title('Now three things are broken by hand');
  for (const deed of deeds) {
    say(`  ${deed.what}`);
    say(`    ✓ repaired after ${seconds(await repairOf(deed, world))}`);
    await watchUntilReady(world, true);
  }
  title('kubectl get events: what was done about it');
  for (const line of await repairs(world)) say(`  ${line}`);
}

async function keep(world: World): Promise<void> {
  title('KEEP=1: the world stays until Ctrl-C. Try:');
  say(`  export KUBECONFIG=${world.kube.kubeconfig} PATH=${world.kube.commands}:${world.ceph.commands}:$PATH`);
  say(`  kubectl -n ${world.namespace} get cephopenstack`);
  say(`  kubectl -n ${world.namespace} describe cob cloud`);
  say('  ceph osd pool set images target_size_ratio 0.5; watch ceph osd pool get images target_size_ratio');
  say(`  kubectl -n ${operatorName} logs -f deployment/${operatorName}`);
  const asked = Promise.withResolvers<void>();
  process.once('SIGINT', asked.resolve).once('SIGTERM', asked.resolve);
  const alive = setInterval(() => {}, 60_000);
  await asked.promise;
  clearInterval(alive);
}

function sayGoodbye(): void {
  title('Done: all of it is taken down. What next?');
  say('  KEEP=1 make demo              leaves it up to play with');
  say('  README.md, Install            the way to a cluster of yours');
  say('  docs/concepts.md              what the words mean');
  say('  docs/operations.md            tasks, and what every condition means');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function mask(text: string): string {
  return text.replaceAll(/(key = ).*/g, '$1***');
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}

try {
  await main();
  sayGoodbye();
} catch (error) {
  console.error(`\n${errorMessage(error)}`);
  process.exitCode = 1;
}
