import { readdirSync, readFileSync } from 'node:fs';

/** One line of the report: what, how much, and what it is measured against in the same run. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 3 : 1)} s`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Time and result of some work. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begin = performance.now();
  const result = await work();
  return { ms: performance.now() - begin, result };
}

/** A process and its children. */
export interface Usage {
  readonly pid: number;
  /** User and system time so far. */
  readonly cpuMs: number;
  readonly residentMiB: number;
}

/** What a process and each of its children have used, the process first. */
export function usageOf(pid: number): readonly Usage[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid);
  return [pid, ...children].flatMap((one) => {
    const stat = statOf(one);
    if (stat === undefined) return [];
    const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1];
    return [{ pid: one, cpuMs: (Number(stat[11]) + Number(stat[12])) * 10, residentMiB: Number(resident) / 1024 }];
  });
}

/** The fields of /proc/PID/stat after the name, which may hold blanks. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}
