import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { needCommand } from '../../lab/roots.ts';
import { emptyManifest } from '../../src/controllers/ceph-openstack-host/draft.ts';
import { type HostFacts, lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { HostStep, StepResult } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';
import { type LocalShell, localShell, rootOnlyFolder } from './local-shell.ts';

/** The shells that hosts may have as /bin/sh. */
export type ShellName = 'dash' | 'bash' | 'busybox';
export const shellNames: readonly ShellName[] = ['dash', 'bash', 'busybox'];

const commands: Readonly<Record<ShellName, readonly [string, ...string[]]>> = {
  dash: ['dash'],
  bash: ['bash', '--posix'],
  busybox: ['busybox', 'sh'],
};

/** A directory of this machine that stands for a host, and a shell that works there. */
export interface ScriptHost extends Disposable {
  readonly shell: LocalShell;
  /** Stands for /etc; only root can write to it and to what is above it. */
  readonly etc: string;
  /** What the scripts keep. */
  readonly state: string;
  /** What a transaction works with. */
  readonly run: string;
  /** Another shell on the same host, whose scripts are changed before they run. */
  edited(edit: (script: string) => string): LocalShell;
}

export async function startScriptHost(name: ShellName): Promise<ScriptHost> {
  await needCommand('busybox', 'busybox');
  const folder = rootOnlyFolder();
  const etc = join(folder.path, 'etc');
  mkdirSync(etc, { mode: 0o755 });
  chmodSync(folder.path, 0o755);
  const tools = join(folder.path, 'tools');
  if (name === 'busybox') {
    mkdirSync(tools);
    execFileSync('busybox', ['--install', '-s', tools]);
  }
  const options = name === 'busybox' ? { tools } : {};
  return {
    shell: localShell(commands[name], folder.path, options),
    etc,
    state: join(folder.path, 'state'),
    run: join(folder.path, 'run'),
    edited: (edit) => localShell(commands[name], folder.path, { ...options, edit }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const never = new AbortController().signal;
export function observe(shell: LocalShell, request: Partial<ObserveRequest>): Promise<HostFacts> {
  return observeHost(shell, { ...lookAtNothing, ...request }, never);
}

export async function apply(
  shell: LocalShell,
  ...steps: readonly HostStep[]
): Promise<readonly StepResult['outcome'][]> {
  const outcomes: StepResult['outcome'][] = [];
  await applySteps(shell, steps, (_, result) => outcomes.push(result.outcome), never);
  return outcomes;
}

export function writeStep(path: string, text: string, more: Partial<HostStep & { verb: 'write-file' }> = {}): HostStep {
  const rights = { owner: 'root', group: 'daemon', mode: '0640' };
  return { verb: 'write-file', path, content: new Secret(text), ...rights, expected: 'absent', ...more };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export const manifest = emptyManifest({ installation: 'test', namespace: 'openstack', name: 'cloud' });
