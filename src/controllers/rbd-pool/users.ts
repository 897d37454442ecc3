import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import { needsPool } from '../binding-needs.ts';
import { declaresReference, isOwnedBy } from '../references.ts';

/** The resources that use a pool and so keep it from being deleted, as `CephClientAuth "cinder"`, sorted. */
export function usersOfPool(
  pool: RbdPool,
  clients: readonly CephClientAuth[],
  bindings: readonly CephOpenStackBinding[],
): string[] {
  const { namespace } = pool.metadata;
  const usingClients = clients.filter((client) => client.metadata.namespace === namespace && usesPool(client, pool));
  // A binding that is being deleted takes its pools with it.
  const usingBindings = bindings.filter(
    (binding) =>
      binding.metadata.namespace === namespace &&
      binding.metadata.deletionTimestamp === undefined &&
      needsPool(binding, pool.metadata.name) &&
      (isOwnedBy(pool, binding) || declaresReference(binding.spec, 'poolRef', pool.metadata.name)),
  );
  return [
    ...usingClients.map(({ metadata }) => `CephClientAuth "${metadata.name}"`),
    ...usingBindings.map(({ metadata }) => `CephOpenStackBinding "${metadata.name}"`),
  ].sort();
}

/** Whether a user has access to a pool, by reference or by name. */
function usesPool(client: CephClientAuth, pool: RbdPool): boolean {
  if (client.spec.cluster.secretName !== pool.spec.cluster.secretName) return false;
  const names: readonly (string | undefined)[] = poolNamesOf(pool);
  return (client.spec.access ?? []).some(
    (grant) => grant.poolRef?.name === pool.metadata.name || names.includes(grant.pool),
  );
}
