import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../lab/eventually.ts';
import { freePorts } from '../../lab/ports.ts';
import { needCommand } from '../../lab/roots.ts';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A real sshd of this machine on a loopback port, with keys of its own; it lets `clientKeys` in as root. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1 TYPE BASE64`, with the port in brackets. */
  knownHostsLine(type: KeyType): string;
  fingerprint(type: KeyType): string;
  readonly clientKeys: Readonly<Record<KeyType, string>>;
  /** How many connections it has open. */
  connections(): number;
}

export async function startSshd(
  options: { readonly config?: string; readonly types?: readonly KeyType[] } = {},
): Promise<Sshd> {
  await needCommand('/usr/sbin/sshd', 'openssh-server');
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  chmodSync(folder, 0o755);
  mkdirSync('/run/sshd', { recursive: true });
  const all: readonly KeyType[] = ['ed25519', 'ecdsa', 'rsa'];
  const types = options.types ?? all;
  for (const type of all) {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, `host_${type}`)]);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, `client_${type}`)]);
  }
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  writeFileSync(join(folder, 'authorized_keys'), all.map((type) => read(`client_${type}.pub`)).join(''));
  const [port = 0] = await freePorts(1);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    ...types.map((type) => `HostKey ${join(folder, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    options.config ?? '',
  ];
  writeFileSync(join(folder, 'sshd_config'), `${config.join('\n')}\n`);
  const daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await eventually(() => {
    if (!log.includes('Server listening')) throw new Error(`sshd says: ${log}`);
  });
  return {
    port,
    knownHostsLine: (type) => `[127.0.0.1]:${port} ${read(`host_${type}.pub`)}`,
    fingerprint: (type) =>
      execFileSync('ssh-keygen', ['-l', '-f', join(folder, `host_${type}.pub`)], { encoding: 'utf8' }).split(' ')[1] ??
      '',
    clientKeys: { ed25519: read('client_ed25519'), ecdsa: read('client_ecdsa'), rsa: read('client_rsa') },
    connections: () =>
      Number(execFileSync('sh', ['-c', `ss -Htn state established "sport = :${port}" | wc -l`], { encoding: 'utf8' })),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => daemon.once('close', resolve));
      daemon.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
