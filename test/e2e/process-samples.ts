import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface ProcessSamples {
  /** Ends it, and gives the distinct arguments and environments that were seen. A second call gives the same. */
  stop(): Promise<readonly string[]>;
}

/**
 * Looks over and over at the arguments and environment of every process of this machine, those of the lab's hosts
 * included. In a thread of its own, so that it also sees what lives for some milliseconds only.
 */
export async function sampleProcesses(): Promise<ProcessSamples> {
  const worker = new Worker(new URL('./process-sampler.ts', import.meta.url));
  await once(worker, 'message');
  let samples: Promise<readonly string[]> | undefined;
  const stop = async () => {
    worker.postMessage('stop');
    const [seen] = await once(worker, 'message');
    return seen;
  };
  return { stop: () => (samples ??= stop()) };
}
