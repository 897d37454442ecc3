import type { Duplex } from 'node:stream';
import ssh2, { type ConnectConfig } from 'ssh2';
import { Invalid, Waiting } from '../errors.ts';
import { clean } from './clean.ts';
import {
  type HostKeyType,
  type HostKeyVerdict,
  hostKeyAttempts,
  keyFingerprint,
  knownKeys,
  parseKnownHosts,
  verifyHostKey,
} from './known-hosts.ts';
import { networkWords } from './network-words.ts';
import type { SshAccess } from './ssh-access.ts';

/** One machine to log in to, itself a host or the way to one. */
export interface Login {
  /** For sentences: `Host "ctl1" (10.0.0.11:22)`. */
  readonly label: string;
  /** What known_hosts may call it; the address first. */
  readonly names: readonly string[];
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly access: SshAccess;
  readonly fingerprint?: string;
}

/** How long the other side may take to let us in. */
export const loginTimeoutMs = 10_000;

/**
 * Logs in, with the host key verified before anything of ours is shown to the other side.
 * `openSocket` gives the way through a jump host, anew for each try; without it the address is dialled.
 *
 * @throws {Waiting} `HostUnreachable`
 * @throws {Invalid} `HostKeyUnknown`, `HostKeyMismatch`, `SshRefused`
 */
export async function logIn(
  login: Login,
  openSocket: (() => Promise<Duplex>) | undefined,
  signal: AbortSignal,
): Promise<ssh2.Client> {
  const known = knownKeys(parseKnownHosts(login.access.knownHosts), login.names, login.port);
  if (known.keys.length === 0 && login.fingerprint === undefined) {
    throw new Invalid('HostKeyUnknown', unknownKeyMessage(login, known.onlyAuthority));
  }
  let refused: Error | undefined;
  for (const types of hostKeyAttempts(known)) {
    const seen: SeenKey = {};
    const hostVerifier = (key: Buffer): boolean => {
      seen.fingerprint = keyFingerprint(key);
      seen.verdict = verifyHostKey(key, known, login.fingerprint);
      return seen.verdict === 'trusted';
    };
    const sock = await openSocket?.();
    try {
      return await open({ ...config(login, types), hostVerifier, ...(sock ? { sock } : {}) }, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = explain(login, error, seen);
      if (!(failure instanceof Invalid && failure.reason === 'HostKeyMismatch')) {
        throw failure;
      }
      // Perhaps only another of its keys is the known one; a mismatch that was seen is the better sentence.
      refused = seen.verdict === undefined ? (refused ?? failure) : failure;
    }
  }
  throw refused ?? new Invalid('HostKeyUnknown', unknownKeyMessage(login, false));
}

interface SeenKey {
  verdict?: HostKeyVerdict;
  fingerprint?: string;
}

function config(login: Login, types: readonly HostKeyType[]): ConnectConfig {
  return {
    host: login.address,
    port: login.port,
    username: login.user,
    privateKey: login.access.privateKey.reveal(),
    readyTimeout: loginTimeoutMs,
    // A frozen host is noticed within a quarter of a minute, also amid a long script.
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    algorithms: {
      // ssh-rsa names a key, and as an algorithm its SHA-1 signature, which is not asked for.
      serverHostKey: types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])),
      kex: [
        'curve25519-sha256',
        'curve25519-sha256@libssh.org',
        'ecdh-sha2-nistp256',
        'ecdh-sha2-nistp384',
        'ecdh-sha2-nistp521',
        'diffie-hellman-group-exchange-sha256',
        'diffie-hellman-group14-sha256',
        'diffie-hellman-group16-sha512',
        'diffie-hellman-group18-sha512',
      ],
      cipher: [
        'aes128-gcm@openssh.com',
        'aes256-gcm@openssh.com',
        'chacha20-poly1305@openssh.com',
        'aes128-ctr',
        'aes192-ctr',
        'aes256-ctr',
      ],
      hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
      compress: ['none'],
    } as NonNullable<ConnectConfig['algorithms']>,
  };
}

function open(config: ConnectConfig, signal: AbortSignal): Promise<ssh2.Client> {
  signal.throwIfAborted();
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    const onAbort = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      client.destroy();
      reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the client's whole life: ssh2 may emit further errors after the first.
    client.on('error', fail);
    client.once('close', () => fail(new Error('the connection was closed')));
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(client);
    });
    client.connect(config);
    // Else the kernel holds back the small packets that a script begins and ends with.
    client.setNoDelay(true);
  });
}

function explain(login: Login, error: unknown, seen: SeenKey): Waiting | Invalid {
  const cause = error instanceof Error ? error : new Error(String(error));
  const level = 'level' in cause ? cause.level : undefined;
  if (seen.verdict === 'revoked') {
    return new Invalid(
      'HostKeyMismatch',
      `${login.label} shows the key ${seen.fingerprint}, which known_hosts revokes.`,
    );
  }
  if (seen.verdict === 'mismatch') {
    const source = login.fingerprint === undefined ? 'known_hosts' : 'known_hosts or the fingerprint of the host';
    return new Invalid(
      'HostKeyMismatch',
      `${login.label} shows the key ${seen.fingerprint}, not the one in ${source}: if the machine was installed anew, put its new key there, otherwise somebody stands in between.`,
    );
  }
  if (/no matching host key format/.test(cause.message)) {
    return new Invalid(
      'HostKeyMismatch',
      `${login.label} has no key of the types that are known of it: put its present key into known_hosts.`,
    );
  }
  if (/^Handshake failed: no matching/.test(cause.message)) {
    const what = clean(cause.message.replace('Handshake failed: no matching ', ''));
    return new Invalid(
      'SshRefused',
      `${login.label} has no ${what} in common with this operator: its sshd is too old.`,
    );
  }
  if (level === 'client-authentication') {
    return new Invalid(
      'SshRefused',
      `${login.label} refuses the key for user "${login.user}": put its public half into that user's authorized_keys, and see that the user has a shell and may log in.`,
      { cause },
    );
  }
  const words = level === 'client-timeout' ? 'it did not answer in time' : networkWords(cause);
  return unreachable(login.label, words, cause);
}

/** The one error of a machine that does not answer. */
export function unreachable(label: string, words: string, cause?: unknown): Waiting {
  return new Waiting('HostUnreachable', `${label} cannot be reached: ${words}.`, { retryAfterMs: 30_000, cause });
}

function unknownKeyMessage(login: Login, onlyAuthority: boolean): string {
  return onlyAuthority
    ? `known_hosts has only a @cert-authority line for ${login.label}: host certificates are not supported, add a line with its own key.`
    : `known_hosts has no key for ${login.label}: add the line that "ssh-keyscan" prints for it once you have compared its fingerprint, or set hostKeyFingerprint.`;
}
