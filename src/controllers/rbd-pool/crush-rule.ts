import type { RbdPool } from '../../api/rbd-pool.ts';
import type { CrushRule, Placement } from '../../ceph/crush.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import type { ObservedPool } from './observed.ts';
import { describePlacement, type PoolStep } from './steps.ts';

export interface CrushPlan {
  readonly steps: readonly PoolStep[];
  /** The rule cannot be used as declared. */
  readonly hold?: Hold;
}

/**
 * A rule is made if it is missing, and compared if it is there: Ceph itself answers "already exists" whatever the
 * rule says. Rules bear no mark and may be shared, so one that differs is never changed.
 */
export function planCrushRule(resource: RbdPool, { rules }: Pick<ObservedPool, 'rules'>): CrushPlan {
  const wanted = resource.spec.replicated?.crushRule;
  if (wanted === undefined) return { steps: [] };
  const { name } = wanted;
  const rule = rules.find((candidate) => candidate.name === name);
  const placement = wantedPlacement(resource);
  if (placement === undefined) {
    if (rule !== undefined) return { steps: [] };
    const message = `There is no CRUSH rule "${name}": write root and failureDomain to have it made, or name another.`;
    return { steps: [], hold: stalled('InvalidSpec', message) };
  }
  if (rule === undefined) return { steps: [{ verb: 'create-crush-rule', name, placement }] };
  const hold = ruleHold(rule, placement);
  return hold === undefined ? { steps: [] } : { steps: [], hold };
}

/** Why a rule that is there cannot be the one that is wanted; undefined if it can. */
export function ruleHold(rule: CrushRule, wanted: Placement, type: CrushRule['type'] = 'replicated'): Hold | undefined {
  if (rule.type !== type) {
    const message = `The CRUSH rule "${rule.name}" is for ${kindOf[rule.type]} pools, not for ${kindOf[type]} ones: choose another name.`;
    return stalled('CrushRuleDiffers', message);
  }
  if (isSame(rule, wanted)) return undefined;
  const there = rule.placement === undefined ? 'steps of its own' : describePlacement(rule.placement);
  const message = `The CRUSH rule "${rule.name}" has ${there}, not ${describePlacement(wanted)}: choose another name, or declare what is there.`;
  return stalled('CrushRuleDiffers', message);
}

const kindOf = { replicated: 'replicated', erasure: 'erasure-coded' } as const;

/** Undefined where it is not said. For an erasure-coded pool Ceph has an answer to what is left out. */
export function wantedPlacement(resource: RbdPool): Placement | undefined {
  const { erasureCoded } = resource.spec;
  if (erasureCoded !== undefined) {
    return {
      root: 'default',
      failureDomain: erasureCoded.failureDomain ?? 'host',
      deviceClass: erasureCoded.deviceClass,
    };
  }
  const { root, failureDomain, deviceClass } = resource.spec.replicated?.crushRule ?? {};
  return root === undefined || failureDomain === undefined ? undefined : { root, failureDomain, deviceClass };
}

function isSame({ placement }: CrushRule, wanted: Placement): boolean {
  return (
    placement !== undefined &&
    placement.root === wanted.root &&
    placement.failureDomain === wanted.failureDomain &&
    placement.deviceClass === wanted.deviceClass
  );
}
