import type { CephOpenStackBinding } from '../api/ceph-openstack-binding.ts';
import type { RbdPool } from '../api/rbd-pool.ts';

/** Where hosts have the configuration of a cluster, by its connection Secret. */
export function confPathOf({ spec }: Pick<CephOpenStackBinding, 'spec'>, cluster: string): string {
  if (cluster !== spec.cluster.secretName) return `/etc/ceph/${cluster}.conf`;
  return spec.cephConf?.path ?? '/etc/ceph/ceph.conf';
}

/**
 * RbdPools in the cluster which hosts of a binding know by that ceph.conf. One that is no other's is the binding's own,
 * whose path may have been another once.
 */
export function poolsKnownAs(
  conf: string,
  binding: Pick<CephOpenStackBinding, 'spec'>,
  pools: Iterable<RbdPool>,
): readonly RbdPool[] {
  const here = binding.spec.cluster.secretName;
  const all = [...pools];
  const isOther = (pool: RbdPool): boolean => {
    const { secretName } = pool.spec.cluster;
    return secretName !== here && confPathOf(binding, secretName) === conf;
  };
  if (conf !== confPathOf(binding, here) && all.some(isOther)) return all.filter(isOther);
  return all.filter((pool) => pool.spec.cluster.secretName === here);
}

/** For a guard: where nobody knows which cluster is meant, as the binding is gone or has no such path, those of any. */
export function poolsPerhapsKnownAs(
  conf: string,
  binding: Pick<CephOpenStackBinding, 'spec'> | undefined,
  pools: readonly RbdPool[],
): readonly RbdPool[] {
  if (binding === undefined) return pools;
  const clusters = [binding.spec.cluster.secretName, ...pools.map((pool) => pool.spec.cluster.secretName)];
  const isKnown = clusters.some((cluster) => confPathOf(binding, cluster) === conf);
  return isKnown ? poolsKnownAs(conf, binding, pools) : pools;
}
