import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Whose a thing in Ceph is. Names, not a UID: a rebuilt Kubernetes finds its own again. */
export interface Owner {
  /** Tells the operators that share a cluster apart. */
  readonly installation: string;
  readonly namespace: string;
  readonly name: string;
  /** The erasure-coded one of the two pools that one resource may stand for. */
  readonly part?: 'data';
}

/** The key in a pool's `rbd` application metadata under which its mark stands; caps name it, so it has no slash. */
export const poolMarkKey = 'cephopenstack.io';

/** All that this operator keeps in the monitors' store of config-keys begins so. */
export const recordPrefix = 'cephopenstack/';

/** The mark of a pool: `<installation>.<hash of namespace/name>`, 128 bytes of `[A-Za-z0-9-_.=]` at most. */
export function poolMark({ installation, namespace, name, part }: Owner): string {
  const whose = [namespace, name, ...(part === undefined ? [] : [part])].join('/');
  return `${installation}.${createHash('sha256').update(whose).digest('hex').slice(0, 32)}`;
}

export function poolRecordKey(pool: string): string {
  return `${recordPrefix}pools/${pool}`;
}

export function userRecordKey(entity: string): string {
  return `${recordPrefix}users/${entity}`;
}

/** Whoever may write config-keys may write anything there; it ends in sentences. */
const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
  .max(253);

const owner = { installation: name, namespace: name, name };

/**
 * What a config-key says of a pool. While `creating`, the pool is ours if its id is beyond the highest that existed
 * before; afterwards only with that `poolID`, so that a pool that somebody made later under the same name is not.
 */
export type PoolRecord = Owner & {
  /** The RBD namespaces that we made: only those are ever removed. */
  readonly namespaces: readonly string[];
} & (
    | { readonly creatingAfter: number }
    /** `made`: by us for this owner; another pool was adopted, or nobody knows. */
    | { readonly poolID: number; readonly made?: true }
  );

const namespaces = z.array(z.string()).default([]);

const part = z.literal('data').exactOptional();

const poolRecord = z.union([
  z.object({ ...owner, part, namespaces, poolID: z.int(), made: z.literal(true).exactOptional() }),
  z.object({ ...owner, part, namespaces, creatingAfter: z.int() }),
]);

/**
 * What a config-key says of a user. While being created, it is ours if it has just these caps; afterwards only with
 * the key of that fingerprint: config-keys outlive `auth rm`, so another key is somebody else's user.
 */
export type UserRecord = Owner &
  ({ readonly creatingWith: Readonly<Record<string, string>> } | { readonly keyFingerprint: string });

const userRecord = z.union([
  z.object({ ...owner, keyFingerprint: z.string() }),
  z.object({ ...owner, creatingWith: z.record(z.string(), z.string()) }),
]);

/** Undefined for what is no record of ours: then it says nothing. */
export function parsePoolRecord(text: string | undefined): PoolRecord | undefined {
  return poolRecord.safeParse(parseJson(text)).data;
}

export function parseUserRecord(text: string | undefined): UserRecord | undefined {
  return userRecord.safeParse(parseJson(text)).data;
}

export function sameOwner(a: Owner, b: Owner): boolean {
  return a.installation === b.installation && a.namespace === b.namespace && a.name === b.name && a.part === b.part;
}

/** `namespace/name`, and of which installation where it is not ours. */
export function describeOwner(other: Owner, own: Owner): string {
  const object = `"${other.namespace}/${other.name}"`;
  return other.installation === own.installation ? object : `${object} of installation "${other.installation}"`;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
