import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAptProxy } from './apt-proxy.ts';
import { cached, cacheFolder, withLock } from './cache.ts';
import { register } from './leftovers.ts';
import { CommandError, run } from './process.ts';
import { progress } from './progress.ts';

/** What a Debian root tree is made of. Equal recipes are the same tree. */
export interface RootRecipe {
  /** Names the tree in progress lines and in the cache, as in `ceph`. */
  readonly name: string;
  /** A Debian suite by its code name, as in `trixie`. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** `essential` (the default) has no apt inside; `apt` has. */
  readonly variant?: 'essential' | 'apt';
  /** Shell scripts run on the finished tree, from outside; its path is `$1`. Written as `chroot "$1" …` where need be. */
  readonly customize?: readonly string[];
}

/**
 * Gives a root tree of Debian packages, built and kept in the cache when it is not there yet.
 *
 * It is shared by all that asks for the same recipe, so nothing may write to it: mount it as the lower layer of an
 * `overlay`, or chroot into it only what writes to folders that were mounted in.
 *
 *     const base = await debianRoot({ name: 'ceph', suite: 'trixie', packages: ['ceph-mon'] });
 *     using layers = await overlay([base], runFolder('ceph'));
 *     await run('chroot', [layers.root, 'ceph-mon', '--version']);
 */
export async function debianRoot(recipe: RootRecipe): Promise<string> {
  const { name, suite, packages, variant = 'essential', customize = [] } = recipe;
  const text = JSON.stringify([suite, packages.toSorted(), variant, customize, fixedOptions]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return cached(join('roots', `${suite}-${name}-${hash}`), (folder) =>
    progress(`Building the ${suite} root "${name}"`, async () => {
      await needCommand('mmdebstrap', 'mmdebstrap');
      const mirror = await debianMirror();
      await using proxy = await startAptProxy({ sites: [mirror], store: cacheFolder('apt') });
      const options = [
        ...fixedOptions,
        `--variant=${variant}`,
        ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
        ...customize.map((script) => `--customize-hook=${script}`),
      ];
      // The proxy goes through the environment, because mmdebstrap leaves apt's options behind in the tree.
      const env = { http_proxy: proxy.url, DEBIAN_FRONTEND: 'noninteractive' };
      await run('mmdebstrap', [...options, suite, folder, overHttp(mirror)], { env });
    }),
  );
}

// Two quarters of a build's time are fsync and files that nobody reads.
const fixedOptions = [
  '--mode=root',
  '--format=directory',
  '--aptopt=Acquire::Languages "none"',
  // A mirror that is frozen, so that builds repeat, has entry files past their date. Their signature is checked all the same.
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--dpkgopt=force-unsafe-io',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/info/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
];

/** The Debian mirror that this machine itself uses, as `http://host/path`. */
export async function debianMirror(): Promise<string> {
  const osRelease = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1];
  const targets = await run('apt-get', ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(SITE)']);
  for (const line of targets.split('\n')) {
    const [release, component, site] = line.split(' ');
    if (release === codename && component === 'main' && site !== undefined) return site;
  }
  throw new Error(
    `Cannot find a Debian mirror: apt on this machine has no source for the suite "${codename}", component "main"`,
  );
}

/** The mirror's address as apt must be told it, so that a caching proxy can read along. */
export function overHttp(mirror: string): string {
  return mirror.replace(/^https:/, 'http:');
}

/** Installs a Debian package on this machine, unless the command that is wanted from it is there. */
export async function needCommand(command: string, debianPackage: string): Promise<void> {
  const there = () => run('sh', ['-c', 'command -v "$0"', command]);
  try {
    await there();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await withLock('apt-install', async () => {
      const env = { DEBIAN_FRONTEND: 'noninteractive' };
      await run('apt-get', ['update', '-qq'], { env });
      await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', debianPackage], { env });
    });
    await there();
  }
}

/** A writable view of read-only trees. */
export interface Overlay extends Disposable {
  /** The folder in which it is mounted. */
  readonly root: string;
}

/**
 * Mounts read-only trees over each other, the topmost first, with a writable layer `DIRECTORY/upper` on top, at
 * `DIRECTORY/root`. Unmounted when disposed of, or when this process ends; the writable layer stays.
 */
export async function overlay(lower: readonly string[], directory: string): Promise<Overlay> {
  const [root, upper, work] = ['root', 'upper', 'work'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [root, upper, work]) mkdirSync(each, { recursive: true });
  const registration = register({ kind: 'mount', path: root });
  const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
  await run('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
  return { root, [Symbol.dispose]: () => registration.release() };
}
