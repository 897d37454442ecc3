import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../src/secret.ts';
import {
  clientConfFile,
  daemonConfFile,
  firstLogins,
  type KeyType,
  keyringFile,
  type ObjectStore,
  type Options,
  osdIds,
  type Place,
  renderClientConf,
  renderDaemonConf,
  renderKeyring,
} from './ceph-conf.ts';
import { eventually } from './eventually.ts';
import { CommandError, type Running, type RunOptions, run, startProcess } from './process.ts';

/** A cluster's place, and the root that its programs run in. */
export interface Machine extends Place {
  /** A folder to chroot into. */
  readonly root: string;
  /** A folder of scripts outside, named as the programs that they run inside as administrator. */
  readonly commands: string;
}

export type Call = (args: readonly string[], options?: Pick<RunOptions, 'input' | 'timeoutMs'>) => Promise<string>;

/** Runs `ceph`, `rbd` or `rados` as administrator. A cluster that does not answer ends the command after a minute. */
export function admin(machine: Machine, program: string): Call {
  return (args, options) => run(join(machine.commands, program), args, { timeoutMs: 60_000, ...options });
}

/** Writes all configuration and keyrings, and the mon's first data. Gives the key of client.admin. */
export async function prepareCeph(
  machine: Machine,
  keyType: KeyType,
  objectStore: ObjectStore,
  config: Options,
): Promise<Secret> {
  const { root, data, commands, fsid, monHost } = machine;
  const logins = firstLogins(keyType);
  const adminLogin = logins.find(({ entity }) => entity === 'client.admin');
  if (adminLogin === undefined) throw new Error('Cannot prepare Ceph: there is no login for client.admin');
  await mkdir(commands);
  const script = (program: string) =>
    `#!/bin/sh\nexec setpriv --pdeathsig KILL chroot '${root}' ${program} --conf '${clientConfFile(machine)}' "$@"\n`;
  await Promise.all([
    writeFile(clientConfFile(machine), renderClientConf(machine)),
    writeFile(daemonConfFile(machine), renderDaemonConf(machine, objectStore, config)),
    writeFile(keyringFile(machine, 'first'), renderKeyring(logins).reveal()),
    ...logins.map((login) => writeFile(keyringFile(machine, login.entity), renderKeyring([login]).reveal())),
    ...['ceph', 'rbd', 'rados'].map((name) => writeFile(join(commands, name), script(name), { mode: 0o755 })),
  ]);
  const monmap = join(data, 'monmap');
  await inside(machine, 'monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', monHost, monmap]);
  const first = ['--keyring', keyringFile(machine, 'first')];
  await inside(machine, 'ceph-mon', [...daemonArgs(machine, 'a'), '--mkfs', '--monmap', monmap, ...first]);
  return adminLogin.key;
}

export function startMon(machine: Machine): Running {
  return start(machine, 'ceph-mon', 'a');
}

export function startMgr(machine: Machine): Running {
  return start(machine, 'ceph-mgr', 'x');
}

export function startOsd(machine: Machine, id: number): Running {
  return start(machine, 'ceph-osd', `${id}`);
}

/** Makes the OSDs known, and their data. The mon must answer. */
export async function makeOsds(machine: Machine): Promise<void> {
  await Promise.all(
    osdIds.map(async (wantedId) => {
      const uuid = randomUUID();
      const id = (await admin(machine, 'ceph')(['osd', 'create', uuid, `${wantedId}`])).trim();
      await mkdir(join(machine.data, `osd.${id}`));
      await inside(machine, 'ceph-osd', [...daemonArgs(machine, id), '--mkfs', '--osd-uuid', uuid]);
    }),
  );
}

/** Waits until `check` holds. Fails at once when a daemon that it takes has ended. */
export async function holds(what: string, daemons: readonly Running[], check: () => Promise<boolean>): Promise<void> {
  const dead = await eventually(
    async () => {
      const ended = daemons.find((daemon) => !daemon.alive());
      if (ended === undefined && !(await check())) throw new Error('not yet');
      return ended;
    },
    { timeoutMs: 90_000, what },
  );
  if (dead !== undefined) throw new Error(`Cannot start Ceph, a daemon ended:\n${dead.logTail()}`);
}

/** Whether the mon answers. */
export async function monAnswers(machine: Machine): Promise<boolean> {
  try {
    await admin(machine, 'ceph')(['--connect-timeout', '2', 'mon', 'stat']);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Whether all OSDs are up and the mgr serves. */
export async function serves(machine: Machine): Promise<boolean> {
  const status = JSON.parse(await admin(machine, 'ceph')(['status', '--format=json']));
  return status.osdmap.num_up_osds === osdIds.length && status.mgrmap.available === true;
}

function inside({ root }: Machine, program: string, args: readonly string[]): Promise<string> {
  return run('chroot', [root, program, ...args], { timeoutMs: 60_000 });
}

function start(machine: Machine, program: string, id: string): Running {
  const args = [machine.root, program, ...daemonArgs(machine, id), '--foreground'];
  // No grace: what matters is in the log of its database already, and an OSD's memory is lost in any case.
  return startProcess('chroot', args, { logFile: join(machine.data, `${program}.${id}.out`), graceMs: 0 });
}

function daemonArgs(machine: Machine, id: string): string[] {
  return ['--conf', daemonConfFile(machine), '--id', id];
}
