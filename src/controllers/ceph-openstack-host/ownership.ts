import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { ManifestFacts } from '../../hosts/facts.ts';
import type { ManifestOwner } from '../../hosts/manifest.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';

/** What is known of the binding that a host's manifest names. */
export type FormerBinding =
  /** It still lists this host's address. */
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
  own: ManifestOwner,
  adoption: CephOpenStackHost['spec']['adoption'],
  former: (owner: ManifestOwner) => FormerBinding,
  takeOverRefusal: string | undefined,
): Ownership {
  if (manifest.state !== 'present') return { kind: 'none' };
  const { owner } = manifest.manifest;
  const { installation, namespace, name } = owner;
  if (installation === own.installation && namespace === own.namespace && name === own.name) return { kind: 'ours' };
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
    const way = state === 'lists-it' ? 'take it off there first' : 'take it off there, or set adoption: TakeOver';
    return refused('OwnedByAnother', `The host belongs to ${whose}: ${way}.`);
  }
  return takeOverRefusal === undefined ? { kind: 'adoptable' } : refused('PolicyForbids', takeOverRefusal);
}

function refused(reason: Hold['reason'], message: string): Ownership {
  return { kind: 'refused', hold: stalled(reason, message) };
}
