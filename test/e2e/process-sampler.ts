import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

// The thread of process-samples.ts. A process is looked at some times while it is young, for it may still become another program.
const youth = 30;
const seen = new Set<string>();
let ages = new Map<string, number>();

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', ' ');
  } catch {
    // It ended in between.
    return '';
  }
}

function look(): void {
  const now = new Map<string, number>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const age = (ages.get(pid) ?? 0) + 1;
    now.set(pid, age);
    if (age > youth) continue;
    seen.add(read(`/proc/${pid}/cmdline`));
    seen.add(read(`/proc/${pid}/environ`));
  }
  ages = now;
}

// Of this thread alone: what lives briefly must not be gone before its turn comes.
setPriority(-15);
const timer = setInterval(look, 6);
parentPort?.postMessage('started');
parentPort?.once('message', () => {
  clearInterval(timer);
  parentPort?.postMessage([...seen]);
});
