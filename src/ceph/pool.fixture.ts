import type { Pool } from './osd-map.ts';

/** A pool as Ceph makes it when nothing is said. */
export function cephPool(values: Partial<Pool> = {}): Pool {
  return {
    id: 4,
    name: 'volumes',
    type: 'replicated',
    size: 3,
    minSize: 2,
    erasureProfile: undefined,
    crushRuleId: 0,
    pgNum: 32,
    pgNumTarget: 32,
    autoscale: 'on',
    flags: ['hashpspool'],
    quotaMaxBytes: 0,
    quotaMaxObjects: 0,
    targetSizeRatio: undefined,
    compressionMode: undefined,
    compressionAlgorithm: undefined,
    applications: {},
    snapshots: [],
    ...values,
  };
}
