import { quantityValue } from '../../api/quantity.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { PoolVariable } from '../../ceph/operator-caps.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { NewPool } from '../../ceph/pools.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';
import type { PoolStep } from './steps.ts';

export interface SettingsPlan {
  readonly first: readonly PoolStep[];
  /** What must come after: setting the size resets min_size, and the autoscaler would undo a count. */
  readonly second: readonly PoolStep[];
  readonly hold?: Hold;
}

/** What else was found to be in the way. */
interface Circumstances {
  /** Whether the placement groups asked for fit. */
  readonly placeable: boolean;
  readonly ruleUsable: boolean;
}

type Variable = Extract<PoolStep, { verb: 'set-variable' }>;

/** The steps that make a pool as declared; a field that is left out is left alone. No pool: one that is just being made. */
export function planSettings(
  resource: RbdPool,
  pool: Pool | undefined,
  observed: Pick<ObservedPool, 'usage' | 'rules'>,
  { placeable, ruleUsable }: Circumstances = { placeable: true, ruleUsable: true },
): SettingsPlan {
  const name = poolNameOf(resource);
  const { replicated, erasureCoded, placementGroups } = resource.spec;
  const stored = observed.usage?.stored ?? 0;
  const onDevices = stored * ((pool?.size ?? 0) / (erasureCoded?.dataChunks ?? 1));
  const set = (
    variable: PoolVariable,
    from: string | undefined,
    to: string,
    more: Partial<Variable> = {},
  ): PoolStep[] => {
    if (from === to) return [];
    const was = from === undefined ? {} : { from };
    return [{ verb: 'set-variable', pool: name, variable, value: to, to, ...was, ...more }];
  };
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));

  const sizeChange =
    pool === undefined || replicated?.size === undefined || !placeable
      ? []
      : set('size', text(pool.size), String(replicated.size), {
          movesBytes: stored * Math.max(0, replicated.size - pool.size),
        });
  const minSizeChange =
    replicated?.minSize === undefined
      ? []
      : set('min_size', sizeChange.length > 0 ? undefined : text(pool?.minSize), String(replicated.minSize));
  const count = placementGroups?.count;
  const countChange =
    pool === undefined || count === undefined || !placeable
      ? []
      : set('pg_num', text(pool.pgNumTarget), String(count), {
          movesBytes: count < pool.pgNumTarget ? onDevices : 0,
        });
  const flagged = frozen(pool, sizeChange, countChange);

  const autoscale = autoscaleWord(resource);
  const bulk = placementGroups?.bulk;
  const overwrites = pool?.flags.includes('ec_overwrites') === true ? 'true' : undefined;
  const first = [
    ...(erasureCoded === undefined ? [] : set('allow_ec_overwrites', overwrites, 'true')),
    ...(flagged.size ? [] : sizeChange),
    ...(pool === undefined || !ruleUsable ? [] : planRuleOfPool(resource, pool, observed, set)),
    ...(pool === undefined || autoscale === undefined ? [] : set('pg_autoscale_mode', pool.autoscale, autoscale)),
    ...(pool === undefined || bulk === undefined ? [] : set('bulk', String(pool.flags.includes('bulk')), String(bulk))),
    ...planRatio(placementGroups?.targetSizeRatio, pool, set),
    ...planCompression(resource, pool, set),
    ...planQuotas(resource, pool),
  ];
  const second = [...(flagged.size ? [] : minSizeChange), ...(flagged.count ? [] : countChange)];
  return flagged.hold === undefined ? { first, second } : { first, second, hold: flagged.hold };
}

type SetVariable = (
  variable: PoolVariable,
  from: string | undefined,
  to: string,
  more?: Partial<Variable>,
) => PoolStep[];

/** What a pool is made with; `planSettings` has the rest. */
export function newPool(resource: RbdPool): NewPool {
  const { replicated, erasureCoded, placementGroups } = resource.spec;
  return {
    name: poolNameOf(resource),
    size: replicated?.size,
    erasureProfile: erasureCoded && poolNameOf(resource),
    crushRule: replicated?.crushRule?.name,
    pgNum: placementGroups?.count,
    autoscale: autoscaleWord(resource),
    bulk: placementGroups?.bulk,
  };
}

