import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from './cache.ts';
import { layCable } from './host-cable.ts';
import { holdsCloud, hostLayers, type LayerName } from './layers.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { awaitSshd, bootMachine, type Machine } from './machine.ts';
import type { Network } from './network.ts';
import { cloudName } from './openstack-layer.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';
import { needCommand, overlay } from './roots.ts';

/** A Debian machine with systemd and sshd, which lets the network's key in as root and as ops (sudo without a password). */
export interface Host extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly port: 22;
  /** A line for known_hosts: its Ed25519 key under its address. */
  readonly knownHostsLine: string;
  /** One such line for each of its keys: ECDSA, Ed25519, RSA. */
  readonly knownHostsLines: readonly string[];
  /** Runs a shell command as root on it, past sshd, and gives what it printed. Throws a CommandError unless it ended with 0. */
  run(command: string, options?: { readonly input?: string; readonly timeoutMs?: number }): Promise<string>;
  /** Lets a further key in, in the form of authorized_keys. */
  authorize(publicKey: string, user?: 'root' | 'ops'): Promise<void>;
  /** Pulls the plug: no process says goodbye, and the address answers nothing from then on. What is on its disk stays. */
  powerOff(): Promise<void>;
  /** Boots it again, and waits for sshd. */
  start(): Promise<void>;
  /** Lets it hang: the kernel still takes connections, nobody answers on them. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface HostOptions {
  /** Its host name. */
  readonly name: string;
  readonly layer: LayerName;
  readonly network: Network;
}

/** Boots a further host, which takes seconds once its layer is in the cache, and waits for its sshd. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { name, layer, network } = options;
  sweepLeftovers();
  await needCommand('systemd-nspawn', 'systemd-container');
  const layers = await hostLayers(layer);
  const folder = runFolder(`host-${name}`);
  const directory = register({ kind: 'directory', path: folder });
  const disk = await overlay(layers, folder);
  const cable = await layCable(network);
  const { address } = cable;
  const publicKeys = await personalize(disk.root, address, options);

  let machine: Machine | undefined;
  const running = (): Machine => {
    if (machine === undefined) throw new Error(`Cannot reach into host "${name}": it is powered off`);
    return machine;
  };
  const powerOff = async () => {
    await cable.pullOut();
    await machine?.kill();
    machine = undefined;
  };
  const start = async () => {
    if (machine !== undefined) return;
    await cable.plugIn();
    const consoleLog = join(folder, 'console.log');
    machine = await bootMachine({ name, root: disk.root, namespace: cable.namespace, consoleLog });
    await awaitSshd(address, 22);
  };
  let gone = false;
  const dispose = async () => {
    if (gone) return;
    gone = true;
    await powerOff();
    cable.release();
    disk[Symbol.dispose]();
    directory.release();
  };
  try {
    await progress(`Booting host "${name}" (${layer})`, start);
  } catch (error) {
    await dispose();
    throw error;
  }
  const knownHostsLines = publicKeys.map((key) => `${address} ${key}`);
  return {
    name,
    address,
    port: 22,
    knownHostsLine: knownHostsLines.find((line) => line.includes(' ssh-ed25519 ')) ?? '',
    knownHostsLines,
    run: async (command, runOptions) => running().run(command, runOptions),
    async authorize(publicKey, user = 'root') {
      await running().run(letIn(user), { input: publicKey });
    },
    powerOff,
    start,
    freeze: async () => running().freeze(),
    thaw: async () => running().thaw(),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Gives a machine that never ran what sets it apart. Returns the public keys of its sshd, as `<type> <base64>`. */
async function personalize(root: string, address: string, options: HostOptions): Promise<string[]> {
  const { name, layer, network } = options;
  const names = holdsCloud(layer) ? `${name} ${cloudName}` : name;
  const write = (path: string, text: string) => writeFile(join(root, path), text);
  await write('etc/hostname', `${name}\n`);
  await write('etc/hosts', `127.0.0.1 localhost\n${address} ${names}\n`);
  await write('etc/machine-id', `${randomUUID().replaceAll('-', '')}\n`);
  await write('etc/resolv.conf', '');
  await write('etc/apt/apt.conf.d/00proxy', `Acquire::http::Proxy "${network.aptProxyUrl}";\n`);
  await run('chroot', [root, 'ssh-keygen', '-A']);
  for (const user of ['root', 'ops'] as const) {
    await run('chroot', [root, 'sh', '-c', letIn(user)], { input: network.sshKey.publicKey });
  }
  const keys = ['ecdsa', 'ed25519', 'rsa'].map((type) => join(root, `etc/ssh/ssh_host_${type}_key.pub`));
  return Promise.all(keys.map(async (file) => (await readFile(file, 'utf8')).split(' ').slice(0, 2).join(' ')));
}

function letIn(user: 'root' | 'ops'): string {
  const folder = user === 'root' ? '/root/.ssh' : `/home/${user}/.ssh`;
  return `install -d -m 0700 -o ${user} -g ${user} ${folder}
{ cat; echo; } >>${folder}/authorized_keys
chown ${user}:${user} ${folder}/authorized_keys && chmod 0600 ${folder}/authorized_keys`;
}
