import { abandonable } from '../abandonable.ts';

/** How long an answer serves those who come later. */
const maxAgeMs = 1_000;

/**
 * Reads that many want at about the same time and one makes for all. A read of a topic that was written to since it
 * began serves nobody who comes after the write.
 */
export interface SharedReads {
  read<T>(topic: string, name: string, read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Called before and after each write of ours. */
  expire(topic: string): void;
  /** What was read before now serves nobody any more. */
  expireAll(): void;
}

interface Read {
  readonly version: number;
  readonly at: number;
  readonly answer: Promise<unknown>;
  done: boolean;
}

export function createSharedReads(now: () => number = () => performance.now()): SharedReads {
  const versions = new Map<string, number>();
  const reads = new Map<string, Read>();

  return {
    async read<T>(topic: string, name: string, read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) {
      const version = versions.get(topic) ?? 0;
      const found = reads.get(name);
      if (found !== undefined && found.version === version && (!found.done || now() - found.at < maxAgeMs)) {
        return abandonable(found.answer as Promise<T>, signal);
      }
      // It has no signal of its own: one who gives up must not fail the others. The broker bounds it.
      const answer = read(new AbortController().signal);
      const entry: Read = { version, at: now(), answer, done: false };
      reads.set(name, entry);
      answer.then(
        () => {
          entry.done = true;
        },
        () => {
          if (reads.get(name) === entry) reads.delete(name);
        },
      );
      return abandonable(answer, signal);
    },
    expire(topic) {
      versions.set(topic, (versions.get(topic) ?? 0) + 1);
    },
    expireAll() {
      reads.clear();
    },
  };
}
