import type { Secret } from '../secret.ts';

/** How to log in to a fleet: what the SSH Secret of a binding says. Made by `parseSshAccess` (ssh-secret.ts). */
export interface SshAccess {
  /** An OpenSSH or PEM private key without a passphrase: ed25519, ECDSA or RSA. */
  readonly privateKey: Secret;
  /** Text of a known_hosts file; empty where every host has a fingerprint. */
  readonly knownHosts: string;
  /** `root`, or a user that may run `/bin/sh -s` through `sudo -n`. */
  readonly user: string;
  readonly port: number;
  /** The one host through which all others are reached; its key is verified by `knownHosts` too. */
  readonly jump?: { readonly user: string; readonly address: string; readonly port: number };
}

/** One machine to reach. */
export interface HostTarget {
  /** The name for people, and a second name under which `knownHosts` may hold its key. */
  readonly name: string;
  /** IP address or DNS name. */
  readonly address: string;
  /** Wins over `access.port`. */
  readonly port?: number;
  /** `SHA256:…` as `ssh-keygen -l` prints it. A line of known_hosts for this host must agree as well. */
  readonly hostKeyFingerprint?: string;
  readonly access: SshAccess;
}

export interface ScriptRequest {
  /** For metrics. */
  readonly purpose: 'observe' | 'apply';
  /** A whole POSIX sh script. It goes to `/bin/sh -s` on stdin, as root: nothing of it ever stands in an argv. */
  readonly script: string;
  readonly timeoutMs: number;
  /** More output than this is an error (HostAnswerInvalid). */
  readonly maxOutputBytes: number;
  /** Called with each whole line of standard output (without its newline) as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface ScriptOutput {
  readonly stdout: string;
  /** The last 4 KiB, without control characters. */
  readonly stderrTail: string;
  readonly exitCode: number;
}

/**
 * A way to run scripts on one machine as root. Connects on first use, stays open for a minute after the last use,
 * and connects anew when it was lost. Handed out by `SshPool.connection`; cheap to ask for in every pass.
 */
export interface SshConnection {
  /** The host's name for people. */
  readonly name: string;
  /**
   * Runs a script; an exit code other than 0 is no error here.
   *
   * @throws {Waiting} `HostUnreachable` when it does not answer, in time or at all.
   * @throws {Invalid} `HostKeyMismatch`, `HostKeyUnknown`, `SshRefused` (login or sudo), `SshInvalid` (the key itself).
   * @throws {Invalid} `HostAnswerInvalid` when it says more than `maxOutputBytes`.
   */
  run(request: ScriptRequest, signal: AbortSignal): Promise<ScriptOutput>;
  /** Content of files seen before, so that an unchanged file is not sent again. */
  readonly contents: ContentCache;
}

/** File contents of one host, by path and SHA-256; bounded by bytes over all hosts. */
export interface ContentCache {
  hash(path: string): string | undefined;
  get(path: string, sha256: string): Secret | undefined;
  set(path: string, sha256: string, content: Secret): void;
}
