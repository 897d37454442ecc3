import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, projectRoot } from './cache.ts';
import { run } from './process.ts';
import { progress } from './progress.ts';

export interface GoProgram {
  /** The folder of the Go module under `lab`, as in `kube`; its go.mod has the package among its tools. */
  readonly module: string;
  readonly name: string;
  readonly package: string;
  readonly linkerFlags?: string;
}

/**
 * Gives the path of a program, built from a Go module of the lab's and kept in the cache.
 * The first build takes minutes; with what Go's own build cache holds, seconds.
 */
export async function goProgram({ module, name, package: source, linkerFlags = '-s -w' }: GoProgram): Promise<string> {
  const folder = goModule(module);
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(folder, file)));
  const version = hash.digest('hex').slice(0, 12);
  const target = await cached(join(module, version, name), (unfinished) =>
    progress(`Building ${name}`, async () => {
      const flags = ['-buildvcs=false', '-ldflags', linkerFlags, '-o', join(unfinished, name)];
      await run('nice', ['go', 'build', '-C', folder, ...flags, source], { env: { CGO_ENABLED: '0' } });
    }),
  );
  return join(target, name);
}

/** The folder of one of the lab's Go modules. */
export function goModule(name: string): string {
  return join(projectRoot, 'lab', name);
}
