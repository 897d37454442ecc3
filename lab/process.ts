import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { register } from './leftovers.ts';

export interface RunOptions {
  readonly input?: string | Buffer;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A command that ended otherwise than with code 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly command: string;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, exitCode: number | null, how: string, stdout: string, stderr: string) {
    super(`Command "${command}" ${how}: ${tail(stderr) || tail(stdout) || 'it printed nothing'}`);
    this.command = command;
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Runs a command to its end and gives what it printed. Throws a CommandError unless it ended with code 0. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command that does not read all of its input is no failure.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');

  const deadline = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  const signals = [deadline, options.signal].filter((signal) => signal !== undefined);
  const kill = () => child.kill('SIGKILL');
  for (const signal of signals) signal.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    options.signal?.throwIfAborted();
    const text = Buffer.concat(stdout).toString();
    if (exitCode === 0) return text;
    const how = deadline?.aborted ? `took longer than ${options.timeoutMs} ms` : `ended with code ${exitCode}`;
    throw new CommandError(
      [basename(command), ...args].join(' '),
      exitCode,
      how,
      text,
      Buffer.concat(stderr).toString(),
    );
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', kill);
  }
}

export interface StartOptions {
  /** Where its output goes, appended. */
  readonly logFile: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long it may take to stop before it is killed. Default: 5000. */
  readonly graceMs?: number;
}

/** A process that runs until it is stopped, or until this one ends. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Settles when it has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Whether it still runs. */
  alive(): boolean;
  /** The last lines that it printed. */
  logTail(): string;
  /** SIGTERM, SIGKILL after the grace; waits for the end. */
  stop(): Promise<void>;
}

/** Starts a process in the background, in a process group of its own so that Ctrl-C reaches it only through us. */
export function startProcess(command: string, args: readonly string[], options: StartOptions): Running {
  const log = openSync(options.logFile, 'a', 0o600);
  // The kernel kills it should we be killed; the command keeps the pid.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`Cannot start "${command}": setpriv (util-linux) is missing`);
  const { pid } = child;
  const graceMs = options.graceMs ?? 5000;
  const registration = register({ kind: 'process', pid, graceMs });
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      registration.forget();
      resolve();
    });
  });
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended by itself in between.
    }
  };
  const stop = async () => {
    if (ended) return;
    signalGroup('SIGTERM');
    // A frozen process takes no SIGTERM.
    signalGroup('SIGCONT');
    const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return {
    pid,
    exited,
    alive: () => !ended,
    logTail: () => tail(readFileSync(options.logFile, 'utf8')),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-12).join('\n').slice(-2000);
}
