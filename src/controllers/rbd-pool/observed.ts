import type { Policy } from '../../api/policy.ts';
import type { PoolContents, PoolLook } from '../../ceph/broker-protocol.ts';
import type { CrushRule } from '../../ceph/crush.ts';
import type { Autoscaler } from '../../ceph/manager.ts';
import type { Owner, PoolRecord } from '../../ceph/marks.ts';
import type { ErasureProfiles, Pool, PoolUsage } from '../../ceph/osd-map.ts';
import type { Ownership } from '../pool-ownership.ts';

/** All that `plan` and `status` of a pool need. */
export type Observed =
  /** A pool that is let go without contacting anybody. */
  { readonly kind: 'let-go' } | ObservedPools;

/** The pool itself, and the erasure-coded one beside it, where the resource declares one. */
export interface ObservedPools extends ObservedPool {
  readonly data: ObservedPool | undefined;
}

/** One pool in Ceph. */
export interface ObservedPool {
  readonly kind: 'seen';
  readonly owner: Owner;
  readonly policy: Policy;
  /** The name of the RbdPool that declared the same pool first. */
  readonly rival: string | undefined;
  readonly pool: Pool | undefined;
  readonly ownership: Ownership;
  readonly record: PoolRecord | undefined;
  /** All pools of the cluster. */
  readonly pools: readonly Pool[];
  readonly highestPoolId: number;
  readonly rules: readonly CrushRule[];
  readonly erasureProfiles: ErasureProfiles;
  /** OSDs that are in, by the item that rules take. */
  readonly osds: ReadonlyMap<string, number>;
  /** In how many places the chunks of an erasure-coded pool can lie apart that is still to be made. */
  readonly failureDomains: number | undefined;
  /** How many placement groups an OSD may hold. */
  readonly placementGroupLimit: number;
  readonly autoscaler: Autoscaler;
  readonly usage: PoolUsage | undefined;
  /**
   * Undefined while the pool does not bear our mark, when OSDs let nobody in, and while OSDs do not answer; and of an
   * erasure-coded pool, which has no lists of images.
   */
  readonly look: PoolLook | undefined;
  /** Why OSDs could not be asked, as a sentence. */
  readonly silence: string | undefined;
  /** While the resource is being deleted and the pool is ours. */
  readonly contents: PoolContents | undefined;
  /** Resources that use the pool, as `CephClientAuth "cinder"`, sorted. */
  readonly users: readonly string[];
}
