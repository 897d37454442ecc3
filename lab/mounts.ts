import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Deletes a folder, if it exists, with all below it. Never reaches into what is mounted there: that is unmounted first. */
export function removeTree(path: string): void {
  if (!existsSync(path)) return;
  unmountBelow(path);
  // Not fs.rmSync: it would go on into a mount that came up in between.
  const { status, stderr } = spawnSync('rm', ['-rf', '--one-file-system', '--', path], { encoding: 'utf8' });
  if (status !== 0) console.error(`Cannot delete "${path}": ${stderr.trim()}`);
}

/** Unmounts what is mounted at a path and below it. */
export function unmountBelow(path: string): void {
  for (const mount of mountsBelow(path)) spawnSync('umount', ['--lazy', mount]);
}

/** The deepest and latest first. */
function mountsBelow(path: string): string[] {
  const octal = (text: string) =>
    text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => octal(line.split(' ')[4] ?? ''))
    .filter((mount) => mount === path || mount.startsWith(`${path}/`))
    .reverse();
}
