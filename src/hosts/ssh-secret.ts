import type { SshAccess } from './ssh-access.ts';

/**
 * The SSH Secret of a binding: `ssh-privatekey`, and `known_hosts`, `user` (root), `port` (22), `jump` (`[user@]host[:port]`).
 * `data` holds the decoded values.
 *
 * @throws {Invalid} `SshInvalid`, naming the key that is missing or wrong.
 */
export declare function parseSshAccess(data: Readonly<Record<string, string | undefined>>): SshAccess;
