import { z } from 'zod';
import type { Cluster, SharedQuery } from './cluster.ts';

/** A pool as the map of OSDs has it. */
export interface Pool {
  readonly id: number;
  readonly name: string;
  readonly type: 'replicated' | 'erasure';
  /** Copies, or chunks of both kinds. */
  readonly size: number;
  readonly minSize: number;
  /** The profile that an erasure-coded pool was made from. */
  readonly erasureProfile: string | undefined;
  readonly crushRuleId: number;
  /** Placement groups now, and where the number is going. */
  readonly pgNum: number;
  readonly pgNumTarget: number;
  readonly autoscale: 'on' | 'off' | 'warn';
  /** Such as `bulk`, `ec_overwrites`, `nodelete`, `nosizechange`, `nopgchange`. */
  readonly flags: readonly string[];
  /** 0: none. */
  readonly quotaMaxBytes: number;
  readonly quotaMaxObjects: number;
  /** A float32 seen as a float64: 0.1 reads 0.10000000149011612. */
  readonly targetSizeRatio: number | undefined;
  readonly compressionMode: string | undefined;
  readonly compressionAlgorithm: string | undefined;
  /** Key-value pairs by application. */
  readonly applications: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of snapshots of the whole pool. */
  readonly snapshots: readonly string[];
}

/** One read that serves every pool. */
export interface OsdMap {
  readonly pools: readonly Pool[];
  /** The highest id that a pool was ever given. */
  readonly highestPoolId: number;
  readonly erasureProfiles: ErasureProfiles;
}

/** Parameters of erasure code profiles, as Ceph names and writes them (`k`, `crush-failure-domain`), by the profile's name. */
export type ErasureProfiles = ReadonlyMap<string, Readonly<Record<string, string>>>;

const pool = z.object({
  pool: z.int(),
  pool_name: z.string(),
  type: z.int(),
  size: z.int(),
  min_size: z.int(),
  erasure_code_profile: z.string().default(''),
  crush_rule: z.int(),
  pg_num: z.int(),
  pg_num_target: z.int(),
  pg_autoscale_mode: z.enum(['on', 'off', 'warn']).catch('off'),
  flags_names: z.string(),
  // Beyond 2^53 it loses its last digits; whoever compares does so as a number too.
  quota_max_bytes: z.number(),
  quota_max_objects: z.number(),
  options: z.object({
    target_size_ratio: z.number().optional(),
    compression_mode: z.string().optional(),
    compression_algorithm: z.string().optional(),
  }),
  application_metadata: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  pool_snaps: z.array(z.object({ name: z.string() })).default([]),
});

const osdDump = z.object({
  pool_max: z.int(),
  pools: z.array(pool),
  erasure_code_profiles: z.record(z.string(), z.record(z.string(), z.string())).default({}),
});

const erasureType = 3;

const osdMapQuery: SharedQuery<OsdMap> = {
  command: { prefix: 'osd dump' },
  parse(json) {
    const dump = osdDump.parse(json);
    return {
      pools: dump.pools.map(toPool),
      highestPoolId: dump.pool_max,
      erasureProfiles: new Map(Object.entries(dump.erasure_code_profiles)),
    };
  },
};

function toPool(raw: z.infer<typeof pool>): Pool {
  return {
    id: raw.pool,
    name: raw.pool_name,
    type: raw.type === erasureType ? 'erasure' : 'replicated',
    size: raw.size,
    minSize: raw.min_size,
    erasureProfile: raw.erasure_code_profile || undefined,
    crushRuleId: raw.crush_rule,
    pgNum: raw.pg_num,
    pgNumTarget: raw.pg_num_target,
    autoscale: raw.pg_autoscale_mode,
    flags: raw.flags_names.split(',').filter((flag) => flag !== ''),
    quotaMaxBytes: raw.quota_max_bytes,
    quotaMaxObjects: raw.quota_max_objects,
    targetSizeRatio: raw.options.target_size_ratio,
    compressionMode: raw.options.compression_mode,
    compressionAlgorithm: raw.options.compression_algorithm,
    applications: raw.application_metadata,
    snapshots: raw.pool_snaps.map((snapshot) => snapshot.name).sort(),
  };
}

export function readOsdMap(cluster: Cluster, signal: AbortSignal): Promise<OsdMap> {
  return cluster.shared(osdMapQuery, signal);
}

/** Bytes of a pool, copies not counted. */
export interface PoolUsage {
  readonly stored: number;
  readonly available: number;
}

const usageQuery: SharedQuery<ReadonlyMap<number, PoolUsage>> = {
  command: { prefix: 'df' },
  parse(json) {
    const stats = z.object({ stored: z.number(), max_avail: z.number() });
    const df = z.object({ pools: z.array(z.object({ id: z.int(), stats })) }).parse(json);
    return new Map(df.pools.map(({ id, stats }) => [id, { stored: stats.stored, available: stats.max_avail }]));
  },
};

/** Usage by pool id; a pool that was just made is not in it. */
export function readUsage(cluster: Cluster, signal: AbortSignal): Promise<ReadonlyMap<number, PoolUsage>> {
  return cluster.shared(usageQuery, signal);
}
