import { readFile, statfs } from 'node:fs/promises';
import { cacheFolder } from './cache.ts';
import { run } from './process.ts';

/** What the lab needs of a machine, and what this one has. Sizes in GiB. */
export interface Machine {
  readonly isRoot: boolean;
  /** `ID` and `VERSION_ID` of os-release, as in `debian` and `12`. */
  readonly distribution: string;
  readonly release: string;
  readonly architecture: string;
  readonly memoryGiB: number;
  readonly diskGiB: number;
  /** Its version, as in `1.26.8`; undefined where there is none. */
  readonly go: string | undefined;
}

/** A control plane takes half a GiB, a Ceph cluster 0.7, a host with OpenStack's services up to 1.5; the first builds 2 more. */
const leastMemoryGiB = 6;
/** Of the trees, the programs and Go's caches. */
const leastDiskGiB = 15;
const leastGoMinor = 26;

/** Why the lab cannot run on a machine, each with the way out; empty when it can. */
export function machineProblems(machine: Machine): string[] {
  const { isRoot, distribution, release, architecture, memoryGiB, diskGiB, go } = machine;
  const problems: string[] = [];
  if (!isRoot) problems.push('It must run as root, for it makes network bridges and boots machines: use sudo.');
  if (distribution !== 'debian' || Number(release) < 12) {
    problems.push(`It needs Debian 12 or newer, and this is ${distribution} ${release}.`);
  }
  if (architecture !== 'x64') problems.push(`It needs an x86-64 processor, and this is ${architecture}.`);
  if (memoryGiB < leastMemoryGiB) {
    problems.push(`It needs ${leastMemoryGiB} GiB of free memory, and there are ${memoryGiB.toFixed(1)}.`);
  }
  if (diskGiB < leastDiskGiB) {
    problems.push(
      `It needs ${leastDiskGiB} GiB of free disk, and there are ${diskGiB.toFixed(1)}: point XDG_CACHE_HOME to a larger one.`,
    );
  }
  const [major = 0, minor = 0] = go?.split('.').map(Number) ?? [];
  if (major < 1 || (major === 1 && minor < leastGoMinor)) {
    const found = go === undefined ? 'there is no go on the PATH' : `this is Go ${go}`;
    problems.push(`It builds Kubernetes with Go 1.${leastGoMinor} or newer, and ${found}: https://go.dev/dl has it.`);
  }
  return problems;
}

/** Says at once, in one error, all that keeps the lab from running here, and how to do without it. */
export async function requireLabMachine(): Promise<void> {
  const problems = machineProblems(await lookAtMachine());
  if (problems.length === 0) return;
  throw new Error(
    [
      'The lab cannot run on this machine:',
      ...problems.map((problem) => `  - ${problem}`),
      'With a Kubernetes, a Ceph cluster and OpenStack hosts of your own you need none of it:',
      '  README.md, Install, has the way.',
    ].join('\n'),
  );
}

async function lookAtMachine(): Promise<Machine> {
  const [osRelease, memory, disk, go] = await Promise.all([
    readFile('/etc/os-release', 'utf8').catch(() => ''),
    readFile('/proc/meminfo', 'utf8').catch(() => ''),
    statfs(cacheFolder()),
    goVersion(),
  ]);
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(osRelease)?.[1] ?? 'unknown';
  return {
    isRoot: process.getuid?.() === 0,
    distribution: field('ID'),
    release: field('VERSION_ID'),
    architecture: process.arch,
    memoryGiB: Number(/^MemAvailable: +(\d+) kB/m.exec(memory)?.[1] ?? 0) / 1024 ** 2,
    diskGiB: (disk.bavail * disk.bsize) / 1024 ** 3,
    go,
  };
}

async function goVersion(): Promise<string | undefined> {
  const told = await run('go', ['version']).catch(() => '');
  return /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(told)?.[1];
}
