import { randomInt, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../src/secret.ts';
import { runFolder } from './cache.ts';
import { clientConfFile, type ObjectStore, osdIds } from './ceph-conf.ts';
import {
  admin,
  type Call,
  holds,
  type Machine,
  makeOsds,
  monAnswers,
  prepareCeph,
  serves,
  startMgr,
  startMon,
  startOsd,
} from './ceph-daemons.ts';
import { type CephSuite, cephRoot } from './ceph-root.ts';
import { chrootTree } from './chroot.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { freePorts, isFree } from './ports.ts';
import { CommandError } from './process.ts';
import { progress } from './progress.ts';

export { type CephSuite, cephClientRoot, cephSuites } from './ceph-root.ts';

/** A real Ceph cluster: a mon, a mgr and three OSDs, each on a host of its own as far as CRUSH knows. */
export interface Ceph extends AsyncDisposable {
  readonly fsid: string;
  /** The address of all its daemons. */
  readonly address: string;
  /** As in `[v2:127.70.1.2:3300,v1:127.70.1.2:6789]`. */
  readonly monHost: string;
  /** Of client.admin. */
  readonly adminKey: Secret;
  /** Path of a ceph.conf for client.admin, which names its keyring. */
  readonly confFile: string;
  /** Where its data and logs are, until it is disposed of. */
  readonly folder: string;
  /** A folder with `ceph`, `rbd` and `rados`: scripts to run by hand as administrator. */
  readonly commands: string;
  /** Runs the program as administrator and gives what it printed. A file can be given as `-` with `input`. */
  readonly ceph: Call;
  readonly rbd: Call;
  readonly rados: Call;
  /** Makes a user, as in `addUser('client.glance', { mon: 'profile rbd' })`, or gives its key when it is there with the same caps. */
  addUser(
    entity: string,
    caps: Readonly<Record<string, string>>,
    options?: { keyType?: 'aes' | 'aes256k' },
  ): Promise<{ key: Secret }>;
  /** Keeps the mon from answering, its connections open, until it is thawed. */
  freezeMon(): void;
  thawMon(): void;
  /** Kills the mon, whose connections are reset. */
  stopMon(): Promise<void>;
  /** Brings it back with its data. It answers when this resolves. */
  startMon(): Promise<void>;
}

export interface CephOptions {
  readonly suite: CephSuite;
  /** Names its folder. */
  readonly name?: string;
  /** An address of this machine, shared with others or not. Left out: a loopback address of its own. */
  readonly address?: string;
  /** Left out: in memory, which takes no erasure-coded pools whose objects change, as those of images do. */
  readonly objectStore?: ObjectStore;
  /** Options of Ceph for [global], as in `{ mon_max_pg_per_osd: 2000 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** On forky, whose clusters take only keys of type aes256k at first: take aes too, as upgraded clusters do. */
  readonly allowAes?: boolean;
}

/** Starts a cluster of its own, beside any others. Ready to use when it resolves. */
export async function startCeph(options: CephOptions): Promise<Ceph> {
  const { suite, name = `ceph-${suite}`, objectStore = 'memstore', config = {} } = options;
  sweepLeftovers();
  const tree = await cephRoot(suite);
  const folder = runFolder(name);
  const registration = register({ kind: 'directory', path: folder });
  await using started = new AsyncDisposableStack();
  started.defer(() => registration.release());
  return await progress(`Starting Ceph (${suite})`, async () => {
    const data = join(folder, 'data');
    await mkdir(data);
    const { root } = started.use(await chrootTree(tree, folder, [data]));
    const address = options.address ?? freeLoopbackAddress();
    const [v2, v1] = await monPorts(address);
    const machine: Machine = {
      root,
      data,
      commands: join(folder, 'bin'),
      fsid: randomUUID(),
      address,
      monHost: `[v2:${address}:${v2},v1:${address}:${v1}]`,
    };
    const adminKey = await prepareCeph(machine, suite === 'forky' ? 'Aes256k' : 'Aes', objectStore, config);
    const ceph = admin(machine, 'ceph');

    let mon = startMon(machine);
    started.defer(() => mon.stop());
    const mgr = started.use(startMgr(machine));
    await holds('the mon answers', [mon, mgr], () => monAnswers(machine));
    await makeOsds(machine);
    const osds = osdIds.map((id) => started.use(startOsd(machine, id)));
    await Promise.all([
      holds('all OSDs and the mgr serve', [mon, mgr, ...osds], () => serves(machine)),
      options.allowAes === true && suite === 'forky' ? allowAes(ceph) : undefined,
    ]);

    const running = started.move();
    return {
      fsid: machine.fsid,
      address,
      monHost: machine.monHost,
      adminKey,
      confFile: clientConfFile(machine),
      folder,
      commands: machine.commands,
      ceph,
      rbd: admin(machine, 'rbd'),
      rados: admin(machine, 'rados'),
      async addUser(entity, caps, { keyType } = {}) {
        const type = keyType === undefined ? [] : ['--key-type', keyType];
        const pairs = Object.entries(caps).flat();
        const made = await ceph(['auth', 'get-or-create', entity, ...pairs, ...type, '--format=json']);
        return { key: new Secret(JSON.parse(made)[0].key) };
      },
      freezeMon: () => void process.kill(mon.pid, 'SIGSTOP'),
      thawMon: () => void process.kill(mon.pid, 'SIGCONT'),
      stopMon: () => mon.stop(),
      async startMon() {
        if (mon.alive()) return;
        mon = startMon(machine);
        await holds('the mon answers', [mon], () => monAnswers(machine));
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  });
}

/** All of 127/8 is this machine's, so an address drawn by lot is free. */
function freeLoopbackAddress(): string {
  return `127.${randomInt(64, 128)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
}

/** Those that everybody knows, so that clients find the mon by its address alone; others where another mon has them. */
async function monPorts(address: string): Promise<number[]> {
  const known = [3300, 6789];
  const free = await Promise.all(known.map((port) => isFree(port, address)));
  return free.every(Boolean) ? known : freePorts(2, address);
}

/** Lets keys of type aes be made and used, which takes effect some seconds after it was said. */
async function allowAes(ceph: Call): Promise<void> {
  await ceph(['mon', 'set', 'auth_allowed_ciphers', 'aes,aes256k']);
  const probe = 'client.lab-probe';
  await holds('keys of type aes can be made', [], async () => {
    try {
      await ceph(['auth', 'add', probe, '--key-type', 'aes']);
      return true;
    } catch (error) {
      if (error instanceof CommandError && error.stderr.includes('not allowed')) return false;
      throw error;
    }
  });
  await ceph(['auth', 'rm', probe]);
}
