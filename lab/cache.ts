import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { removeTree } from './mounts.ts';

/** A folder under the lab's cache, made when it is missing. All that the lab keeps lies here; it may be deleted at any time. */
export function cacheFolder(...parts: readonly string[]): string {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ceph-openstack-operator', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The folder `name` of the cache, filled by `build` when it is not there yet. `build` gets an empty folder beside it,
 * which is given the name only when it is finished: a killed build leaves nothing that looks whole.
 * Several processes that want the same wait for one to build it.
 */
export async function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  return withLock(name, async () => {
    if (existsSync(folder)) return folder;
    const unfinished = `${folder}.unfinished`;
    removeTree(unfinished);
    await mkdir(unfinished, { recursive: true });
    await build(unfinished);
    await rename(unfinished, folder);
    return folder;
  });
}

/** Runs `work` while no other process of this machine holds the lock `name`. A holder that dies lets go of it. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(cacheFolder('locks'), `${name.replaceAll('/', '-')}.lock`);
  // Node has no flock(2). This child holds it for us, until we close its standard input or die.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const held = new Promise<void>((resolve, reject) => {
    createInterface(holder.stdout).once('line', () => resolve());
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`Cannot lock "${file}": flock ended with code ${code}`)));
  });
  await held;
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await exited;
  }
}

/** A fresh folder for the data of something that runs: short, because paths of UNIX sockets may have 107 bytes only. */
export function runFolder(name: string): string {
  const folder = join(cacheFolder('run'), `${name}-${randomBytes(3).toString('hex')}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** The project's own root. */
export const projectRoot = dirname(import.meta.dirname);
