import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { SshConnection } from '../../src/hosts/ssh-access.ts';
import type { Secret } from '../../src/secret.ts';

/** A directory below ones that only root can write to, as a host's own are. */
export function rootOnlyFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync('/run/local-shell-');
  mkdirSync(`${path}/state`, { mode: 0o700 });
  mkdirSync(`${path}/run`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface LocalShell extends SshConnection {
  /** Every script that was run. */
  readonly scripts: string[];
}

/**
 * Runs scripts with a shell of this machine, without SSH. What they keep lies in `folder`/state, and what they work with
 * in `folder`/run: transactions on one machine sweep what others left there, and several may go on here.
 * `tools` stand first on their PATH.
 */
export function localShell(
  command: readonly [string, ...string[]],
  folder: string,
  options: { readonly tools?: string; readonly edit?: (script: string) => string } = {},
): LocalShell {
  const contents = new Map<string, { sha256: string; content: Secret }>();
  const scripts: string[] = [];
  return {
    name: 'local',
    scripts,
    contents: {
      hash: (path) => contents.get(path)?.sha256,
      get: (path, sha256) => (contents.get(path)?.sha256 === sha256 ? contents.get(path)?.content : undefined),
      set: (path, sha256, content) => contents.set(path, { sha256, content }),
    },
    run: (request, signal) => {
      const script = request.script
        .replaceAll('/var/lib/ceph-openstack-operator', `${folder}/state`)
        .replaceAll('/run/ceph-openstack-operator.', `${folder}/run/ceph-openstack-operator.`)
        .replace('PATH=/usr/sbin:', `PATH=${options.tools === undefined ? '' : `${options.tools}:`}/usr/sbin:`);
      scripts.push(script);
      const [program, ...args] = command;
      const child = spawn(program, [...args, '-s'], { signal });
      child.stdin.end(options.edit?.(script) ?? script);
      const stdout: string[] = [];
      let partial = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout.push(text);
        const lines = (partial + text).split('\n');
        partial = lines.pop() ?? '';
        for (const line of lines) request.onLine?.(line);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.stdin.on('error', () => undefined);
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) =>
          resolve({ stdout: stdout.join(''), stderrTail: stderr.slice(-4096), exitCode: code ?? 255 }),
        );
      });
    },
  };
}
