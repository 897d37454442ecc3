import { poolRefusal, takeOverRefusal } from '../../api/policy.ts';
import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import { poolMark, poolMarkKey, sameOwner } from '../../ceph/marks.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { belongsTo } from '../another-owner.ts';
import { passing, stalled } from '../hold.ts';
import { partsOf } from '../pool-parts.ts';
import { type CrushPlan, planCrushRule } from './crush-rule.ts';
import { codingHold, planErasureProfile } from './erasure-profile.ts';
import { refuseLost } from './lost-pool.ts';
import { planNamespaces } from './namespaces.ts';
import type { Observed, ObservedPool } from './observed.ts';
import { budgetHold } from './placement-groups.ts';
import { type Part, planAbsence } from './plan-absence.ts';
import { newPool, planSettings } from './settings.ts';
import type { PoolStep } from './steps.ts';

/** What has to be done for a pool. */
export function planPool(resource: RbdPool, observed: Observed): Plan<PoolStep> {
  if (observed.kind === 'let-go') return { stages: [] };
  const { pool, data } = partsOf(resource);
  const parts: readonly Part[] = [
    { resource: pool, observed },
    ...(data === undefined || observed.data === undefined ? [] : [{ resource: data, observed: observed.data }]),
  ];
  if (resource.metadata.deletionTimestamp !== undefined) return planAbsence(parts);
  // Nothing is made of one pool while the other cannot be had: images would lie where they should not.
  const refusal = firstOf(parts.map(refuse)) ?? refuseLostData(parts) ?? firstOf(parts.map(refuseCreation));
  if (refusal !== undefined) return { stages: [], hold: refusal };
  const plans = parts.map(planPart);
  const stages = [...sideBySide(plans.map((plan) => plan.stages)), planDataPool(parts)];
  const hold = firstOf(plans.map((plan) => plan.hold)) ?? undeclaredData(parts);
  return hold === undefined ? { stages } : { stages, hold };
}

function planPart({ resource, observed }: Part): Plan<PoolStep> {
  return observed.pool === undefined
    ? planCreation(resource, observed)
    : planExisting(resource, observed, observed.pool);
}

/** Said last, when both pools can take images. */
function planDataPool([part, data]: readonly Part[]): readonly PoolStep[] {
  if (part === undefined || data === undefined) return [];
  const { pool, look } = part.observed;
  // Before the pool bears our mark nobody can look into it.
  if (pool !== undefined && look === undefined) return [];
  const dataPool = poolNameOf(data.resource);
  if (look?.dataPool === dataPool) return [];
  const from = look?.dataPool === undefined ? {} : { from: look.dataPool };
  return [{ verb: 'set-data-pool', pool: poolNameOf(part.resource), dataPool, ...from }];
}

/** The stages of several plans that do not depend on each other, each with those of the others. */
function sideBySide(plans: readonly Plan<PoolStep>['stages'][]): Plan<PoolStep>['stages'] {
  const length = Math.max(...plans.map((stages) => stages.length));
  return Array.from({ length }, (_, index) => plans.flatMap((stages) => stages[index] ?? []));
}

function firstOf(holds: readonly (Hold | undefined)[]): Hold | undefined {
  return holds.find((hold) => hold !== undefined);
}

/** Why this resource may not touch the pool at all. */
function refuse({ resource, observed }: Part): Hold | undefined {
  const { policy, rival, ownership, pool } = observed;
  const name = poolNameOf(resource);
  const { adoption, erasureCoded } = resource.spec;
  const field = erasureCoded === undefined ? 'poolName' : 'dataPoolName';
  const forbidden = poolRefusal(policy, name);
  if (forbidden !== undefined) return stalled('PolicyForbids', forbidden);
  if (rival !== undefined && ownership.kind !== 'ours') {
    return stalled('Conflict', `RbdPool "${rival}" declared the pool "${name}" before: delete one of the two.`);
  }
  if (ownership.kind === 'anothers') {
    if (ownership.alive || adoption !== 'TakeOver') {
      return stalled('OwnedByAnother', belongsTo(`The pool "${name}"`, ownership));
    }
    const refusal = takeOverRefusal(policy);
    if (refusal !== undefined) return stalled('PolicyForbids', refusal);
  }
  if (pool === undefined) return refuseRenamed(name, observed) ?? refuseLost(resource, observed);
  if (ownership.kind === 'unowned' && adoption === 'Never') {
    const like = `${pool.type}, size ${pool.size}, ${pool.pgNum} placement groups`;
    const message = `The pool "${name}" exists (${like}) and nobody has marked it: set adoption: IfUnowned to adopt it, or choose another ${field}.`;
    return stalled('AlreadyExists', message);
  }
  if ((pool.type === 'erasure') !== (erasureCoded !== undefined)) {
    const [is, must] = erasureCoded === undefined ? ['erasure-coded', 'replicated'] : ['replicated', 'erasure-coded'];
    return stalled(
      'WrongPoolType',
      `The pool "${name}" is ${is}, and this one must be ${must}: choose another ${field}.`,
    );
  }
  const coding = erasureCoded && codingHold(resource, pool, observed);
  if (coding !== undefined) return coding;
  const others = Object.keys(pool.applications).filter((application) => application !== 'rbd');
  if (others.length > 0) {
    const applications = others.sort().join(', ');
    return stalled(
      'Conflict',
      `The pool "${name}" belongs to the application ${applications}: choose another ${field}.`,
    );
  }
  return undefined;
}

