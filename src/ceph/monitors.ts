import { z } from 'zod';
import type { Cluster, SharedQuery } from './cluster.ts';
import type { KeyType } from './key.ts';

/** What all monitors agree on. */
export interface MonMap {
  /** Names, sorted. */
  readonly monitors: readonly string[];
  /** The types of key with which users may log in. */
  readonly keyTypes: readonly KeyType[];
}

const cipher = z.object({ name: z.string() });

const monMapQuery: SharedQuery<MonMap> = {
  command: { prefix: 'mon dump' },
  parse(json) {
    const dump = z
      .object({ mons: z.array(z.object({ name: z.string() })), auth_allowed_ciphers: z.array(cipher).optional() })
      .parse(json);
    const ciphers = dump.auth_allowed_ciphers?.map(({ name }) => name);
    // Monitors before 19.2.6 and 20.2.4 do not speak of it: they know one type.
    const keyTypes = ciphers === undefined ? ['Aes' as const] : ciphers.flatMap((name) => keyTypeNames[name] ?? []);
    return { monitors: dump.mons.map(({ name }) => name).sort(), keyTypes };
  },
};

const keyTypeNames: Readonly<Record<string, KeyType>> = { aes: 'Aes', aes256k: 'Aes256k' };

export function readMonMap(cluster: Cluster, signal: AbortSignal): Promise<MonMap> {
  return cluster.shared(monMapQuery, signal);
}

const address = z.object({ addr: z.string() });

const session = z.object({
  entity_name: z.string(),
  open: z.boolean().default(true),
  addrs: z.object({ addrvec: z.array(address) }).optional(),
  socket_addr: address.optional(),
});

interface Session {
  readonly entity: string;
  /** Without port. */
  readonly address: string;
}

const sessionsQuery = (monitor: string): SharedQuery<readonly Session[]> => ({
  command: { prefix: 'sessions' },
  monitor,
  parse: (json) =>
    z
      .array(session)
      .parse(json)
      .filter(({ open }) => open)
      .map(({ entity_name, addrs, socket_addr }) => ({
        entity: entity_name,
        // A client may not know its own address; the socket's is what the monitor saw.
        address: withoutPort(socket_addr?.addr ?? addrs?.addrvec[0]?.addr ?? ''),
      })),
});

function withoutPort(address: string): string {
  return address.replace(/^\[?(.*?)\]?:[0-9]+(\/[0-9]+)?$/, '$1');
}

/**
 * The addresses from which each entity is logged in, one for each open session. A client holds its session on one
 * monitor, so all are asked; a client that has lost its monitor is not seen.
 */
export async function readSessions(
  cluster: Cluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { monitors } = await readMonMap(cluster, signal);
  const lists = await Promise.all(monitors.map((monitor) => cluster.shared(sessionsQuery(monitor), signal)));
  const addresses = new Map<string, string[]>();
  for (const { entity, address } of lists.flat()) addresses.set(entity, [...(addresses.get(entity) ?? []), address]);
  return addresses;
}

const limitQuery = (monitor: string): SharedQuery<number> => ({
  command: { prefix: 'config get', var: 'mon_max_pg_per_osd' },
  monitor,
  parse: (json) => z.object({ mon_max_pg_per_osd: z.coerce.number() }).parse(json).mon_max_pg_per_osd,
});

/** How many placement groups an OSD may hold, by the configuration that a monitor runs with. */
export async function readPlacementGroupLimit(cluster: Cluster, signal: AbortSignal): Promise<number> {
  const { monitors } = await readMonMap(cluster, signal);
  return cluster.shared(limitQuery(monitors[0] ?? ''), signal);
}
