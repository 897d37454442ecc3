import ssh2 from 'ssh2';
import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';
import type { SshAccess } from './ssh-access.ts';

/**
 * The SSH Secret of a binding: `ssh-privatekey`, and `known_hosts`, `user` (root), `port` (22), `jump` (`[user@]host[:port]`).
 * `data` holds the decoded values; `name` is the Secret's, for sentences.
 *
 * @throws {Invalid} `SshInvalid`, naming the Secret and the key that is missing or wrong.
 */
export function parseSshAccess(name: string, data: Readonly<Record<string, string | undefined>>): SshAccess {
  try {
    return parse(data);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Invalid('SshInvalid', `The SSH Secret "${name}" ${error.message}.`);
  }
}

/** What is wrong, as a predicate of the Secret. */
class Fault extends Error {}

function parse(data: Readonly<Record<string, string | undefined>>): SshAccess {
  const user = data.user?.trim() || 'root';
  checkUser(user, 'user');
  const jump = data.jump?.trim();
  return {
    privateKey: parsePrivateKey(data['ssh-privatekey']),
    knownHosts: data.known_hosts ?? '',
    user,
    port: parsePort(data.port?.trim() || '22', 'port'),
    ...(jump ? { jump: parseJump(jump, user) } : {}),
  };
}

function parsePrivateKey(text: string | undefined): Secret {
  if (text === undefined || text.trim() === '') {
    throw new Fault('has no key "ssh-privatekey": put an OpenSSH private key without a passphrase there');
  }
  // A key that was pasted without its last newline, or with Windows line ends, is the same key.
  const tidy = `${text.replaceAll('\r\n', '\n').trim()}\n`;
  const parsed = ssh2.utils.parseKey(tidy);
  if (parsed instanceof Error) {
    throw /encrypted|passphrase/i.test(parsed.message)
      ? new Fault('has a private key with a passphrase: take it off with "ssh-keygen -p"')
      : new Fault(
          'has a private key that cannot be read: make one with "ssh-keygen -t ed25519", or bring it to OpenSSH\'s own format with "ssh-keygen -p"',
        );
  }
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key?.isPrivateKey()) {
    throw new Fault('has a public key in "ssh-privatekey" where the private one belongs');
  }
  return new Secret(tidy);
}

function parseJump(text: string, defaultUser: string): { user: string; address: string; port: number } {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? defaultUser : text.slice(0, at);
  checkUser(user, 'jump');
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text.slice(at + 1));
  const bare = /^[0-9A-Fa-f:.]+$/.test(text.slice(at + 1)) ? text.slice(at + 1) : undefined;
  const address = match?.[1] ?? match?.[2] ?? bare;
  // No DNS name is longer; what is said of the host would be.
  if (address === undefined || address.length > 253) {
    throw new Fault('has a "jump" that is not of the form [user@]host[:port]');
  }
  return { user, address, port: parsePort(match?.[3] ?? '22', 'jump') };
}

function parsePort(text: string, key: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new Fault(`has a port in "${key}" that is no number from 1 to 65535`);
  }
  return port;
}

function checkUser(user: string, key: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}$/.test(user)) {
    throw new Fault(`has a user in "${key}" that is no Unix user name`);
  }
}
