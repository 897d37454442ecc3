import { parseRbdPool, poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Clusters } from '../../ceph/cluster.ts';
import type { Cache } from '../../kube/cache.ts';
import { bindingKind, clientAuthKind, keyOf, poolKind, secretKind } from '../../kube/kinds.ts';
import { type Registered, register, watch } from '../../kube/registration.ts';
import { parsedOnce } from '../parsed-once.ts';
import type { PoolCounts } from '../pool-counts.ts';
import type { SecretReader } from '../secrets.ts';
import { rbdPoolReconciler } from './reconcile.ts';

export interface PoolKindTools {
  readonly cache: Cache;
  readonly secrets: SecretReader;
  readonly clusters: Clusters;
  readonly counts: PoolCounts;
  /** Names this operator in marks in Ceph. */
  readonly installation: string;
  readonly lookEveryMs: number;
}

/** An RbdPool wakes for its connection, for a rival, to be counted, and, while it is deleted, for those who use it. */
export function rbdPoolKind({
  cache,
  secrets,
  clusters,
  counts,
  installation,
  lookEveryMs,
}: PoolKindTools): Registered {
  const kube = {
    ...secrets,
    pools: () => cache.list(poolKind),
    clients: () => cache.list(clientAuthKind),
    bindings: () => cache.list(bindingKind),
  };
  const wake = (wanted: (pool: RbdPool) => boolean) => cache.list(poolKind).filter(wanted).map(keyOf);
  const wakeLeaving = () => wake(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return register({
    kind: poolKind,
    parse: parsedOnce(parseRbdPool),
    reconciler: rbdPoolReconciler({ kube, clusters, counts, installation }),
    watches: [
      watch(secretKind, ({ metadata: { namespace, name } }) =>
        wake((pool) => pool.metadata.namespace === namespace && pool.spec.cluster.secretName === name),
      ),
      watch(poolKind, (changed) =>
        wake(
          (pool) =>
            pool.metadata.uid !== changed.metadata.uid &&
            poolNamesOf(pool).some((name) => poolNamesOf(changed).includes(name)),
        ),
      ),
      watch(clientAuthKind, wakeLeaving),
      watch(bindingKind, wakeLeaving),
    ],
    onNews: (wake) => counts.onWanted(wake),
    lookEveryMs,
    workers: 64,
  });
}
