import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { clientNeeds, type Needs, poolNeeds } from '../binding-needs.ts';
import { isChildOf } from './children.ts';
import type { Observed } from './observed.ts';

/** Users of the binding that no section of it needs any more, those that are going among them. */
export function unwantedClients(
  binding: CephOpenStackBinding,
  needs: Needs,
  { clients }: Observed,
): readonly CephClientAuth[] {
  const wanted = new Set(clientNeeds(needs).map((need) => need.objectName));
  return [...clients.values()].filter((client) => isChildOf(binding, client) && !wanted.has(client.metadata.name));
}

/** @see unwantedClients */
export function unwantedPools(binding: CephOpenStackBinding, needs: Needs, { pools }: Observed): readonly RbdPool[] {
  const wanted = new Set(poolNeeds(needs).map((need) => need.objectName));
  return [...pools.values()].filter((pool) => isChildOf(binding, pool) && !wanted.has(pool.metadata.name));
}
