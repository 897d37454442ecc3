import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './process.ts';
import { type Overlay, overlay } from './roots.ts';

/**
 * A writable view of a root tree that programs can be run in with chroot: with /dev and /proc, and with some files and
 * folders of this machine (`shared`) at the very same paths. It is mounted at `DIRECTORY/root`.
 */
export async function chrootTree(tree: string, directory: string, shared: readonly string[]): Promise<Overlay> {
  const layers = await overlay([tree], directory);
  try {
    await run('mount', ['-t', 'proc', 'proc', join(layers.root, 'proc')]);
    for (const path of ['/dev', ...shared]) {
      const place = join(layers.root, path);
      makePlace(path, place);
      await run('mount', ['--bind', path, place]);
    }
  } catch (error) {
    layers[Symbol.dispose]();
    throw error;
  }
  return layers;
}

/** A file can only be mounted on a file, a folder only on a folder. */
function makePlace(path: string, place: string): void {
  if (statSync(path).isDirectory()) {
    mkdirSync(place, { recursive: true });
  } else {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '', { flag: 'a' });
  }
}
