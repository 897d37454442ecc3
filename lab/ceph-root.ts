import { relative } from 'node:path';
import { projectRoot, runFolder } from './cache.ts';
import { chrootTree } from './chroot.ts';
import { register, sweepLeftovers } from './leftovers.ts';
import { debianRoot } from './roots.ts';

/** Ceph 16.2, 18.2 and 20.2. */
export const cephSuites = ['bookworm', 'trixie', 'forky'] as const;
export type CephSuite = (typeof cephSuites)[number];

/** A read-only root tree with Ceph's daemons and clients of a Debian suite. */
export function cephRoot(suite: CephSuite): Promise<string> {
  return debianRoot({ name: 'ceph', suite, packages: ['ceph-common', 'ceph-mgr', 'ceph-mon', 'ceph-osd'] });
}

let clientRoot: Promise<string> | undefined;

/**
 * A root folder to chroot into, in which librados and librbd are those of Ceph 20.2, and this project and the running
 * Node are where they are outside. So `chroot ROOT NODE /path/of/this/project/src/ceph/broker.ts` loads the libraries
 * that the operator's image has, whatever this machine has. It is this process's own, and goes when the process ends.
 */
export function cephClientRoot(): Promise<string> {
  clientRoot ??= mountClientRoot();
  return clientRoot;
}

async function mountClientRoot(): Promise<string> {
  sweepLeftovers();
  const tree = await cephRoot('forky');
  const folder = runFolder('ceph-client');
  register({ kind: 'directory', path: folder });
  const node = process.execPath;
  const shared = relative(projectRoot, node).startsWith('..') ? [projectRoot, node] : [projectRoot];
  return (await chrootTree(tree, folder, shared)).root;
}
