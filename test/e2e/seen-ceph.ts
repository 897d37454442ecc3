import type { Ceph } from '../../lab/ceph.ts';
import { Secret } from '../../src/secret.ts';

/** A pool as `ceph osd pool ls detail` shows it. */
export interface CephPool {
  readonly pool_id: number;
  readonly pool_name: string;
  readonly size: number;
  readonly min_size: number;
  readonly quota_max_bytes: number;
  readonly quota_max_objects: number;
  readonly flags_names: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly application_metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface CephUser {
  readonly entity: string;
  readonly key: Secret;
  readonly caps: Readonly<Record<string, string>>;
}

export async function pools(ceph: Ceph): Promise<ReadonlyMap<string, CephPool>> {
  const found: CephPool[] = JSON.parse(await ceph.ceph(['osd', 'pool', 'ls', 'detail', '--format=json']));
  return new Map(found.map((pool) => [pool.pool_name, pool]));
}

/** Throws when there is none. */
export async function pool(ceph: Ceph, name: string): Promise<CephPool> {
  const found = (await pools(ceph)).get(name);
  if (found === undefined) throw new Error(`Ceph has no pool "${name}"`);
  return found;
}

/** All users, daemons too, by entity. */
export async function users(ceph: Ceph): Promise<ReadonlyMap<string, CephUser>> {
  const { auth_dump: found } = JSON.parse(await ceph.ceph(['auth', 'ls', '--format=json']));
  return new Map(
    found.map(({ entity, key, caps }: { entity: string; key: string; caps: CephUser['caps'] }) => [
      entity,
      { entity, key: new Secret(key), caps },
    ]),
  );
}

/** Throws when there is none. */
export async function user(ceph: Ceph, entity: string): Promise<CephUser> {
  const found = (await users(ceph)).get(entity);
  if (found === undefined) throw new Error(`Ceph has no user "${entity}"`);
  return found;
}

/**
 * The commands by which an entity has changed the cluster so far, from the monitors' audit log. It notes reading ones one
 * level lower, but for `auth get`, which shows keys.
 */
export async function cephCommands(ceph: Ceph, entity: string): Promise<readonly string[]> {
  const log = await ceph.ceph(['log', 'last', '10000', 'info', 'audit']);
  return log
    .split('\n')
    .filter((line) => line.includes(`entity='${entity}'`) && line.endsWith(': dispatch'))
    .filter((line) => !/"prefix": ?"auth get"/.test(line));
}

/** Those commands, and how often anybody has written into each pool, as text that compares. */
export async function cephChanges(ceph: Ceph, entity: string): Promise<readonly string[]> {
  const { pools: counters } = JSON.parse(await ceph.rados(['df', '--format=json']));
  const writes = counters.map(
    ({ name, write_ops }: { name: string; write_ops: number }) => `${write_ops} writes into pool ${name}`,
  );
  return [...(await cephCommands(ceph, entity)), ...writes];
}
