import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Role } from '../../api/ceph-openstack-host.ts';
import type { DesiredHost, Refusal, RevisionData } from '../../openstack/desired-host.ts';
import { speaksOfForetoldKeys } from '../../openstack/foretold-keys.ts';
import { desiredHost, type Machine } from '../../openstack/merge-roles.ts';
import { readBy } from '../../openstack/option-edit.ts';
import { canonicalJson, digest } from '../canonical.ts';

/** A ControllerRevision of a binding: immutable, and named after its content. */
export interface Revision {
  readonly name: string;
  readonly uid: string;
  /** Grows with each new content; tells the younger of two. */
  readonly number: number;
  readonly data: RevisionData;
}

/**
 * How many revisions are kept beside those that hosts refer to: for whoever wants to see what was wanted before. Going
 * back needs none of them, for a spec that is reverted is rendered to the same content and so to the same name.
 */
const historyLimit = 2;

/**
 * `<binding>-<digest>`: the same content has the same name, whoever renders it and when. One that serves a plan only has
 * a name that says so.
 */
export function revisionName(binding: CephOpenStackBinding, data: RevisionData): string {
  const middle = speaksOfForetoldKeys(data) ? '-plan' : '';
  return `${binding.metadata.name}${middle}-${digest(data)}`;
}

export function nextNumber(revisions: readonly Revision[]): number {
  return revisions.reduce((most, revision) => Math.max(most, revision.number), 0) + 1;
}

/** Revisions that nobody refers to and that are beyond the history, oldest first; those of plans have none. */
export function prunable(revisions: readonly Revision[], referenced: ReadonlySet<string>): readonly Revision[] {
  const unused = revisions
    .filter((revision) => !referenced.has(revision.name))
    .sort((a, b) => b.number - a.number || (a.name < b.name ? -1 : 1));
  const foretold = unused.filter((revision) => speaksOfForetoldKeys(revision.data));
  const others = unused.filter((revision) => !foretold.includes(revision));
  return [...foretold, ...others.slice(historyLimit)].reverse();
}

/**
 * The roles of a machine whose services change between two revisions: an option, a unit or a file. What is only laid out
 * (keys, ceph.conf, packages) changes none. All its roles where either revision does not serve the machine.
 */
export function changedRoles(from: RevisionData | undefined, to: RevisionData, machine: Machine): readonly Role[] {
  const before = from === undefined ? undefined : desiredHost(from, machine);
  const after = desiredHost(to, machine);
  if (before === undefined || isRefused(before) || isRefused(after)) return machine.roles;
  return machine.roles.filter((role) => switchOf(before, role) !== switchOf(after, role));
}

/** What a role's services are told, as text that compares. */
function switchOf(desired: DesiredHost, role: Role): string {
  const services = desired.switch.services.filter((service) => service.role === role);
  const units = new Set(services.map((service) => service.unit));
  const options = desired.switch.options.filter((option) => option.restarts.some((unit) => units.has(unit)));
  return canonicalJson({ services, options: options.map((option) => canonicalJson(readBy(option))).sort() });
}

function isRefused(desired: DesiredHost | Refusal): desired is Refusal {
  return 'refused' in desired;
}

/** The Secrets and pools that a revision speaks of; a pool's cluster by its ceph.conf on hosts. */
export function usedBy(data: RevisionData): {
  secrets: ReadonlySet<string>;
  pools: readonly { readonly name: string; readonly conf: string }[];
} {
  return {
    secrets: new Set(data.roles.flatMap((role) => role.distribute.keyrings.map((keyring) => keyring.secretName))),
    pools: data.roles.flatMap((role) => role.access.map(({ pool, conf }) => ({ name: pool, conf }))),
  };
}
