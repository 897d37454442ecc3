import { poolRefusal, takeOverRefusal } from '../../api/policy.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import { poolMark, poolMarkKey, sameOwner } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { passing, stalled } from '../hold.ts';
import { type CrushPlan, planCrushRule } from './crush-rule.ts';
import { planNamespaces } from './namespaces.ts';
import type { Observed, ObservedPool } from './observed.ts';
import { budgetHold } from './placement-groups.ts';
import { planAbsence } from './plan-absence.ts';
import { newPool, planSettings } from './settings.ts';
import type { PoolStep } from './steps.ts';

/** What has to be done for a pool. */
export function planPool(resource: RbdPool, observed: Observed): Plan<PoolStep> {
  if (observed.kind === 'let-go') return { stages: [] };
  if (resource.metadata.deletionTimestamp !== undefined) return planAbsence(resource, observed);
  const refusal = refuse(resource, observed);
  if (refusal !== undefined) return { stages: [], hold: refusal };
  const rule = planCrushRule(resource, observed);
  return observed.pool === undefined
    ? planCreation(resource, observed, rule)
    : planExisting(resource, observed, observed.pool, rule);
}

/** Why this resource may not touch the pool at all. */
function refuse(resource: RbdPool, observed: ObservedPool): Hold | undefined {
  const { policy, rival, ownership, pool } = observed;
  const name = poolNameOf(resource);
  const { adoption } = resource.spec;
  const forbidden = poolRefusal(policy, name);
  if (forbidden !== undefined) return stalled('PolicyForbids', forbidden);
  if (rival !== undefined && ownership.kind !== 'ours') {
    return stalled('Conflict', `RbdPool "${rival}" declared the pool "${name}" before: delete one of the two.`);
  }
  if (ownership.kind === 'anothers') {
    if (ownership.alive || adoption !== 'TakeOver') {
      const way = ownership.alive ? 'use it from there' : 'use it from there, or set adoption: TakeOver';
      return stalled('OwnedByAnother', `The pool "${name}" belongs to ${ownership.name}: ${way}.`);
    }
    const refusal = takeOverRefusal(policy);
    if (refusal !== undefined) return stalled('PolicyForbids', refusal);
  }
  if (pool === undefined) return refuseRenamed(name, observed);
  if (ownership.kind === 'unowned' && adoption === 'Never') {
    const like = `${pool.type}, size ${pool.size}, ${pool.pgNum} placement groups`;
    const message = `The pool "${name}" exists (${like}) and nobody has marked it: set adoption: IfUnowned to adopt it, or choose another poolName.`;
    return stalled('AlreadyExists', message);
  }
  if (pool.type === 'erasure') {
    return stalled(
      'WrongPoolType',
      `The pool "${name}" is erasure-coded, and this one must be replicated: choose another poolName.`,
    );
  }
  const others = Object.keys(pool.applications).filter((application) => application !== 'rbd');
  if (others.length > 0) {
    const applications = others.sort().join(', ');
    return stalled(
      'Conflict',
      `The pool "${name}" belongs to the application ${applications}: choose another poolName.`,
    );
  }
  return undefined;
}

/** An empty pool under the old name would part services from their data. */
function refuseRenamed(name: string, { owner, pools }: ObservedPool): Hold | undefined {
  const mark = poolMark(owner);
  const renamed = pools.find(({ applications }) => applications.rbd?.[poolMarkKey] === mark);
  if (renamed === undefined) return undefined;
  const message = `The pool "${name}" was renamed to "${renamed.name}": rename it back with "ceph osd pool rename ${renamed.name} ${name}".`;
  return stalled('Conflict', message);
}

function planCreation(resource: RbdPool, observed: ObservedPool, rule: CrushPlan): Plan<PoolStep> {
  const { owner, record, highestPoolId } = observed;
  const hold = rule.hold ?? budgetHold(resource, observed);
  if (hold !== undefined) return { stages: [], hold };
  const pool = poolNameOf(resource);
  const recorded =
    record !== undefined &&
    sameOwner(record, owner) &&
    'creatingAfter' in record &&
    record.creatingAfter === highestPoolId;
  const namespaces = planNamespaces(resource, observed);
  const { first, second } = planSettings(resource, undefined, observed);
  return {
    stages: [
      [...(recorded ? [] : [{ verb: 'record-intent' as const, pool, highestPoolId }]), ...rule.steps],
      [
        {
          verb: 'create-pool',
          pool,
          like: newPool(resource),
        },
      ],
      [{ verb: 'mark-pool', pool, mark: poolMark(owner) }, ...first, ...second],
      [
        { verb: 'init-pool', pool, hasSnapshots: false },
        { verb: 'record-owner', pool, namespaces: namespaces.recorded },
      ],
      namespaces.create,
    ],
  };
}

function planExisting(resource: RbdPool, observed: ObservedPool, pool: Pool, rule: CrushPlan): Plan<PoolStep> {
  const { owner, ownership, record, look } = observed;
  const name = pool.name;
  const mark = poolMark(owner);
  const namespaces = planNamespaces(resource, observed);
  const isRecorded =
    record !== undefined &&
    sameOwner(record, owner) &&
    'poolID' in record &&
    record.poolID === pool.id &&
    record.namespaces.join() === namespaces.recorded.join();
  const former = ownership.kind === 'anothers' ? ownership.name : undefined;
  const isMarked = pool.applications.rbd?.[poolMarkKey] === mark;
  const budget = budgetHold(resource, observed);
  const settings = planSettings(resource, pool, observed, {
    placeable: budget === undefined,
    ruleUsable: rule.hold === undefined,
  });
  const stages: readonly (readonly PoolStep[])[] = [
    [
      ...(isRecorded ? [] : [{ verb: 'record-owner' as const, pool: name, namespaces: namespaces.recorded }]),
      ...rule.steps,
    ],
    [
      ...(isMarked
        ? []
        : [{ verb: 'mark-pool' as const, pool: name, mark, ...(former === undefined ? {} : { former }) }]),
      ...settings.first,
    ],
    settings.second,
    look?.initialised === false ? [{ verb: 'init-pool', pool: name, hasSnapshots: pool.snapshots.length > 0 }] : [],
    [...namespaces.create, ...namespaces.remove],
  ];
  const silence = observed.silence === undefined ? undefined : passing('CephUnreachable', observed.silence);
  const hold = rule.hold ?? budget ?? settings.hold ?? silence ?? namespaces.hold;
  return hold === undefined ? { stages } : { stages, hold };
}
