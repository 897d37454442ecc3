import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeCgroups, removeCgroup } from './cgroups.ts';
import { eventually } from './eventually.ts';
import { register } from './leftovers.ts';
import { type Running, run, startProcess } from './process.ts';

/** A systemd that runs as process 1 of a root tree, in namespaces of its own. */
export interface Machine {
  /** Runs a shell command as root inside, without sshd. */
  run(command: string, options?: { readonly input?: string; readonly timeoutMs?: number }): Promise<string>;
  /** Stops every process where it is. The kernel goes on taking connections for them, as with a machine that hangs. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends all of it at once, as if the plug was pulled. */
  kill(): Promise<void>;
}

export interface BootOptions {
  readonly name: string;
  readonly root: string;
  readonly namespace: string;
  readonly consoleLog: string;
}

export async function bootMachine(options: BootOptions): Promise<Machine> {
  const { name, root, namespace, consoleLog } = options;
  const args = ['--quiet', '--keep-unit', '--register=no', '--boot', `--directory=${root}`, `--machine=${name}`];
  args.push(`--network-namespace-path=/run/netns/${namespace}`, '--capability=all', '--console=read-only');
  args.push('--resolv-conf=off', '--timezone=off', '--link-journal=no');
  const cgroups = makeCgroups(namespace);
  const supervisor = startProcess('sh', ['-euc', enterCgroups, 'sh', ...cgroups, '--', 'systemd-nspawn', ...args], {
    logFile: consoleLog,
    // What its systemd runs on elsewhere, too. Newer ones refuse anything else.
    env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    graceMs: 1,
  });
  const leader = await firstProcess(name, supervisor);
  // It outlives a supervisor that is killed; and with it the kernel kills all that runs in its namespace.
  const registration = register({ kind: 'process', pid: leader, graceMs: 0 });

  const signalAll = async (signal: NodeJS.Signals, settled: (state: string) => boolean) => {
    await eventually(async () => {
      const restless = (await processesBeside(leader)).filter(({ state }) => !settled(state));
      for (const { pid } of restless) process.kill(pid, signal);
      if (restless.length > 0) throw new Error(`${restless.length} processes do not take ${signal}`);
    });
  };
  return {
    async run(command, runOptions = {}) {
      const environment = [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'LANG=C.UTF-8',
        'HOME=/root',
      ];
      const enter = ['-t', String(leader), '-m', '-u', '-i', '-n', '-p', '--', '/usr/bin/env', '-i', ...environment];
      return run('nsenter', [...enter, 'sh', '-c', command], runOptions);
    },
    freeze: () => signalAll('SIGSTOP', (state) => 'TZX'.includes(state)),
    thaw: () => signalAll('SIGCONT', (state) => state !== 'T'),
    async kill() {
      try {
        process.kill(leader, 'SIGKILL');
      } catch (error) {
        // It was switched off from inside.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
      await supervisor.exited;
      registration.forget();
      for (const folder of cgroups) removeCgroup(folder);
    },
  };
}

const enterCgroups = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';

/** Waits until something at the address greets as SSH does. */
export async function awaitSshd(address: string, port: number): Promise<void> {
  const greeting = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host: address, port });
      socket.setTimeout(2000, () => socket.destroy(new Error('no greeting within 2 s')));
      socket.once('data', (data) => {
        socket.destroy();
        if (data.toString('latin1').startsWith('SSH-2.0-')) resolve();
        else reject(new Error('it does not speak SSH'));
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('it closed the connection')));
    });
  await eventually(greeting, { timeoutMs: 90_000, what: `sshd answers at ${address}:${port}` });
}

async function firstProcess(name: string, supervisor: Running): Promise<number> {
  try {
    return await eventually(() => childOf(supervisor.pid), { what: `machine "${name}" has a first process` });
  } catch (error) {
    await supervisor.stop();
    throw new Error(`Cannot boot machine "${name}": ${supervisor.logTail()}`, { cause: error });
  }
}

async function childOf(pid: number): Promise<number> {
  const child = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0];
  // Its first child is a helper that makes the namespaces; the one in a pid namespace of its own is the machine.
  if (child === undefined || child === '') throw new Error('it has no child process yet');
  const [inside, outside] = await Promise.all([readlink(`/proc/${child}/ns/pid`), readlink(`/proc/${pid}/ns/pid`)]);
  if (inside === outside) throw new Error('its child process is not in its own namespaces yet');
  return Number(child);
}

async function processesBeside(leader: number): Promise<{ pid: number; state: string }[]> {
  const namespace = await readlink(`/proc/${leader}/ns/pid`);
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if ((await readlink(join('/proc', entry, 'ns/pid'))) !== namespace) continue;
      const stat = await readFile(join('/proc', entry, 'stat'), 'latin1');
      found.push({ pid: Number(entry), state: stat.split(') ').at(-1)?.[0] ?? 'X' });
    } catch {
      // It ended in between.
    }
  }
  return found;
}
