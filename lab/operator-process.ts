import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from './cache.ts';
import { register } from './leftovers.ts';

/** The operator as a process of this machine, under a service account's kubeconfig. */
export interface OperatorProcess extends AsyncDisposable {
  readonly pid: number;
  /** Its metrics. */
  readonly metricsUrl: string;
  /** Path of the kubeconfig with its token. */
  readonly kubeconfig: string;
  /** Everything that it wrote, at debug level, as JSON lines. */
  readonly log: readonly string[];
  /** Where the same lines are kept. */
  readonly logFile: string;
  /** Called with each line from now on. */
  onLine(listener: (line: string) => void): void;
  /** Ends it as a crash would: no goodbye, no lease given back. */
  kill(): Promise<void>;
  /** Ends it as Kubernetes does. Gives its exit code. */
  stop(): Promise<number | null>;
  readonly running: boolean;
}

export interface OperatorSettings {
  readonly kubeconfig: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
  /** With the version of this project to run. Left out: this one. */
  readonly folder?: string;
}

export function startOperatorProcess(settings: OperatorSettings): OperatorProcess {
  const { kubeconfig, logFile, environment, folder = projectRoot } = settings;
  const child = spawn(process.execPath, [join(folder, 'src', 'main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, KUBECONFIG: kubeconfig, LOG_LEVEL: 'debug', LOG_FORMAT: 'json', ...environment },
  });
  if (child.pid === undefined) throw new Error('Cannot start the operator');
  const registration = register({ kind: 'process', pid: child.pid });
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const log: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  keepLines(child, file, (line) => {
    log.push(line);
    for (const listener of listeners) listener(line);
  });
  const exited = once(child, 'exit').then(([code]) => {
    registration.release();
    return code as number | null;
  });
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return exited;
  };
  return {
    pid: child.pid,
    metricsUrl: `http://${environment.METRICS_ADDRESS}/metrics`,
    kubeconfig,
    log,
    logFile,
    onLine: (listener) => void listeners.push(listener),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    [Symbol.asyncDispose]: async () => void (await end('SIGTERM')),
  };
}

function keepLines(child: ChildProcess, file: WriteStream, keep: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`);
      keep(line);
    });
  }
}