/** Users of the pool have no right to a data pool that is not declared. */
function undeclaredData([part, data]: readonly Part[]): Hold | undefined {
  const dataPool = part?.observed.look?.dataPool;
  if (part === undefined || data !== undefined || dataPool === undefined) return undefined;
  const name = poolNameOf(part.resource);
  const message = `New images in the pool "${name}" keep their data in "${dataPool}", where its users have no right: declare erasureCoded with that dataPoolName, or take it off with "rbd config pool rm ${name} rbd_default_data_pool".`;
  return stalled('WrongPoolType', message);
}

/** An empty pool in its place would hide that the data of images are gone. */
function refuseLostData([part, data]: readonly Part[]): Hold | undefined {
  const { pool, look } = part?.observed ?? {};
  if (part === undefined || data === undefined || pool === undefined) return undefined;
  const { pool: dataPool, record, owner } = data.observed;
  const wasThere = record !== undefined && 'poolID' in record && sameOwner(record, owner);
  if (dataPool !== undefined || !wasThere) return undefined;
  if (look !== undefined && Object.values(look.images).every((count) => count === 0)) return undefined;
  const name = poolNameOf(part.resource);
  const message = `The pool "${poolNameOf(data.resource)}", where the data of the images in "${name}" were, is gone from Ceph: bring it back, or delete these images.`;
  return stalled('DataPoolLost', message);
}

/** An empty pool under the old name would part services from their data. */
function refuseRenamed(name: string, { owner, pools }: ObservedPool): Hold | undefined {
  const mark = poolMark(owner);
  const renamed = pools.find(({ applications }) => applications.rbd?.[poolMarkKey] === mark);
  if (renamed === undefined) return undefined;
  const message = `The pool "${name}" was renamed to "${renamed.name}": rename it back with "ceph osd pool rename ${renamed.name} ${name}".`;
  return stalled('Conflict', message);
}

/** Why a pool that is not there cannot be made as declared. */
function refuseCreation({ resource, observed }: Part): Hold | undefined {
  if (observed.pool !== undefined) return undefined;
  return planPlacement(resource, observed).hold ?? budgetHold(resource, observed);
}

/** What it has to be made from, and where it is to lie. */
function planPlacement(resource: RbdPool, observed: ObservedPool): CrushPlan {
  return resource.spec.erasureCoded === undefined
    ? planCrushRule(resource, observed)
    : planErasureProfile(resource, observed);
}

function planCreation(resource: RbdPool, observed: ObservedPool): Plan<PoolStep> {
  const { owner, record, highestPoolId } = observed;
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
      [
        ...(recorded ? [] : [{ verb: 'record-intent' as const, pool, owner, highestPoolId }]),
        ...planPlacement(resource, observed).steps,
      ],
      [
        {
          verb: 'create-pool',
          pool,
          like: newPool(resource),
        },
      ],
      [{ verb: 'mark-pool', pool, mark: poolMark(owner) }, ...first, ...second],
      [
        ...(resource.spec.erasureCoded === undefined
          ? [{ verb: 'init-pool' as const, pool, hasSnapshots: false }]
          : []),
        { verb: 'record-owner', pool, owner, made: true, namespaces: namespaces.recorded },
      ],
      namespaces.create,
    ],
  };
}

/** A pool that somebody else made may be full, and other placement groups would move its data. */
function withoutUnasked(resource: RbdPool): RbdPool {
  const { placementGroups, ...others } = resource.spec;
  return placementGroups?.whenAdopted === 'Leave' ? { ...resource, spec: others } : resource;
}

/** Told by the record of before, or by that of a pass that died after it made the pool. */
function isMade({ owner, record }: ObservedPool, pool: Pool): boolean {
  if (record === undefined || !sameOwner(record, owner)) return false;
  return 'poolID' in record ? record.poolID === pool.id && record.made === true : pool.id > record.creatingAfter;
}

function planExisting(declared: RbdPool, observed: ObservedPool, pool: Pool): Plan<PoolStep> {
  const { owner, ownership, record, look } = observed;
  const made = isMade(observed, pool);
  const resource = made ? declared : withoutUnasked(declared);
  const rule = planPlacement(resource, observed);
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
      ...(isRecorded
        ? []
        : [{ verb: 'record-owner' as const, pool: name, owner, made, namespaces: namespaces.recorded }]),
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
