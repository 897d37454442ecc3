import { z } from 'zod';
import {
  cluster,
  commonStatus,
  crushName,
  immutable,
  inherited,
  listSet,
  namedAfterMetadata,
  poolName,
  rbdNamespace,
  text,
  withRules,
} from './fields.ts';
import { quantity } from './quantity.ts';
import { defineKind, parseResource, type Resource, type SpecInputOf, type SpecOf, type StatusOf } from './resource.ts';

const crushRule = withRules(
  z.object({
    name: crushName.describe('The rule. With a name alone the rule must exist.'),
    root: crushName.exactOptional().describe('The CRUSH root that it takes, such as default.'),
    failureDomain: crushName.exactOptional().describe('The bucket type that separates copies, such as host.'),
    deviceClass: crushName.exactOptional().describe('The class of devices, such as ssd.'),
  }),
  {
    rule: 'has(self.root) == has(self.failureDomain)',
    message: 'root and failureDomain belong together: write both or neither',
  },
  {
    rule: '!has(self.deviceClass) || has(self.root)',
    message: 'deviceClass needs root and failureDomain beside it',
  },
);

const replicated = withRules(
  z.object({
    size: z.int().min(1).max(10).exactOptional().describe('Copies of each object. A change moves data.'),
    minSize: z.int().min(1).max(10).exactOptional().describe('Copies that must be there for a write.'),
    crushRule: crushRule.exactOptional().describe('Where copies lie. A change moves data.'),
  }),
  {
    rule: '!has(self.size) || !has(self.minSize) || self.minSize <= self.size',
    message: 'minSize must not be greater than size',
  },
);

const erasureCoded = z.object({
  dataChunks: z.int().min(2).max(32).describe('Chunks that hold data (k).'),
  codingChunks: z.int().min(1).max(32).describe('Chunks that may be lost (m).'),
  plugin: z.enum(['isa', 'jerasure']).exactOptional().describe("The erasure code plugin. Left out: Ceph's choice."),
  failureDomain: crushName.exactOptional().describe('The bucket type that separates chunks. Left out: host.'),
  deviceClass: crushName.exactOptional().describe('The class of devices. Left out: any.'),
  dataPoolName: poolName
    .exactOptional()
    .describe('The erasure-coded pool in Ceph. Default: the name of the pool itself and -data.'),
});

const powersOfTwo = Array.from({ length: 17 }, (_, exponent) => 2 ** exponent);
const countSentence = 'count must be a power of two from 1 to 65536';

const placementGroups = withRules(
  z.object({
    autoscale: z.enum(['Enabled', 'Disabled']).exactOptional().describe('Whether Ceph chooses the number.'),
    targetSizeRatio: text({
      pattern: /^(0|[1-9][0-9]{0,3})([.][0-9]{1,6})?$/,
      maxLength: 11,
      sentence: 'must be a share as text, such as "0.53"; "0" clears it',
    })
      .exactOptional()
      .describe('The share of the cluster that this pool will fill, against the shares of the others; "0" clears it.'),
    bulk: z.boolean().exactOptional().describe('Whether the pool starts with all the placement groups it will need.'),
    count: z
      .int()
      .min(1)
      .max(65_536)
      .refine((count) => powersOfTwo.includes(count), countSentence)
      .exactOptional()
      .describe('The number of placement groups, with autoscale Disabled. A smaller one moves data.'),
    whenAdopted: z
      .enum(['Enforce', 'Leave'])
      .exactOptional()
      .describe(
        'Leave: nothing of this is written to a pool that was there before, where it could move data; only to one that the operator made. Left out: Enforce.',
      ),
  }),
  {
    rule: `!has(self.count) || self.count in [${powersOfTwo.join(', ')}]`,
    message: countSentence,
  },
  {
    rule: "!has(self.count) || (has(self.autoscale) && self.autoscale == 'Disabled')",
    message: 'count needs autoscale: Disabled beside it, or Ceph changes the number again',
  },
);

const quota = z.object({
  maxBytes: quantity.exactOptional().describe('The most bytes that may be stored; "0" clears it.'),
  maxObjects: quantity.exactOptional().describe('The most objects that may be stored; "0" clears it.'),
});

const compression = withRules(
  z.object({
    mode: z.enum(['None', 'Passive', 'Aggressive', 'Force']).describe('When to compress; None clears it.'),
    algorithm: z.enum(['snappy', 'zlib', 'zstd', 'lz4']).exactOptional().describe('How to compress.'),
  }),
  {
    rule: "self.mode != 'None' || !has(self.algorithm)",
    message: 'algorithm has no meaning with mode: None',
  },
);

