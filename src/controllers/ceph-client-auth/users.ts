import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { needsClient } from '../binding-needs.ts';
import { declaresReference, isOwnedBy } from '../references.ts';

/**
 * The resources that use a user and so keep it from being deleted, as `CephOpenStackHost "cloud-cmp1"`, sorted.
 * A binding that is being deleted is no blocker; its hosts are, until they have taken the key off their machines.
 */
export function usersOfClient(
  client: CephClientAuth,
  bindings: readonly CephOpenStackBinding[],
  hosts: readonly CephOpenStackHost[],
): string[] {
  const { namespace, name } = client.metadata;
  const using = bindings.filter(
    (binding) =>
      binding.metadata.namespace === namespace &&
      needsClient(binding, name) &&
      (isOwnedBy(client, binding) || declaresReference(binding.spec, 'clientRef', name)),
  );
  const usingNames = using.map(({ metadata }) => metadata.name);
  return [
    ...using
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => `CephOpenStackBinding "${metadata.name}"`),
    ...hosts
      .filter(({ metadata, spec }) => metadata.namespace === namespace && usingNames.includes(spec.bindingName))
      .map(({ metadata }) => `CephOpenStackHost "${metadata.name}"`),
  ].sort();
}
