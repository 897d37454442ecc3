import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { removeTree, unmountBelow } from './mounts.ts';

/**
 * Something of the lab that outlives the process that made it, unless it is taken away again.
 *
 * - `process`: is sent SIGTERM with its process group, and SIGKILL after `graceMs` (default 5000).
 * - `mount`: is unmounted, with all below it.
 * - `directory`: is deleted, after anything that is mounted below it was unmounted.
 * - `link`: a network link (a bridge, one end of a veth pair). `netns`: a named network namespace.
 */
export type Leftover =
  | ProcessLeftover
  | { readonly kind: 'mount'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly name: string }
  | { readonly kind: 'netns'; readonly name: string };

export interface ProcessLeftover {
  readonly kind: 'process';
  readonly pid: number;
  readonly graceMs?: number;
  /** Both are found out by `register`. */
  readonly startTime?: string;
  readonly leadsGroup?: boolean;
}

export interface Registration {
  /** Takes the thing away and forgets it. Does nothing the second time. */
  release(): void;
  /** Forgets it: somebody has taken it away already. */
  forget(): void;
}

const owned = new Map<string, Leftover>();
let ownFolder: string | undefined;
let count = 0;

/**
 * Notes, on disk, that this process answers for a thing. Call it before making the thing (a process: right after).
 * The thing is taken away when this process ends in any way: by `release`, at exit, at Ctrl-C,
 * and after SIGKILL by the next process that calls `sweepLeftovers`. Later ones go first.
 *
 * All of it is synchronous, because what runs at the exit of a process cannot wait.
 */
export function register(leftover: Leftover): Registration {
  const resource = leftover.kind === 'process' ? identified(leftover) : leftover;
  ownFolder ??= claimOwnFolder();
  const file = join(ownFolder, `${String(count++).padStart(6, '0')}.json`);
  writeFileSync(file, JSON.stringify(resource));
  owned.set(file, resource);
  const forget = () => {
    owned.delete(file);
    rmSync(file, { force: true });
  };
  const release = () => {
    if (!owned.has(file)) return;
    takeAway(resource);
    forget();
  };
  return { release, forget };
}

/** Takes away what processes that are dead by now have left behind. Everything that starts a part of the lab calls it first. */
export function sweepLeftovers(): void {
  for (const name of readdirSync(ownersFolder())) {
    const [pid = '', startTime = ''] = name.split('-');
    if (startTimeOf(Number(pid)) === startTime) continue;
    const claimed = join(ownersFolder(), ownName());
    try {
      // Of two that sweep at once one gets it. Should that one die, the folder bears its name and is swept again.
      renameSync(join(ownersFolder(), name), claimed);
    } catch {
      continue;
    }
    for (const file of readdirSync(claimed).sort().reverse()) {
      const leftover = parseLeftover(readFileSync(join(claimed, file), 'utf8'));
      if (leftover !== undefined) takeAway(leftover);
      unlinkSync(join(claimed, file));
    }
    rmSync(claimed, { recursive: true });
  }
}

/** When a process was started, in clock ticks since boot: with the pid it names one process for good. Absent: there is none. */
export function startTimeOf(pid: number): string | undefined {
  return statOf(pid)?.startTime;
}

/** Absent: there is no such process, or only what is left of it until its parent looks. */
function statOf(pid: number): { group: number; startTime: string } | undefined {
  try {
    // The second field is the command in parentheses and may hold anything, so count from its end.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state = '', , group, ...rest] = fields;
    return 'ZX'.includes(state) ? undefined : { group: Number(group), startTime: rest[16] ?? '' };
  } catch {
    return undefined;
  }
}

function identified(leftover: ProcessLeftover): ProcessLeftover {
  const { startTime = '0', group } = statOf(leftover.pid) ?? {};
  return { ...leftover, startTime, leadsGroup: group === leftover.pid };
}

function takeAway(leftover: Leftover): void {
  switch (leftover.kind) {
    case 'process':
      endProcess(leftover);
      break;
    case 'mount':
      unmountBelow(leftover.path);
      break;
    case 'directory':
      removeTree(leftover.path);
      break;
    case 'link':
      spawnSync('ip', ['link', 'delete', leftover.name]);
      break;
    case 'netns':
      spawnSync('ip', ['netns', 'delete', leftover.name]);
  }
}

function endProcess({ pid, startTime, leadsGroup = false, graceMs = 5000 }: ProcessLeftover): void {
  const current = startTimeOf(pid);
  // The pid is somebody else's by now.
  if (current !== undefined && current !== startTime) return;
  // A group outlives its leader, and the kernel gives its number to nobody as long as it has a member.
  const alive = () => startTimeOf(pid) === startTime || (leadsGroup && groupHasMembers(pid));
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 5000],
  ] as const) {
    if (startTime === undefined || !alive()) return;
    try {
      process.kill(leadsGroup ? -pid : pid, signal);
      // A frozen process takes no SIGTERM.
      process.kill(leadsGroup ? -pid : pid, 'SIGCONT');
    } catch {
      // It ended by itself in between.
    }
    const until = Date.now() + waitMs;
    while (alive() && Date.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function groupHasMembers(group: number): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && statOf(Number(name))?.group === group);
}

function ownersFolder(): string {
  return cacheFolder('run', 'owners');
}

function ownName(): string {
  return `${process.pid}-${startTimeOf(process.pid)}-${randomBytes(4).toString('hex')}`;
}

function claimOwnFolder(): string {
  const folder = join(ownersFolder(), ownName());
  mkdirSync(folder);
  process.once('exit', () => {
    for (const resource of [...owned.values()].reverse()) takeAway(resource);
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    // Whoever handles the signal itself ends the process by itself, too. First, to see also those who listen only once.
    process.prependListener(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
  return folder;
}

function parseLeftover(text: string): Leftover | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Its owner died while writing it, so before making the thing.
    return undefined;
  }
}
