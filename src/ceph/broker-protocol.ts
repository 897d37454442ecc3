/*
 * What the operator and its Ceph child process say to each other, over Node's IPC channel.
 * Keys travel only here: never in arguments or environment, where every user of the machine could read them.
 */

/** The native library's own deadlines, whole seconds. */
export interface NativeTimeouts {
  readonly connectSeconds: number;
  readonly monSeconds: number;
  readonly osdSeconds: number;
}

/** Says hello: made once, before anything else. */
export interface ConnectCall {
  readonly op: 'connect';
  readonly monHost: string;
  readonly entity: string;
  readonly key: string;
  readonly timeouts: NativeTimeouts;
}

export type Call =
  | ConnectCall
  /** A command for the monitors: JSON, and what some commands take as input. */
  | { readonly op: 'mon'; readonly command: string; readonly input?: string }
  /** A command for one monitor. */
  | { readonly op: 'tell-mon'; readonly monitor: string; readonly command: string }
  /** What a pool looks like to RBD. Value: PoolLook. */
  | { readonly op: 'look'; readonly pool: string }
  /** Everything in a pool that speaks against deleting it. Value: PoolContents. */
  | { readonly op: 'contents'; readonly pool: string; readonly holds: PoolHolds }
  /** Where the data of new images go. */
  | { readonly op: 'set-data-pool'; readonly pool: string; readonly dataPool: string }
  /** What `rbd pool init` does. `hasSnapshots`: of the whole pool. */
  | { readonly op: 'init-pool'; readonly pool: string; readonly hasSnapshots: boolean }
  | { readonly op: 'create-namespace'; readonly pool: string; readonly namespace: string }
  | { readonly op: 'remove-namespace'; readonly pool: string; readonly namespace: string };

/** What a pool is for: images, or only the data of images of other pools. */
export type PoolHolds = 'images' | 'data';

export interface PoolLook {
  /** Whether `rbd pool init`, or the first image, has left its trace. */
  readonly initialised: boolean;
  /** Images by RBD namespace, trash not counted; the empty name is the unnamed one, which always is there. */
  readonly images: Readonly<Record<string, number>>;
  /** The pool in which the data of new images lie, where that is said of this pool. */
  readonly dataPool?: string;
}

export interface PoolContents {
  readonly namespaces: readonly NamespaceContents[];
  /**
   * Objects in any namespace that are neither RBD's own housekeeping nor of the images above, some of them, as `name` or
   * `namespace/name`.
   */
  readonly foreignObjects: readonly string[];
}

export interface NamespaceContents {
  /** Empty for the unnamed one. */
  readonly namespace: string;
  /** Names of images, all of them. */
  readonly images: readonly string[];
  /** Names of images in the trash, all of them. */
  readonly trash: readonly string[];
  /** Snapshots of images, those in the trash included. */
  readonly snapshots: number;
}

/** `rc` is 0 or a negative errno; `data` and `text` are what a monitor answered. */
export interface Reply {
  readonly rc: number;
  readonly data: string;
  readonly text: string;
  readonly value?: unknown;
}

/*
 * Both sides gather what they say within one turn of their event loop into one message: a hundred small writes to the
 * channel cost more than the commands that they carry.
 */

export interface Request {
  readonly id: number;
  readonly call: Call;
}

export type Response =
  | { readonly id: number; readonly reply: Reply }
  /** The call could not be made at all: a library is missing, a bug. */
  | { readonly id: number; readonly fault: string };

/** Negative errnos that librados and librbd answer with. */
export const errno = {
  EPERM: -1,
  ENOENT: -2,
  EACCES: -13,
  EBUSY: -16,
  EEXIST: -17,
  EINVAL: -22,
  ERANGE: -34,
  ENOTCONN: -107,
  ETIMEDOUT: -110,
} as const;
