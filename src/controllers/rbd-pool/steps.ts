import type { PoolHolds } from '../../ceph/broker-protocol.ts';
import type { Placement } from '../../ceph/crush.ts';
import type { Owner } from '../../ceph/marks.ts';
import type { PoolVariable } from '../../ceph/operator-caps.ts';
import type { NewPool } from '../../ceph/pools.ts';
import type { Repair } from '../../kube/reconciler.ts';

/** One outside action on a pool. */
export type PoolStep =
  /** Says in the monitors' store that we are about to make the pool. */
  | { readonly verb: 'record-intent'; readonly pool: string; readonly owner: Owner; readonly highestPoolId: number }
  | { readonly verb: 'create-crush-rule'; readonly name: string; readonly placement: Placement }
  | {
      readonly verb: 'create-erasure-profile';
      readonly name: string;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly verb: 'create-pool'; readonly pool: string; readonly like: NewPool }
  /** Enables the application rbd and sets our mark in it. `former` is whose mark it replaces. */
  | { readonly verb: 'mark-pool'; readonly pool: string; readonly mark: string; readonly former?: string }
  /** Says in the monitors' store whose the pool is, whether we made it, and which namespaces we made. */
  | {
      readonly verb: 'record-owner';
      readonly pool: string;
      readonly owner: Owner;
      readonly made: boolean;
      readonly namespaces: readonly string[];
    }
  | {
      readonly verb: 'set-variable';
      readonly pool: string;
      readonly variable: PoolVariable;
      readonly value: string;
      /** For the sentence; left out where nothing was set. */
      readonly from?: string;
      readonly to: string;
      /** Bytes that will be copied or moved, at most. */
      readonly movesBytes?: number;
    }
  | {
      readonly verb: 'set-quota';
      readonly pool: string;
      readonly field: 'max_bytes' | 'max_objects';
      readonly from: number;
      readonly to: bigint;
    }
  /** What `rbd pool init` does. */
  | { readonly verb: 'init-pool'; readonly pool: string; readonly hasSnapshots: boolean }
  | { readonly verb: 'create-namespace'; readonly pool: string; readonly namespace: string }
  | { readonly verb: 'remove-namespace'; readonly pool: string; readonly namespace: string }
  /** Has the data of new images lie in another pool; those that are there stay as they are. */
  | { readonly verb: 'set-data-pool'; readonly pool: string; readonly dataPool: string; readonly from?: string }
  | { readonly verb: 'delete-pool'; readonly pool: string; readonly holds: PoolHolds }
  /** Takes our record out of the monitors' store. */
  | { readonly verb: 'forget-pool'; readonly pool: string };

/** What neither a pool's existence nor another setting depends on. */
const independent: readonly PoolVariable[] = [
  'bulk',
  'compression_algorithm',
  'compression_mode',
  'pg_autoscale_mode',
  'target_size_ratio',
];

/** What is declared of a pool is in its generation. */
export function poolRepair(step: PoolStep): Repair {
  const standsAlone = step.verb === 'set-variable' ? independent.includes(step.variable) : step.verb === 'set-quota';
  return { standsAlone };
}

/** Below a mebibyte it is RBD's own housekeeping that moves. */
const worthTelling = 2 ** 20;

/** The step as a sentence. */
export function describePoolStep(step: PoolStep): string {
  const pool = `pool "${'pool' in step ? step.pool : ''}"`;
  switch (step.verb) {
    case 'record-intent':
      return `Record that ${pool} is about to be made.`;
    case 'create-crush-rule':
      return `Create CRUSH rule "${step.name}" (${describePlacement(step.placement)}).`;
    case 'create-erasure-profile': {
      const parameters = Object.entries(step.parameters).map(([name, value]) => `${name}=${value}`);
      return `Create erasure code profile "${step.name}" (${parameters.join(' ')}).`;
    }
    case 'create-pool':
      return `Create ${step.like.erasureProfile === undefined ? '' : 'erasure-coded '}${pool}.`;
    case 'mark-pool':
      return step.former === undefined
        ? `Enable RBD on ${pool} and mark it as ours.`
        : `Take ${pool} over from ${step.former}.`;
    case 'record-owner':
      return `Record whose ${pool} is.`;
    case 'set-variable': {
      const from = step.from === undefined ? '' : ` from ${step.from}`;
      const moves =
        (step.movesBytes ?? 0) < worthTelling ? '' : `, which moves up to ${formatBytes(step.movesBytes ?? 0)}`;
      return `Set ${step.variable} of ${pool}${from} to ${step.to}${moves}.`;
    }
    case 'set-quota': {
      const what = `quota ${step.field} of ${pool}`;
      const from = step.from === 0 ? '' : ` from ${step.from}`;
      return step.to === 0n ? `Clear ${what}${from && ` (was ${step.from})`}.` : `Set ${what}${from} to ${step.to}.`;
    }
    case 'init-pool':
      return `Initialise ${pool} for RBD.`;
    case 'create-namespace':
      return `Create RBD namespace "${step.namespace}" in ${pool}.`;
    case 'remove-namespace':
      return `Remove RBD namespace "${step.namespace}" from ${pool}.`;
    case 'set-data-pool': {
      const from = step.from === undefined ? '' : ` instead of "${step.from}"`;
      return `Have new images of ${pool} keep their data in "${step.dataPool}"${from}.`;
    }
    case 'delete-pool':
      return `Delete ${pool}.`;
    case 'forget-pool':
      return `Remove the record of ${pool}.`;
  }
}

export function describePlacement({ root, failureDomain, deviceClass }: Placement): string {
  const devices = deviceClass === undefined ? '' : `, device class ${deviceClass}`;
  return `root ${root}, failure domain ${failureDomain}${devices}`;
}

/** `1.5 GiB`, to one digit behind the point. */
function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}
