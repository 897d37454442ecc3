import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, projectRoot, runFolder } from './cache.ts';
import { chrootTree } from './chroot.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { type RunOptions, run } from './process.ts';
import { debianRoot } from './roots.ts';

/** Builds images without a daemon, and without a package on this machine: in a root tree of its own, which sees the project and the cache. */
export interface Buildah {
  /** Path of a `buildah`. */
  readonly command: string;
  /** Runs a shell script beside it; in there it is simply `buildah`. Its arguments are `$1` and on. */
  script(text: string, args?: readonly string[], options?: RunOptions): Promise<string>;
}

let started: Promise<Buildah> | undefined;

/** It is this process's own, and goes when the process ends; its images stay in the cache. */
export function buildah(): Promise<Buildah> {
  started ??= start();
  return started;
}

/** Where npm itself lies on this machine, and what it has fetched before. */
export async function npmFolders(): Promise<{ program: string; cache: string }> {
  const binary = (await run('sh', ['-c', 'command -v npm'])).trim();
  const cache = (await run('npm', ['config', 'get', 'cache'])).trim();
  await mkdir(cache, { recursive: true });
  return { program: dirname(dirname(await realpath(binary))), cache };
}

async function start(): Promise<Buildah> {
  sweepLeftovers();
  const tree = await debianRoot({ name: 'buildah', suite: 'bookworm', packages: ['buildah'] });
  const folder = runFolder('buildah');
  register({ kind: 'directory', path: folder });
  const npm = await npmFolders();
  const shared = [projectRoot, cacheFolder(), dirname(process.execPath), npm.program, npm.cache];
  const { root } = await chrootTree(tree, folder, [...new Set(shared)]);
  const storage = join(root, 'var/lib/containers/storage');
  await mkdir(storage, { recursive: true });
  await run('mount', ['--bind', cacheFolder('images', 'storage'), storage]);
  const command = join(folder, 'buildah');
  await writeFile(command, `#!/bin/sh\nexec ${enter} '${root}' buildah "$@"\n`, { mode: 0o755 });
  return {
    command,
    script: (text, args = [], options = {}) =>
      run('sh', ['-euc', `exec ${enter} "$0" "$@"`, root, 'sh', '-euc', text, 'sh', ...args], {
        cwd: projectRoot,
        ...options,
      }),
  };
}

// What is mounted while it runs is gone when it ends, so what it notes in /run about that is to go as well.
const inside = `mount -t tmpfs tmpfs "$0/run"
exec chroot "$0" env --chdir="$PWD" PATH=/usr/sbin:/usr/bin:/sbin:/bin BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay "$@"`;
const enter = `unshare --mount sh -euc '${inside}'`;
