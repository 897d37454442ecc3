import type { HostTarget, SshConnection } from './ssh-access.ts';

/** One per operator process. `connection` only describes: it connects when the first script runs. */
export declare class SshPool implements AsyncDisposable {
  constructor(options?: { readonly concurrency?: number; readonly idleMs?: number });
  /** The same target (address, port, user, key, known hosts) gives the same connection. */
  connection(target: HostTarget): SshConnection;
  [Symbol.asyncDispose](): Promise<void>;
}
