import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Below the root of each hierarchy. */
const parentName = 'ceph-openstack-lab';

/** The control group of a machine or node, from the root of a hierarchy. */
export function cgroupPath(name: string): string {
  return `/${parentName}/${name}`;
}

/**
 * Gives a machine control groups of its own, in the hierarchies that its systemd puts units into: two that shared one would
 * stop each other's services. Returns their folders. `name` is that of the network namespace, which must exist by now.
 * A node wants them in `all` hierarchies, with all controllers.
 */
export function makeCgroups(name: string, where: 'systemd' | 'all' = 'systemd'): string[] {
  const parents = hierarchies(where).map((hierarchy) => join(hierarchy, parentName));
  for (const parent of parents) {
    mkdirSync(parent, { recursive: true });
    for (const each of subfolders(parent)) if (!existsSync(join('/run/netns', each))) removeCgroup(join(parent, each));
  }
  const folders = parents.map((parent) => join(parent, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  if (where === 'all') for (const parent of parents) for (const each of [dirname(parent), parent]) passOn(each);
  return folders;
}

/** Lets the groups below one of the unified hierarchy have all its controllers; in the old ones they do. */
function passOn(folder: string): void {
  const controllers = join(folder, 'cgroup.controllers');
  if (!existsSync(controllers)) return;
  for (const controller of readFileSync(controllers, 'utf8').trim().split(' ')) {
    if (controller !== '') writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
  }
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

/** Where the unified hierarchy is mounted, and of the old kind systemd's own, or all. */
function hierarchies(which: 'systemd' | 'all'): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return mounts.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    const isOld = type === 'cgroup' && (which === 'all' || options.split(',').includes('name=systemd'));
    const wanted = type === 'cgroup2' || isOld;
    return wanted ? [before.split(' ')[4] ?? ''] : [];
  });
}