/** The autoscaler's mode as Ceph writes it. */
function autoscaleWord(resource: RbdPool): 'on' | 'off' | undefined {
  const { autoscale } = resource.spec.placementGroups ?? {};
  return autoscale === undefined ? undefined : autoscale === 'Enabled' ? 'on' : 'off';
}

function planRuleOfPool(
  resource: RbdPool,
  pool: Pool,
  observed: Pick<ObservedPool, 'usage' | 'rules'>,
  set: SetVariable,
): PoolStep[] {
  const wanted = resource.spec.replicated?.crushRule?.name;
  if (wanted === undefined) return [];
  const now = observed.rules.find(({ id }) => id === pool.crushRuleId)?.name;
  return set('crush_rule', now, wanted, { movesBytes: (observed.usage?.stored ?? 0) * pool.size });
}

/** Ceph keeps the ratio as a float32, so 0.1 reads 0.10000000149011612. */
function planRatio(wanted: string | undefined, pool: Pool | undefined, set: SetVariable): PoolStep[] {
  if (wanted === undefined) return [];
  const now = pool?.targetSizeRatio ?? 0;
  if (Math.fround(now) === Math.fround(Number(wanted))) return [];
  return set('target_size_ratio', now === 0 ? undefined : String(Number(now.toFixed(6))), wanted, { value: wanted });
}

function planCompression(resource: RbdPool, pool: Pool | undefined, set: SetVariable): PoolStep[] {
  const { compression } = resource.spec;
  if (compression === undefined) return [];
  if (compression.mode === 'None') {
    const { compressionMode, compressionAlgorithm } = pool ?? {};
    return [
      ...(compressionMode === undefined || compressionMode === 'none'
        ? []
        : set('compression_mode', compressionMode, 'unset')),
      ...(compressionAlgorithm === undefined ? [] : set('compression_algorithm', compressionAlgorithm, 'unset')),
    ];
  }
  return [
    ...set('compression_mode', pool?.compressionMode, compression.mode.toLowerCase()),
    ...(compression.algorithm === undefined
      ? []
      : set('compression_algorithm', pool?.compressionAlgorithm, compression.algorithm)),
  ];
}

function planQuotas(resource: RbdPool, pool: Pool | undefined): PoolStep[] {
  const { maxBytes, maxObjects } = resource.spec.quota ?? {};
  const quota = (field: 'max_bytes' | 'max_objects', from: number, wanted: number | string | undefined): PoolStep[] => {
    if (wanted === undefined) return [];
    const to = quantityValue(wanted);
    // As numbers: what Ceph answers has lost its last digits beyond 2^53.
    return Number(to) === from ? [] : [{ verb: 'set-quota', pool: poolNameOf(resource), field, from, to }];
  };
  return [
    ...quota('max_bytes', pool?.quotaMaxBytes ?? 0, maxBytes),
    ...quota('max_objects', pool?.quotaMaxObjects ?? 0, maxObjects),
  ];
}

/** Somebody has told Ceph to refuse such changes: that is theirs to take back. */
function frozen(pool: Pool | undefined, sizeChange: readonly PoolStep[], countChange: readonly PoolStep[]) {
  const size = sizeChange.length > 0 && pool?.flags.includes('nosizechange') === true;
  const count = countChange.length > 0 && pool?.flags.includes('nopgchange') === true;
  const flags = [...(count ? ['nopgchange'] : []), ...(size ? ['nosizechange'] : [])];
  if (pool === undefined || flags.length === 0) return { size, count, hold: undefined };
  const message = `The pool "${pool.name}" has the flag ${flags.join(' and ')}, so it stays as it is: clear it with "ceph osd pool set ${pool.name} ${flags[0]} false".`;
  const hold: Hold = stalled('Conflict', message);
  return { size, count, hold };
}
