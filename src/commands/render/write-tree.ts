import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readFile, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Lists what we wrote, so that the next time we take away what is no longer rendered, and nothing else. */
const index = '_files.txt';

/**
 * Makes a folder hold exactly these files among those that an earlier call wrote; what others put there stays. Paths are
 * below the folder: one that leads out of it, or through a link, is refused before anything is written.
 */
export async function writeTree(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const all = new Map([
    ...files,
    [
      index,
      [...files.keys()]
        .sort()
        .map((path) => `${path}\n`)
        .join(''),
    ],
  ]);
  for (const path of all.keys()) await refuseDetour(folder, path);
  const former = (await readIndex(folder)).filter((path) => !all.has(path) && ours.test(path));
  for (const path of former) await refuseDetour(folder, path);
  for (const path of former) await remove(folder, path);
  for (const [path, content] of all) await write(folder, path, content);
}

/** Whatever stands in the index, only what we can have written is taken away. */
const ours = /^[^/]+[/](host[.]txt|etc[/].+)$/;

const step = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** @throws {Error} when a path does not stay below the folder. */
async function refuseDetour(folder: string, path: string): Promise<void> {
  const steps = path.split('/');
  if (!steps.every((name) => step.test(name))) {
    throw new Error(`${JSON.stringify(path)} is no path below ${folder}: take it out of ${join(folder, index)}.`);
  }
  for (let depth = 1; depth <= steps.length; depth += 1) {
    const place = join(folder, ...steps.slice(0, depth));
    const found = await seen(place);
    const isRight = depth === steps.length ? found?.isFile() : found?.isDirectory();
    if (found !== undefined && isRight !== true) {
      const wanted = depth === steps.length ? 'file' : 'folder';
      throw new Error(`${place} is no plain ${wanted}, and nothing is written through it: take it away.`);
    }
  }
}

async function seen(place: string): Promise<Stats | undefined> {
  try {
    return await lstat(place);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function readIndex(folder: string): Promise<readonly string[]> {
  try {
    return (await readFile(join(folder, index), 'utf8')).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function write(folder: string, path: string, content: string): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  await using file = await open(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
  await file.writeFile(content);
}

/** With the folders that are empty then. */
async function remove(folder: string, path: string): Promise<void> {
  try {
    await unlink(join(folder, path));
    for (let above = dirname(path); above !== '.'; above = dirname(above)) await rmdir(join(folder, above));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
