import { type CephClientAuth, clientSecretNameOf, entityOf, parseCephClientAuth } from '../../api/ceph-client-auth.ts';
import { poolNamesOf } from '../../api/rbd-pool.ts';
import type { Clusters } from '../../ceph/cluster.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { bindingKind, clientAuthKind, hostKind, keyOf, poolKind, secretKind } from '../../kube/kinds.ts';
import { type Registered, register, watch } from '../../kube/registration.ts';
import { parsedOnce } from '../parsed-once.ts';
import type { SecretStore } from '../secrets.ts';
import { keptSecrets } from './kube.ts';
import { measureClients } from './measure.ts';
import { cephClientAuthReconciler } from './reconcile.ts';
import { dependsOnHosts } from './still-used.ts';

export interface ClientKindTools {
  readonly client: Client;
  readonly cache: Cache;
  readonly secrets: SecretStore;
  readonly clusters: Clusters;
  /** Names this operator in marks in Ceph. */
  readonly installation: string;
  readonly lookEveryMs: number;
  /** How often hosts are looked at. */
  readonly hostLookMs: number;
}

/** A CephClientAuth wakes for its Secrets, its pools, a rival, and for those who use what is to be taken away. */
export function cephClientAuthKind(tools: ClientKindTools): Registered {
  const { client, cache, secrets, clusters, installation, lookEveryMs, hostLookMs } = tools;
  const kube = {
    ...secrets,
    ...keptSecrets(client, secrets),
    pools: () => cache.list(poolKind),
    clients: () => cache.list(clientAuthKind),
    bindings: () => cache.list(bindingKind),
    hosts: () => cache.list(hostKind),
  };
  const wake = (wanted: (resource: CephClientAuth) => boolean) => cache.list(clientAuthKind).filter(wanted).map(keyOf);
  const wakeLeaving = () => wake(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return register({
    kind: clientAuthKind,
    parse: parsedOnce(parseCephClientAuth),
    reconciler: cephClientAuthReconciler({ kube, clusters, installation, hostLookMs }),
    watches: [
      watch(secretKind, ({ metadata: { namespace, name } }) =>
        wake(
          (resource) =>
            resource.metadata.namespace === namespace &&
            (resource.spec.cluster.secretName === name || clientSecretNameOf(resource) === name),
        ),
      ),
      watch(poolKind, (pool) => {
        const names: readonly (string | undefined)[] = poolNamesOf(pool);
        return wake(({ spec }) =>
          (spec.access ?? []).some((grant) => grant.poolRef?.name === pool.metadata.name || names.includes(grant.pool)),
        );
      }),
      watch(clientAuthKind, (changed) =>
        wake((resource) => resource.metadata.uid !== changed.metadata.uid && entityOf(resource) === entityOf(changed)),
      ),
      watch(hostKind, ({ metadata: { namespace } }) =>
        wake(
          ({ metadata, status }) =>
            metadata.namespace === namespace && (metadata.deletionTimestamp !== undefined || dependsOnHosts(status)),
        ),
      ),
      watch(bindingKind, wakeLeaving),
    ],
    measure: measureClients,
    lookEveryMs,
    workers: 64,
  });
}
