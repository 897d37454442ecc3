import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheFolder, projectRoot } from './cache.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';

/** The lab's Go modules, each a folder under `lab`, in the order in which tests want them. */
export const goModules = ['kube', 'kube-oldest', 'argocd'] as const;
export type GoModule = (typeof goModules)[number];

export interface GoProgram {
  /** The package is among the tools of its go.mod. */
  readonly module: GoModule;
  readonly name: string;
  readonly package: string;
  readonly linkerFlags?: string;
}

/**
 * Gives the path of a program, built from a Go module of the lab's and kept in the cache.
 * The first build takes minutes; with what Go's own build cache holds, seconds.
 */
export async function goProgram({ module, name, package: source, linkerFlags = '-s -w' }: GoProgram): Promise<string> {
  const target = await cached(join(await programs(module), name), (unfinished) =>
    progress(`Building ${name}`, async () => {
      const flags = ['-buildvcs=false', '-ldflags', linkerFlags, '-o', join(unfinished, name)];
      await run('nice', ['go', 'build', '-C', goModule(module), ...flags, source], { env: { CGO_ENABLED: '0' } });
    }),
  );
  return join(target, name);
}

/** Fetches what the programs of a module are made of, unless the cache has one of them already. Builds at the same time do not mind. */
export async function fetchGoModule(module: GoModule): Promise<void> {
  if (existsSync(join(cacheFolder(), await programs(module)))) return;
  await run('go', ['mod', 'download', '-C', goModule(module)]);
}

/** The folder of the cache for what is built from a module as it is now. */
async function programs(module: GoModule): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(goModule(module), file)));
  return join(module, hash.digest('hex').slice(0, 12));
}

/** The folder of one of the lab's Go modules. */
export function goModule(name: GoModule): string {
  return join(projectRoot, 'lab', name);
}
