import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { eventually } from './eventually.ts';
import { startTimeOf, sweepLeftovers } from './leftovers.ts';
import { progress } from './progress.ts';

/** Where the process that holds the world of `make lab` says who it is. */
export const worldFile = join(cacheFolder('run'), 'world.json');

/** The process that holds the world; undefined when none does. */
export async function worldHolder(): Promise<number | undefined> {
  const note = await readFile(worldFile, 'utf8').catch(() => undefined);
  if (note === undefined) return undefined;
  const { pid, startTime } = JSON.parse(note);
  return startTimeOf(pid) === startTime ? pid : undefined;
}

async function main(): Promise<void> {
  const pid = await worldHolder();
  if (pid === undefined) {
    console.log('No world is up.');
  } else {
    process.kill(pid, 'SIGTERM');
    const isGone = () => {
      if (startTimeOf(pid) !== undefined) throw new Error(`process ${pid} still runs`);
    };
    await progress('Taking the world down', () => eventually(isGone, { timeoutMs: 120_000 }));
  }
  // Of a world whose process was killed, too.
  sweepLeftovers();
}

if (import.meta.main) await main();
