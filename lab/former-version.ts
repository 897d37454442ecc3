import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot, runFolder } from './cache.ts';
import { register } from './leftovers.ts';
import { CommandError, run } from './process.ts';

/**
 * The version that upgrades come from and rollbacks go to: the last one before the chart was made whole. Move it to the
 * release before the coming one, as soon as there is one (docs/api-versions.md says how far back upgrades go).
 */
const commit = '24dbe0c41da6008bd9629558607f2bc13a3bef9b';

/** A version of this project, with the dependencies of today. */
export interface Version {
  readonly folder: string;
  readonly chart: string;
}

/**
 * Lays out the former version, which goes when this process ends; at the same path within `clientRoot`, too, for a Ceph client
 * of it. Fails where this clone has no history.
 */
export async function formerVersion(clientRoot?: string): Promise<Version> {
  const folder = runFolder('former');
  register({ kind: 'directory', path: folder });
  const archive = join(folder, 'version.tar');
  await fromHistory(['archive', `--output=${archive}`, commit, 'src', 'charts', 'package.json']);
  for (const place of clientRoot === undefined ? [folder] : [folder, join(clientRoot, folder)]) {
    await run('mkdir', ['-p', place]);
    await run('tar', ['-xf', archive, '-C', place]);
    await symlink(join(projectRoot, 'node_modules'), join(place, 'node_modules'));
  }
  return { folder, chart: join(folder, 'charts', 'ceph-openstack-operator') };
}

async function fromHistory(args: readonly string[]): Promise<void> {
  try {
    await run('git', ['-C', projectRoot, ...args]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const mend = 'get the whole history with "git fetch --unshallow"';
    throw new Error(`Cannot lay out the former version: this is no clone that has commit ${commit}; ${mend}`, {
      cause: error,
    });
  }
}
