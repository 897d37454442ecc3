import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { isSamePlace, keyOfPlace } from '../../api/host-place.ts';
import type { ManifestFacts } from '../../hosts/facts.ts';
import type { ManifestHost, ManifestOwner } from '../../hosts/manifest.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { isNamesake, wayOfNamesakes } from '../another-owner.ts';
import { stalled } from '../hold.ts';
import { inTheWayMs } from './guards.ts';

/** Who we are on a host, to the host's name. */
export type HostOwner = ManifestOwner & { readonly host: ManifestHost };

/** What is known of the binding, or the host of our own binding, that a host's manifest names. */
export type FormerBinding =
  /** It still has this machine: a binding by its address, a host by its name and address. */
  | 'lists-it'
  /** It is gone, or lists the host no more. */
  | 'let-go'
  /** Of another installation, or of a namespace that is not watched. */
  | 'unknown';

/** Whether the host is ours to work on, or may become so. */
export type Ownership =
  | { readonly kind: 'none' | 'ours' | 'adoptable' }
  | { readonly kind: 'refused'; readonly hold: Hold };

export function hostOwnership(
  manifest: ManifestFacts,
  own: HostOwner,
  adoption: CephOpenStackHost['spec']['adoption'],
  former: (owner: ManifestOwner) => FormerBinding,
  takeOverRefusal: string | undefined,
): Ownership {
  if (manifest.state !== 'present') return { kind: 'none' };
  const { owner } = manifest.manifest;
  const { installation, namespace, name } = owner;
  if (installation === own.installation && namespace === own.namespace && name === own.name) {
    if (owner.host === undefined || owner.host.name === own.host.name) return { kind: 'ours' };
    // A name that the binding has no more, or for another machine by now, is a former one of this host.
    return former(owner) === 'lists-it' ? secondName(owner.host, own.host) : { kind: 'ours' };
  }
  const whose = `the binding "${namespace}/${name}" of the installation "${installation}"`;
  const state = former(owner);
  if (state === 'let-go') {
    if (adoption !== 'Never') return { kind: 'adoptable' };
    return refused(
      'OwnedByAnother',
      `The host was wired by ${whose}, which has let go of it: set adoption: IfUnowned.`,
    );
  }
  if (state === 'lists-it' || adoption !== 'TakeOver') {
    const way = state === 'lists-it' ? 'take it off there first' : wayOut(owner, own);
    return refused('OwnedByAnother', `The host belongs to ${whose}: ${way}.`);
  }
  return takeOverRefusal === undefined ? { kind: 'adoptable' } : refused('PolicyForbids', takeOverRefusal);
}

function wayOut(owner: ManifestOwner, own: HostOwner): string {
  const way = 'take it off there, or set adoption: TakeOver';
  return isNamesake(owner, own) ? wayOfNamesakes(way) : way;
}

function secondName(first: ManifestHost, { name }: ManifestHost): Ownership {
  const message = `The machine is host "${first.name}" (${first.address}) of this binding already: take "${name}" or "${first.name}" off, and write one host with all its roles.`;
  return { kind: 'refused', hold: stalled('Conflict', message, inTheWayMs) };
}

/** Whether the manifest is to name another host than it does: one that is silent is named when it is next written. */
export function isRenamed({ host }: ManifestOwner, own: HostOwner): boolean {
  if (host === undefined) return false;
  return host.name !== own.host.name || host.address !== own.host.address || host.port !== own.host.port;
}

/** Whether a binding's hosts, listed or still there as objects, have the machine that a manifest speaks of. */
export function listsMachine(hosts: readonly ManifestHost[], owner: ManifestOwner, own: HostOwner): boolean {
  const { host } = owner;
  const isOwnBinding = owner.namespace === own.namespace && owner.name === own.name;
  if (host !== undefined && hosts.some((one) => one.name === host.name && isSamePlace(one, host))) return true;
  // Whoever answers at our own address is us; in another binding, it is the same machine.
  return !isOwnBinding && hosts.some((one) => keyOfPlace(one) === keyOfPlace(own.host));
}

function refused(reason: Hold['reason'], message: string): Ownership {
  return { kind: 'refused', hold: stalled(reason, message) };
}
