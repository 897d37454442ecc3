import type { Secret } from '../secret.ts';
import type { Manifest } from './manifest.ts';

/** The content that a step expects to find: a SHA-256 in lower-case hex, or nothing at all. Anything else is a `Conflict`. */
export type ExpectedContent = string | 'absent';

/** One idempotent action on a host. Steps of one call are one transaction, in order; the first that fails ends it. */
export type HostStep =
  /** Installs what is missing, without recommended packages; refuses when something would be upgraded or removed. */
  | { readonly verb: 'install-packages'; readonly packages: readonly string[] }
  /**
   * Replaces atomically; keeps the SELinux label. A missing parent fails: `make-directory` first. The directory itself may
   * belong to a service (Debian's /etc/nova), those above it only to root; the other steps on files want root's throughout.
   */
  | {
      readonly verb: 'write-file';
      readonly path: string;
      readonly content: Secret;
      readonly owner: string;
      readonly group: string;
      /** Four octal digits. */
      readonly mode: string;
      readonly expected: ExpectedContent;
    }
  /** Owner and mode of a file whose content is right. */
  | {
      readonly verb: 'set-permissions';
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    }
  | {
      readonly verb: 'make-directory';
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    }
  | { readonly verb: 'remove-file'; readonly path: string; readonly expected: string }
  /** Only when it is empty; otherwise it stays, which is no failure. */
  | { readonly verb: 'remove-directory'; readonly path: string }
  /** `ephemeral='no' private='no'`, usage type ceph. */
  | { readonly verb: 'define-libvirt-secret'; readonly uuid: string; readonly usageName: string }
  /** `value` is the bare key (base64). Read back and compared after setting. */
  | { readonly verb: 'set-libvirt-secret-value'; readonly uuid: string; readonly value: Secret }
  /** Refuses while a guest, running or defined, uses it. */
  | { readonly verb: 'undefine-libvirt-secret'; readonly uuid: string; readonly usageName: string }
  /** Several in one transaction: each expects `manifestHash` of the one before. None may follow one with a `Now` in it. */
  | { readonly verb: 'write-manifest'; readonly manifest: Manifest; readonly expected: ExpectedContent }
  | { readonly verb: 'remove-manifest'; readonly expected: string }
  /** `systemctl daemon-reload`. */
  | { readonly verb: 'reload-units' }
  /** Started without waiting: follow it through the facts (`restartVerdict`). A unit that is stopped or masked stays as it is. */
  | { readonly verb: 'restart-unit'; readonly unit: string };

export interface StepResult {
  /** `already`: the world was so before, nothing was written. `skipped`: left alone on purpose (see `detail`). */
  readonly outcome: 'done' | 'already' | 'skipped';
  /** A clause for a sentence, without control characters. */
  readonly detail?: string;
}
