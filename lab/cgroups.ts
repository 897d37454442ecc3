import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Gives a machine control groups of its own, in the hierarchies that its systemd puts units into: two that shared one would
 * stop each other's services. Returns their folders. `name` is that of the network namespace, which must exist by now.
 */
export function makeCgroups(name: string): string[] {
  const parents = hierarchies().map((hierarchy) => join(hierarchy, 'ceph-openstack-lab'));
  for (const parent of parents) {
    mkdirSync(parent, { recursive: true });
    for (const each of subfolders(parent)) if (!existsSync(join('/run/netns', each))) removeCgroup(join(parent, each));
  }
  const folders = parents.map((parent) => join(parent, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders;
}

/** Removes a control group with all below it, and kills what still runs in it. */
export function removeCgroup(folder: string): void {
  try {
    const kill = join(folder, 'cgroup.kill');
    if (existsSync(kill)) writeFileSync(kill, '1');
    for (const each of subfolders(folder)) removeCgroup(join(folder, each));
    rmdirSync(folder);
  } catch {
    // Somebody else removes it at the same time, or its last processes are ending: the next machine to boot tries again.
  }
}

function subfolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** Where the unified hierarchy is mounted, and systemd's own of the old kind where there is one. */
function hierarchies(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return mounts.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    const wanted = type === 'cgroup2' || (type === 'cgroup' && options.split(',').includes('name=systemd'));
    return wanted ? [before.split(' ')[4] ?? ''] : [];
  });
}
