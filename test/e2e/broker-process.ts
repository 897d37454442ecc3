import { readdir, readFile } from 'node:fs/promises';
import type { OperatorProcess } from '../../lab/operator-process.ts';

/** Process ids of the operator's children that talk to Ceph: one for each connection in use. */
export async function brokersOf(operator: OperatorProcess): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isBroker(pid, operator.pid)) ? [pid] : [])));
  return found.flat().sort((one, other) => one - other);
}

async function isBroker(pid: number, parent: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(ppid) !== parent || state === 'Z') return false;
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('broker');
  } catch {
    // It ended in between.
    return false;
  }
}
