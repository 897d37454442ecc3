import { spawn } from 'node:child_process';

/**
 * Runs a command below everything else, beside this process; what it says is lost, and that it cannot be run, too. It
 * ends with this process, and all that it started.
 */
export function startInBackground(command: readonly string[]): void {
  // Its own group, so that no compiler which it started goes on after it.
  const child = spawn('nice', ['-n', '9', ...command], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
  const stop = (): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid);
    } catch {
      // It went by itself.
    }
  };
  process.once('exit', stop);
  // What a terminal sends does not reach another group, and a signal alone is no exit.
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => process.exit(code));
}
