import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { run } from '../../lab/process.ts';
import { needCommand } from '../../lab/roots.ts';

export interface GitRepository extends AsyncDisposable {
  readonly url: string;
  /** Writes objects into files, or takes a file away where there are none, and commits. */
  commit(files: Readonly<Record<string, object | undefined>>): Promise<void>;
}

/** A repository of this machine, with the branch `main`. */
export async function gitRepository(): Promise<GitRepository> {
  await needCommand('git', 'git');
  const folder = await mkdtemp(join(tmpdir(), 'repository-'));
  const git = (...args: readonly string[]) => run('git', ['-C', folder, ...args]);
  await git('init', '--quiet', '--initial-branch=main');
  return {
    url: `file://${folder}`,
    async commit(files) {
      for (const [path, object] of Object.entries(files)) {
        const file = join(folder, path);
        await mkdir(dirname(file), { recursive: true });
        if (object === undefined) await rm(file);
        else await writeFile(file, dump(object));
      }
      await git('add', '--all');
      const author = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.org'];
      await git(...author, 'commit', '--quiet', '--message=Change the cloud');
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
