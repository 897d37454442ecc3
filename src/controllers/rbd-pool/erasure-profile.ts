import { poolNameOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Pool } from '../../ceph/osd-map.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import { type CrushPlan, ruleHold, wantedPlacement } from './crush-rule.ts';
import type { ObservedPool } from './observed.ts';

type Parameters = Readonly<Record<string, string>>;

/** What is declared of a profile, as Ceph names it. What is left out is Ceph's choice, which differs from release to release. */
export function wantedProfile(data: RbdPool): Parameters {
  const { dataChunks, codingChunks, plugin, failureDomain, deviceClass } = data.spec.erasureCoded ?? {};
  const all = {
    k: dataChunks,
    m: codingChunks,
    plugin,
    'crush-failure-domain': failureDomain,
    'crush-device-class': deviceClass,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/**
 * What an erasure-coded pool has to be made from: a profile that bears its name, and the rule of that name, which Ceph
 * makes from the profile if it is missing and takes as it is otherwise. Both outlive their pool.
 */
export function planErasureProfile(
  data: RbdPool,
  {
    pool,
    erasureProfiles,
    rules,
    failureDomains,
  }: Pick<ObservedPool, 'pool' | 'erasureProfiles' | 'rules' | 'failureDomains'>,
): CrushPlan {
  if (pool !== undefined) return { steps: [] };
  const name = poolNameOf(data);
  const parameters = wantedProfile(data);
  const rule = rules.find((candidate) => candidate.name === name);
  const placement = wantedPlacement(data);
  const hold =
    profileHold(name, erasureProfiles.get(name), parameters) ??
    (rule && placement && ruleHold(rule, placement, 'erasure')) ??
    domainsHold(data, failureDomains);
  if (hold !== undefined) return { steps: [], hold };
  return { steps: erasureProfiles.has(name) ? [] : [{ verb: 'create-erasure-profile', name, parameters }] };
}

/** A pool with more chunks than places takes no data, and whoever asks it waits for ever. */
function domainsHold(data: RbdPool, there: number | undefined): Hold | undefined {
  const { dataChunks = 0, codingChunks = 0 } = data.spec.erasureCoded ?? {};
  const { root, failureDomain, deviceClass } = wantedPlacement(data) ?? {};
  if (there === undefined || there >= dataChunks + codingChunks) return undefined;
  const of = deviceClass === undefined ? '' : ` with OSDs of the class "${deviceClass}"`;
  const message = `The pool "${poolNameOf(data)}" needs ${dataChunks + codingChunks} failure domains, and the root "${root}" has ${there} of the type "${failureDomain}"${of}: declare fewer chunks or another failureDomain, or add some.`;
  return stalled('FailureDomainsMissing', message);
}

function profileHold(name: string, found: Parameters | undefined, wanted: Parameters): Hold | undefined {
  if (found === undefined || agrees(found, wanted)) return undefined;
  const message = `The erasure code profile "${name}" has ${describe(found, wanted)}, not ${describe(wanted, wanted)}: choose another dataPoolName, or, where no pool uses it, remove it with "ceph osd erasure-code-profile rm ${name}".`;
  return stalled('ErasureProfileDiffers', message);
}

/** Why an erasure-coded pool that is there is not as declared, which nobody can change. */
export function codingHold(
  data: RbdPool,
  pool: Pool,
  { erasureProfiles: profiles, ownership }: Pick<ObservedPool, 'erasureProfiles' | 'ownership'>,
): Hold | undefined {
  const wanted = wantedProfile(data);
  const found = profiles.get(pool.erasureProfile ?? '') ?? {};
  if (agrees(found, wanted)) return undefined;
  if (ownership.kind === 'ours') {
    // What is declared never changes, so it was as declared when it was made.
    const changed = `The profile "${pool.erasureProfile}", which the pool "${pool.name}" lives by, was changed from ${describe(wanted, wanted)} to ${describe(found, wanted)}: put it back at once with "ceph osd erasure-code-profile set" and --force.`;
    return stalled('ErasureProfileDiffers', changed);
  }
  const message = `The pool "${pool.name}" was made with ${describe(found, wanted)}, not ${describe(wanted, wanted)}: declare what is there, or choose another dataPoolName.`;
  return stalled('ErasureProfileDiffers', message);
}

function agrees(found: Parameters, wanted: Parameters): boolean {
  return Object.entries(wanted).every(([name, value]) => found[name] === value);
}

/** `k=4 m=2`, of those that are asked for. */
function describe(parameters: Parameters, asked: Parameters): string {
  return Object.keys(asked)
    .map((name) => `${name}=${parameters[name] ?? ''}`)
    .join(' ');
}
