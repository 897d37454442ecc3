import { z } from 'zod';
import type { Cluster, SharedQuery } from './cluster.ts';
import { recordPrefix } from './marks.ts';

const recordsQuery: SharedQuery<ReadonlyMap<string, string>> = {
  command: { prefix: 'config-key dump', key: recordPrefix },
  parse: (json) => new Map(Object.entries(z.record(z.string(), z.string()).parse(json))),
};

/** All that operators keep in the monitors' store of config-keys, by key. */
export function readRecords(cluster: Cluster, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  return cluster.shared(recordsQuery, signal);
}

export async function writeRecord(cluster: Cluster, key: string, record: object, signal: AbortSignal): Promise<void> {
  await cluster.write({ prefix: 'config-key set', key, val: JSON.stringify(record) }, {}, signal);
}

/** No error when there is none. */
export async function removeRecord(cluster: Cluster, key: string, signal: AbortSignal): Promise<void> {
  await cluster.write({ prefix: 'config-key rm', key }, {}, signal);
}
