import { z } from 'zod';
import { Waiting } from '../errors.ts';
import { CephError, type Cluster, type SharedQuery } from './cluster.ts';
import type { KeyType } from './key.ts';

/** What all monitors agree on. */
export interface MonMap {
  /** Names of those in the quorum, sorted: others answer nobody. */
  readonly quorum: readonly string[];
  /** The types of key with which users may log in. */
  readonly keyTypes: readonly KeyType[];
}

/** As much of a cluster as monitors are asked through. */
type Asked = Pick<Cluster, 'shared'>;

const cipher = z.object({ name: z.string() });
const dumped = z.object({
  mons: z.array(z.object({ name: z.string(), rank: z.int() })),
  /** Ranks. */
  quorum: z.array(z.int()),
  auth_allowed_ciphers: z.array(cipher).optional(),
});

const monMapQuery: SharedQuery<MonMap> = {
  command: { prefix: 'mon dump' },
  parse(json) {
    const { mons, quorum, auth_allowed_ciphers } = dumped.parse(json);
    const ciphers = auth_allowed_ciphers?.map(({ name }) => name);
    // Monitors before 19.2.6 and 20.2.4 do not speak of it: they know one type.
    const keyTypes = ciphers === undefined ? ['Aes' as const] : ciphers.flatMap((name) => keyTypeNames[name] ?? []);
    const names = mons.filter(({ rank }) => quorum.includes(rank)).map(({ name }) => name);
    return { quorum: names.sort(), keyTypes };
  },
};

const keyTypeNames: Readonly<Record<string, KeyType>> = { aes: 'Aes', aes256k: 'Aes256k' };

export function readMonMap(cluster: Asked, signal: AbortSignal): Promise<MonMap> {
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
 * monitor, so the whole quorum is asked, and one that does not answer makes it unknown: {Waiting} `CephUnreachable`. A
 * client that has lost its monitor is not seen.
 */
export async function readSessions(
  cluster: Asked,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { quorum } = await readMonMap(cluster, signal);
  const lists = await Promise.all(quorum.map((monitor) => cluster.shared(sessionsQuery(monitor), signal)));
  const addresses = new Map<string, string[]>();
  for (const { entity, address } of lists.flat()) addresses.set(entity, [...(addresses.get(entity) ?? []), address]);
  return addresses;
}

const limitQuery = (monitor: string): SharedQuery<number> => ({
  command: { prefix: 'config get', var: 'mon_max_pg_per_osd' },
  monitor,
  parse: (json) => z.object({ mon_max_pg_per_osd: z.coerce.number() }).parse(json).mon_max_pg_per_osd,
});

/** How many placement groups an OSD may hold, by the configuration that a monitor runs with: the first that answers. */
export async function readPlacementGroupLimit(cluster: Asked, signal: AbortSignal): Promise<number> {
  const { quorum } = await readMonMap(cluster, signal);
  let silence: unknown = new Waiting('CephUnreachable', 'The monitors have no quorum.');
  for (const monitor of quorum) {
    try {
      return await cluster.shared(limitQuery(monitor), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isSilence(error)) throw error;
      silence = error;
    }
  }
  throw silence;
}

/** A monitor that has just left the quorum does not answer, or is refused as unknown. */
function isSilence(error: unknown): boolean {
  return error instanceof CephError || (error instanceof Waiting && error.reason === 'CephUnreachable');
}
