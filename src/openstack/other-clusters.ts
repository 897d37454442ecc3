import type { Role } from '../api/ceph-openstack-host.ts';
import type { Refusal } from './desired-host.ts';
import type { OpenStackModel } from './model.ts';
import { isSince, type Release } from './releases.ts';

/** Since when a service takes a volume's cluster from Cinder; before, it opens every volume in its own. */
const knowsClusters: Readonly<Partial<Record<Role, { readonly since: Release; readonly before: string }>>> = {
  // nova.conf's user and secret came before those that Cinder sends (nova/virt/libvirt/volume/net.py).
  NovaCompute: { since: 'ocata', before: 'attaches every volume as the one user in nova.conf' },
  // os-brick learned of cluster_name, and Cinder to send it.
  CinderBackup: { since: 'liberty', before: 'reads every volume with the default ceph.conf' },
};

/** Why a service of this release cannot serve the volumes of back ends on other clusters. */
export function refusedElsewhere({ cinder }: OpenStackModel, role: Role, release: Release): Refusal | undefined {
  const known = knowsClusters[role];
  const names = (cinder?.backends ?? []).filter(({ conf }) => conf !== undefined).map(({ name }) => `"${name}"`);
  if (known === undefined || names.length === 0 || isSince(release, known.since)) return undefined;
  return {
    refused: 'ReleaseMismatch',
    message: `${role} of ${release} ${known.before}, so it cannot open those of ${names.join(', ')} in another cluster: upgrade it to ${known.since} or newer, or take the back end off the binding.`,
  };
}
