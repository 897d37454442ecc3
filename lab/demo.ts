import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition } from '../src/api/resource.ts';
import { requireLabMachine } from './preflight.ts';
import { quickstart } from './quickstart.ts';
import { installation, quickstartHosts, startWorld, type World } from './world.ts';

/*
 * One binding wires a bare Ceph to two bare OpenStack hosts, is shown to have done so, and repairs what is then broken
 * by hand. KEEP=1 keeps the world up afterwards.
 */

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const say = (text: string) => console.log(text);
const title = (text: string) => console.log(`\n${bold(text)}`);
const kinds = 'cephopenstackbindings,rbdpools,cephclientauths,cephopenstackhosts';

interface Shown {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

async function main(): Promise<void> {
  await requireLabMachine();
  await using world = await startWorld({ hosts: quickstartHosts });
  await using operator = await world.startOperator({
    LOG_LEVEL: 'info',
    CEPH_LOOK_SECONDS: '5',
    HOST_LOOK_SECONDS: '10',
  });

  title('Before: a bare Ceph, and two hosts that have never heard of it');
  say(indent(await world.ceph.ceph(['osd', 'pool', 'ls'])) || '  (no pools)');
  for (const host of world.hosts.values())
    say(`  ${host.name}: ${(await host.run('ls /etc/ceph 2>&1 || true')).trim()}`);

  title('kubectl apply -f deploy/examples/quickstart.yaml');
  const begin = performance.now();
  await world.apply(await quickstart(world));
  await watchUntilReady(world);
  say(bold(`\nReady after ${((performance.now() - begin) / 1000).toFixed(1)} s, packages included.`));

  await showEvidence(world);
  await breakAndWatch(world);

  if (process.env.KEEP === '1') await keep(world, operator.logFile);
}

/** Prints each object's readiness whenever it changes, until all are Ready; with `onlyNews` what is not. */
async function watchUntilReady(world: World, onlyNews = false, timeoutMs = 300_000): Promise<void> {
  const shown = new Map<string, string>();
  const until = performance.now() + timeoutMs;
  for (;;) {
    const objects: Shown[] = JSON.parse(await world.kubectl(['get', kinds, '-o', 'json'])).items;
    for (const object of objects) {
      const name = `${object.kind}/${object.metadata.name}`;
      const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
      const line =
        ready === undefined ? '' : `${ready.status === 'True' ? '✓' : '·'} ${name.padEnd(44)} ${ready.message}`;
      if (line !== '' && shown.get(name) !== line && !(onlyNews && isReady(object))) say(`  ${line}`);
      shown.set(name, line);
    }
    if (objects.some(({ kind }) => kind === 'CephOpenStackHost') && objects.every(isReady)) return;
    if (performance.now() > until) throw new Error('Not Ready in time; see the last lines above.');
    await sleep(500);
  }
}

function isReady({ metadata, status }: Shown): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}

async function showEvidence(world: World): Promise<void> {
  const { ceph } = world;
  title('kubectl get cephopenstack');
  say(indent(await world.kubectl(['get', 'cephopenstack'])));
  title('Ceph: pools and users');
  say(indent(await ceph.ceph(['osd', 'pool', 'ls', 'detail'])));
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
  }
}

interface Deed {
  readonly what: string;
  readonly undo: (world: World) => Promise<unknown>;
  /** Throws while it is not repaired. */
  readonly repaired: (world: World) => Promise<boolean>;
}

const keyring = '/etc/ceph/ceph.client.glance.keyring';
const deeds: readonly Deed[] = [
  {
    what: `ctl1: rm ${keyring}`,
    undo: (world) => world.host('ctl1').run(`rm ${keyring}`),
    repaired: async (world) => (await world.host('ctl1').run(`test -e ${keyring} && echo yes || true`)) !== '',
  },
  {
    what: 'cmp1: sed -i s/images_type.*/images_type = qcow2/ /etc/nova/nova.conf',
    undo: (world) => world.host('cmp1').run("sed -i 's/^images_type.*/images_type = qcow2/' /etc/nova/nova.conf"),
    repaired: async (world) =>
      (await world.host('cmp1').run('grep ^images_type /etc/nova/nova.conf')).includes('= rbd'),
  },
  {
    what: 'ceph auth caps client.cinder mon "allow r"   (Cinder and Nova can write no more)',
    undo: (world) => world.ceph.ceph(['auth', 'caps', 'client.cinder', 'mon', 'allow r']),
    repaired: async (world) => (await world.ceph.ceph(['auth', 'get', 'client.cinder'])).includes('pool=volumes'),
  },
];

async function breakAndWatch(world: World): Promise<void> {
  title('Now three things are broken by hand');
  for (const { what, undo, repaired } of deeds) {
    say(`  ${what}`);
    await undo(world);
    const begin = performance.now();
    while (!(await repaired(world))) {
      if (performance.now() - begin > 120_000) throw new Error('It was not repaired within two minutes.');
      await sleep(250);
    }
    say(`    ✓ repaired after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    await watchUntilReady(world, true);
  }
  title('kubectl get events: what was done about it');
  const events = await world.kubectl(['get', 'events', '-o', 'json']);
  for (const event of JSON.parse(events).items) {
    if (event.reason === 'DriftRepaired') {
      say(`  ${event.involvedObject.kind}/${event.involvedObject.name}: ${event.message}`);
    }
  }
}

async function keep(world: World, logFile: string): Promise<void> {
  title('KEEP=1: the world stays until Ctrl-C. Try:');
  say(`  export KUBECONFIG=${world.kube.kubeconfig} PATH=${world.kube.commands}:${world.ceph.commands}:$PATH`);
  say(`  kubectl -n ${world.namespace} get cephopenstack -w`);
  say(`  kubectl -n ${world.namespace} describe cephopenstackbinding cloud`);
  say('  ceph osd pool set images size 2      # and see it come back');
  say(`  tail -f ${logFile}      # the operator of the installation "${installation}"`);
  const asked = Promise.withResolvers<void>();
  process.once('SIGINT', asked.resolve).once('SIGTERM', asked.resolve);
  const alive = setInterval(() => {}, 60_000);
  await asked.promise;
  clearInterval(alive);
}

function mask(text: string): string {
  return text.replaceAll(/(key = ).*/g, '$1***');
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}

await main();
