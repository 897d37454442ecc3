import { z } from 'zod';
import { Secret } from '../secret.ts';
import { errno } from './broker-protocol.ts';
import type { Caps } from './caps.ts';
import { CephError, type Cluster } from './cluster.ts';
import { renderKeyring } from './conf.ts';
import type { KeyType } from './key.ts';

/** A cephx user. */
export interface User {
  readonly entity: string;
  readonly key: Secret;
  readonly caps: Caps;
}

const reply = z.array(z.object({ entity: z.string(), key: z.string(), caps: z.record(z.string(), z.string()) })).min(1);

/** Undefined when there is no such user. */
export async function readUser(cluster: Cluster, entity: string, signal: AbortSignal): Promise<User | undefined> {
  try {
    const data = await cluster.read({ prefix: 'auth get', entity }, signal);
    const [user] = reply.parse(JSON.parse(data));
    return user && { entity: user.entity, key: new Secret(user.key), caps: user.caps };
  } catch (error) {
    if (error instanceof CephError && error.rc === errno.ENOENT) return undefined;
    throw error;
  }
}

/** Makes a user with a new key. Throws CephError (EINVAL) when it is there with other caps. */
export async function createUser(
  cluster: Cluster,
  entity: string,
  caps: Caps,
  keyType: KeyType | undefined,
  signal: AbortSignal,
): Promise<void> {
  const type = keyType === undefined ? {} : { key_type: keyType === 'Aes' ? 'aes' : 'aes256k' };
  const command = { prefix: 'auth get-or-create', entity, caps: pairs(caps), ...type };
  await cluster.write(command, {}, signal);
}

/** Puts a user back with the key that it had, so that nobody who holds it is stranded. */
export async function restoreUser(cluster: Cluster, { entity, key, caps }: User, signal: AbortSignal): Promise<void> {
  const keyring = renderKeyring(entity, key).reveal();
  await cluster.write({ prefix: 'auth add', entity, caps: pairs(caps) }, { input: keyring }, signal);
}

/** Replaces all caps: a subsystem that is left out is dropped. */
export async function setCaps(cluster: Cluster, entity: string, caps: Caps, signal: AbortSignal): Promise<void> {
  await cluster.write({ prefix: 'auth caps', entity, caps: pairs(caps) }, {}, signal);
}

/** No error when there is no such user. Sessions that are open stay open. */
export async function removeUser(cluster: Cluster, entity: string, signal: AbortSignal): Promise<void> {
  await cluster.write({ prefix: 'auth rm', entity }, {}, signal);
}

function pairs(caps: Caps): string[] {
  return Object.keys(caps)
    .sort()
    .flatMap((subsystem) => [subsystem, caps[subsystem] ?? '']);
}
