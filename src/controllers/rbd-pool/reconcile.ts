import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import type { Clusters } from '../../ceph/cluster.ts';
import type { Reconciler } from '../../kube/reconciler.ts';
import { applyTogether } from '../apply-together.ts';
import { connectCeph } from '../ceph-connection.ts';
import type { PoolCounts } from '../pool-counts.ts';
import type { SecretReader } from '../secrets.ts';
import { applyPoolStep } from './apply.ts';
import { observePool, type PoolConnection } from './observe.ts';
import type { Observed } from './observed.ts';
import { planPool } from './plan.ts';
import { poolStatus, shownImages } from './status.ts';
import { describePoolStep, type PoolStep, poolRepair } from './steps.ts';
import { usersOfPool } from './users.ts';

/** What this kind needs of Kubernetes. The lists are of all namespaces that are watched, and may lag a moment. */
export interface PoolKube extends SecretReader {
  pools(): readonly RbdPool[];
  clients(): readonly CephClientAuth[];
  bindings(): readonly CephOpenStackBinding[];
}

export interface PoolTools {
  readonly kube: PoolKube;
  readonly clusters: Clusters;
  readonly counts: Pick<PoolCounts, 'note'>;
  readonly installation: string;
}

export function rbdPoolReconciler(tools: PoolTools): Reconciler<RbdPool, PoolConnection, Observed, PoolStep> {
  return {
    connect: (pool, signal) => connect(pool, tools, signal),
    async observe(pool, connection, signal) {
      const observed = await observePool(pool, connection, signal);
      const images = observed.kind === 'seen' ? shownImages(observed) : undefined;
      if (images !== undefined) tools.counts.note(pool, images);
      return observed;
    },
    plan: planPool,
    apply: async (stage, _pool, connection, done, signal) => {
      if (connection.kind === 'let-go') return;
      await applyTogether(stage, (step) => applyPoolStep(step, connection, signal), done);
    },
    describe: describePoolStep,
    repair: poolRepair,
    status: poolStatus,
  };
}

async function connect(
  pool: RbdPool,
  { kube, clusters, installation }: PoolTools,
  signal: AbortSignal,
): Promise<PoolConnection> {
  const { namespace, name, deletionTimestamp } = pool.metadata;
  if (deletionTimestamp !== undefined && pool.spec.deletionPolicy === 'Retain') return { kind: 'let-go' };
  return {
    kind: 'reach',
    ...(await connectCeph(pool, clusters, kube, signal)),
    owner: { installation, namespace, name },
    siblings: kube.pools(),
    users: usersOfPool(pool, kube.clients(), kube.bindings()),
  };
}