/** What a pool is like, without where it is and how it is handled: the same fields in an RbdPool and in a binding. */
export const poolFields = {
  poolName: poolName.exactOptional().describe('The pool in Ceph. Default: metadata.name. Immutable.'),
  replicated: replicated
    .exactOptional()
    .describe('Copies of each object; beside erasureCoded, of what describes the images.'),
  erasureCoded: erasureCoded
    .exactOptional()
    .describe(
      'A second, erasure-coded pool, in which the data of new images lie. The pool itself, which is replicated, has what describes them. Immutable.',
    ),
  placementGroups: placementGroups
    .exactOptional()
    .describe('How finely the pool is spread; with erasureCoded, the pool of the data.'),
  quota: quota.exactOptional().describe('Limits that Ceph holds the pool to; with erasureCoded, the pool of the data.'),
  compression: compression
    .exactOptional()
    .describe('Compression on the devices; with erasureCoded, of the pool of the data.'),
  namespaces: listSet(rbdNamespace, 64).exactOptional().describe('RBD namespaces that must exist in the pool.'),
};

export const poolRules = [immutable('erasureCoded')] as const;

const spec = withRules(z.object({ cluster, ...poolFields, ...inherited }), ...poolRules);

const poolID = z.int().min(0).exactOptional().describe("The pool's number in Ceph.");
const placementGroupStatus = z
  .object({
    wanted: z.int().min(0).exactOptional().describe('The number that Ceph is on its way to.'),
    now: z.int().min(0).exactOptional().describe('The number there is now.'),
  })
  .exactOptional()
  .describe('Placement groups.');
const bytes = {
  stored: z.int().min(0).exactOptional().describe('Bytes stored, copies and coding not counted.'),
  available: z.int().min(0).exactOptional().describe('Bytes that could still be stored.'),
};

const status = z.object({
  ...commonStatus,
  poolID,
  placementGroups: placementGroupStatus,
  usage: z
    .object({
      ...bytes,
      images: z
        .int()
        .min(0)
        .exactOptional()
        .describe(
          'RBD images in all namespaces, trash not counted: at least so many, in steps of 1, 2, 5, 10, 20 and so on.',
        ),
    })
    .exactOptional()
    .describe('What is in the pool.'),
  dataPool: z
    .object({
      poolID,
      placementGroups: placementGroupStatus,
      usage: z.object(bytes).exactOptional().describe('What is in it.'),
    })
    .exactOptional()
    .describe('The erasure-coded pool.'),
});

export type RbdPoolSpec = SpecOf<typeof spec>;
export type RbdPoolSpecInput = SpecInputOf<typeof spec>;
export type RbdPoolStatus = StatusOf<typeof status>;
export interface RbdPool extends Resource {
  readonly spec: RbdPoolSpec;
  readonly status?: RbdPoolStatus;
}

export const rbdPoolKind = defineKind({
  kind: 'RbdPool',
  plural: 'rbdpools',
  shortNames: ['rbdpool'],
  description: 'A pool for RBD in a Ceph cluster.',
  spec,
  status,
  rules: [
    ...namedAfterMetadata('poolName', 'RbdPool'),
    {
      rule: '!has(self.spec.erasureCoded) || !has(self.spec.erasureCoded.dataPoolName) || self.spec.erasureCoded.dataPoolName != (has(self.spec.poolName) ? self.spec.poolName : self.metadata.name)',
      message: 'dataPoolName must be another name than that of the pool itself',
    },
  ],
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.cluster.secretName' },
    { name: 'PGs', type: 'integer', jsonPath: '.status.placementGroups.now' },
    { name: 'Images', type: 'integer', jsonPath: '.status.usage.images' },
  ],
});

/** @throws {InvalidObject} in one sentence. */
export function parseRbdPool(object: unknown): RbdPool {
  return parseResource<RbdPool>(rbdPoolKind, object);
}

/** What its names in Ceph follow from. */
interface Named {
  readonly metadata: { readonly name: string };
  readonly spec: Pick<RbdPoolSpecInput, 'poolName' | 'erasureCoded'>;
}

/** The pool's name in Ceph. */
export function poolNameOf(pool: Named): string {
  return pool.spec.poolName ?? pool.metadata.name;
}

/** The name in Ceph of the erasure-coded pool, where there is one. */
export function dataPoolNameOf(pool: Named): string | undefined {
  const { erasureCoded } = pool.spec;
  return erasureCoded && (erasureCoded.dataPoolName ?? `${poolNameOf(pool)}-data`);
}

/** The names in Ceph of all pools that an RbdPool stands for. */
export function poolNamesOf(pool: Named): readonly string[] {
  const dataPoolName = dataPoolNameOf(pool);
  return [poolNameOf(pool), ...(dataPoolName === undefined ? [] : [dataPoolName])];
}
