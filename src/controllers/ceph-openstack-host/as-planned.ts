import type { UnitFacts } from '../../hosts/facts.ts';
import type { DesiredHost, Refusal, RevisionData } from '../../openstack/desired-host.ts';
import { notCreatedYet, speaksOfForetoldKeys } from '../../openstack/foretold-keys.ts';
import { Secret } from '../../secret.ts';
import type { PlannedStep } from './draft.ts';
import { type ClientKey, isRefusal, type SeenHost } from './observed.ts';

/** In mode Plan: the host as if the binding had told it to lay out `planned` and to switch to it. */
export function asPlanned(seen: SeenHost, planned: SeenHost['current']): SeenHost {
  if (planned === undefined) return seen;
  const { current, next } = seen;
  return {
    ...seen,
    told: { current, next },
    current: planned,
    next: planned,
    keys: foretellKeys(seen, planned.desired),
  };
}

/** A key that a revision speaks of and no Secret holds yet stands as one that nobody has. It never leaves a plan. */
function foretellKeys({ keys }: SeenHost, desired: DesiredHost | Refusal): SeenHost['keys'] {
  const all = new Map(keys);
  if (isRefusal(desired)) return all;
  for (const { entity, secretName, fingerprint } of [
    ...desired.distribute.keyrings,
    ...desired.distribute.libvirtSecrets,
  ]) {
    if (all.get(secretName)?.key.fingerprint() === fingerprint) continue;
    const standIn = new Secret(`[${entity}]\n\tkey = ${notCreatedYet}\n`);
    all.set(secretName, { key: standIn, keyring: standIn, foretold: fingerprint });
  }
  return all;
}

/** Restarts that a plan may speak of: a service that somebody has stopped is left so. */
export function plannedRestarts(steps: readonly PlannedStep[], { told, facts }: SeenHost): readonly PlannedStep[] {
  if (told === undefined) return steps;
  return steps.filter((step) => step.verb !== 'restart-unit' || runs(facts.units[step.unit]));
}

function runs(unit: UnitFacts | undefined): boolean {
  return unit?.load === 'loaded' && unit.active !== 'inactive' && unit.active !== 'deactivating';
}

/** What follows of a key in the sentence of a step. */
export function keyClause(entity: string, { foretold }: ClientKey): string | undefined {
  if (foretold === undefined) return undefined;
  const state = foretold === notCreatedYet ? 'which is not created yet' : 'which its Secret does not hold yet';
  return `the key of ${entity}, ${state}`;
}

/** A revision with keys that are not created yet is not one to be told: services would start without them. */
export function refuseForetold(name: string, data: RevisionData): Refusal | undefined {
  if (!speaksOfForetoldKeys(data)) return undefined;
  const message = `The revision ${name} was made for a plan, with keys that are not created yet, and is for no host.`;
  return { refused: 'InvalidSpec', message };
}
