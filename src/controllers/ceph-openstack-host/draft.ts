import type { Manifest, ManifestOwner } from '../../hosts/manifest.ts';
import type { HostStep } from '../../hosts/steps.ts';
import type { Hold } from '../../kube/reconciler.ts';

/** A step on a host, and for one that edits a service's file what it changes there. */
export type PlannedStep = HostStep & {
  /** A sentence without values: `Set rbd_pool in [ceph] of /etc/cinder/cinder.conf.` */
  readonly about?: string;
  readonly incidental?: boolean;
};

/**
 * A plan in the making: what is to be done, what stands in the way, and what the manifest will say.
 * The pieces (lay-out.ts, switch-over.ts, give-back.ts) add to it; plan.ts makes the transaction of it.
 */
export interface Draft {
  manifest: Manifest;
  /** Steps that only add and disturb nothing that runs. */
  readonly layOut: PlannedStep[];
  /** Steps that change what a service does. */
  readonly switchOver: PlannedStep[];
  /** Steps that take away what is no longer wanted; only once nothing runs with it. */
  readonly giveBack: HostStep[];
  readonly holds: Hold[];
  /** Units that must restart for what `layOut` and `switchOver` change, by the digest they are to run with. */
  readonly debts: Map<string, string>;
  /** All that `layOut` is about stands on the host. */
  laidOut: boolean;
  /** The host had one, and what stands there was taken up again without it. */
  manifestLost: boolean;
}

export function createDraft(manifest: Manifest): Draft {
  return {
    ...{ manifest, layOut: [], switchOver: [], giveBack: [], holds: [], debts: new Map() },
    ...{ laidOut: false, manifestLost: false },
  };
}

export function emptyManifest(owner: ManifestOwner): Manifest {
  return {
    version: 1,
    owner,
    files: {},
    options: [],
    libvirtSecrets: {},
    packages: [],
    directories: [],
    debts: {},
  };
}
