import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import type { Needs } from '../binding-needs.ts';
import { confPathOf, poolsKnownAs } from '../clusters-on-hosts.ts';
import { hostObjectName } from './children.ts';
import type { Observed } from './observed.ts';
import { orphanedImages } from './orphaned-images.ts';
import { orphanProblem } from './problems.ts';

type Seen = Omit<Observed, 'counts'>;

/** What nobody would find any more with what the binding says now. */
export function findOrphans(binding: CephOpenStackBinding, needs: Needs, observed: Observed): Hold | undefined {
  const imagesIn = (pool: RbdPool): number =>
    observed.counts.get(pool.metadata.name) ?? pool.status?.usage?.images ?? 0;
  return guard(binding, needs, observed, (pools) => Math.max(0, ...pools.map(imagesIn)));
}

/** RbdPools that nobody would serve any more, so that it matters whether they hold images. */
export function poolsAtStake(binding: CephOpenStackBinding, needs: Needs, observed: Seen): readonly RbdPool[] {
  const found = new Set<RbdPool>();
  guard(binding, needs, observed, (pools) => {
    for (const pool of pools) found.add(pool);
    return 0;
  });
  // One without a number was never seen, or is not ours; a lost one counts with what it had. One that shows no images may
  // have some: its OSDs may be silent.
  return [...found].filter((pool) => pool.status?.poolID !== undefined);
}

/** `imagesIn` is asked of no other pools than those that nobody would serve. */
function guard(
  binding: CephOpenStackBinding,
  needs: Needs,
  observed: Seen,
  imagesIn: (pools: readonly RbdPool[]) => number,
): Hold | undefined {
  const served = inService(binding, observed);
  const imagesKnownAs = (name: string, conf: string): number =>
    imagesIn(poolsKnownAs(conf, binding, observed.pools.values()).filter((pool) => poolNameOf(pool) === name));
  const here = confPathOf(binding, binding.spec.cluster.secretName);
  return (
    orphanProblem(served, needs, imagesKnownAs) ??
    orphanedImages(served, needs, observed.pools, (pool) => imagesKnownAs(pool, here))
  );
}

/** What the services of the binding's hosts are configured with now. */
function inService(binding: CephOpenStackBinding, observed: Seen): readonly RevisionData[] {
  const hosts = binding.spec.hosts.map(({ name }) => observed.hosts.get(hostObjectName(binding, name)));
  const served = new Set(hosts.flatMap((host) => host?.spec.revision?.current ?? []));
  return observed.revisions.filter((revision) => served.has(revision.name)).map((revision) => revision.data);
}
