import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

/** Something that is broken by hand, to be put right. */
export interface Deed {
  readonly what: string;
  readonly undo: (world: World) => Promise<unknown>;
  readonly repaired: (world: World) => Promise<boolean>;
  /** What the event says that tells of the repair. */
  readonly told: RegExp;
}

interface ShownEvent {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

const keyring = '/etc/ceph/ceph.client.glance.keyring';
export const deeds: readonly Deed[] = [
  {
    what: `ctl1: rm ${keyring}`,
    undo: (world) => world.host('ctl1').run(`rm ${keyring}`),
    repaired: async (world) => (await world.host('ctl1').run(`test -e ${keyring} && echo yes || true`)) !== '',
    told: /ceph\.client\.glance\.keyring/,
  },
  {
    what: 'cmp1: sed -i "s/^images_type.*/images_type = qcow2/" /etc/nova/nova.conf',
    undo: (world) => world.host('cmp1').run("sed -i 's/^images_type.*/images_type = qcow2/' /etc/nova/nova.conf"),
    repaired: async (world) =>
      (await world.host('cmp1').run('grep ^images_type /etc/nova/nova.conf')).includes('= rbd'),
    told: /images_type in \[libvirt\]/,
  },
  {
    what: 'ceph auth caps client.cinder mon "allow r"   (Cinder and Nova can write no more)',
    undo: (world) => world.ceph.ceph(['auth', 'caps', 'client.cinder', 'mon', 'allow r']),
    repaired: async (world) => (await world.ceph.ceph(['auth', 'get', 'client.cinder'])).includes('pool=volumes'),
    told: /caps of user "client\.cinder"/,
  },
];

/** Does a deed, and waits until it is put right and told. Gives how long the repair took, in milliseconds. */
export async function repairOf({ undo, repaired, told }: Deed, world: World): Promise<number> {
  await undo(world);
  const begin = performance.now();
  const wait = async (until: () => Promise<boolean>, missing: string) => {
    while (!(await until())) {
      if (performance.now() - begin > 180_000) throw new Error(missing);
      await sleep(250);
    }
  };
  await wait(() => repaired(world), 'It was not repaired within three minutes.');
  const tookMs = performance.now() - begin;
  // It is told when all that follows is done, such as a restart: what is broken before that would be seen half-way.
  await wait(async () => (await repairs(world)).some((line) => told.test(line)), 'No event tells of the repair.');
  return tookMs;
}

/** What the events say was put right, a line for each. */
export async function repairs(world: World): Promise<readonly string[]> {
  const { items }: { items: readonly ShownEvent[] } = JSON.parse(
    await world.kubectl(['get', 'events', '-o', 'json', '--sort-by=.metadata.creationTimestamp']),
  );
  return items
    .filter(({ reason }) => reason === 'DriftRepaired')
    .map(({ involvedObject: { kind, name }, message }) => `${kind}/${name}: ${message}`);
}
