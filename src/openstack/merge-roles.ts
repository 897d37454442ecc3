import type { Role } from '../api/ceph-openstack-host.ts';
import type {
  DesiredHost,
  Directory,
  KeyringFile,
  LibvirtSecret,
  Option,
  PackageNeed,
  Refusal,
  RenderedRole,
  RevisionData,
  RoleKeyring,
  WholeFile,
} from './desired-host.ts';
import { type Platform, projectOf } from './distributions.ts';
import type { Project, Release } from './releases.ts';

/** What is known of a machine, and enough to find its part of a revision. */
export interface Machine {
  readonly roles: readonly Role[];
  readonly platform: Platform;
  /** By project, from its packages; a project that is not installed is missing. */
  readonly releases: Readonly<Partial<Record<Project, Release>>>;
}

/**
 * A machine's part of a revision: its roles folded into one. What two roles both need is there once, and restarts both.
 * Refused while the revision was not rendered for this kind of machine, or when its roles cannot live on one.
 */
export function desiredHost(revision: RevisionData, machine: Machine): DesiredHost | Refusal {
  const rendered: RenderedRole[] = [];
  for (const role of [...machine.roles].sort()) {
    const release = machine.releases[projectOf[role]];
    if (release === undefined) {
      return {
        refused: 'ReleaseUnknown',
        message: `The role ${role} needs ${projectOf[role]}, which is not installed.`,
      };
    }
    const found = revision.roles.find(
      (candidate) =>
        candidate.role === role && candidate.platform === machine.platform && candidate.release === release,
    );
    if (found === undefined) {
      return { refused: 'WaitingForRevision', message: `The revision does not hold ${role} for ${release} yet.` };
    }
    rendered.push(found);
  }
  return mergeRoles(rendered, machine.platform);
}

export function mergeRoles(rendered: readonly RenderedRole[], platform: Platform): DesiredHost | Refusal {
  const keyrings = mergeKeyrings(rendered.flatMap((role) => role.distribute.keyrings));
  if ('refused' in keyrings) return keyrings;
  return {
    roles: rendered.map((role) => role.role),
    platform,
    distribute: {
      packages: unique<PackageNeed>(
        rendered.flatMap((role) => role.distribute.packages),
        (need) => need.name,
        joinRestarts,
      ),
      directories: unique<Directory>(
        rendered.flatMap((role) => role.distribute.directories),
        (directory) => directory.path,
      ),
      files: unique<WholeFile>(
        rendered.flatMap((role) => role.distribute.files),
        (file) => file.path,
      ),
      keyrings: keyrings.files,
      libvirtSecrets: unique<LibvirtSecret>(
        rendered.flatMap((role) => role.distribute.libvirtSecrets),
        (secret) => secret.uuid,
      ),
    },
    switch: {
      services: rendered.flatMap((role) => role.switch.services),
      options: unique<Option>(
        rendered.flatMap((role) => role.switch.options),
        (option) => JSON.stringify([option.file, option.section, option.name, option.layout ?? '']),
        joinRestarts,
      ),
    },
    access: unique(
      rendered.flatMap((role) => role.access),
      (check) => JSON.stringify(check),
    ),
  };
}

/** The first of equal things, in order of appearance. */
function unique<T>(
  things: readonly T[],
  keyOf: (thing: T) => string,
  join: (first: T, again: T) => T = (first) => first,
): readonly T[] {
  const found = new Map<string, T>();
  for (const thing of things) {
    const first = found.get(keyOf(thing));
    found.set(keyOf(thing), first === undefined ? thing : join(first, thing));
  }
  return [...found.values()];
}

function joinRestarts<T extends { readonly restarts: readonly string[] }>(first: T, again: T): T {
  return { ...first, restarts: [...new Set([...first.restarts, ...again.restarts])].sort() };
}

/** See KeyringFile for why one file has room for two readers: its owner, and its group. */
function mergeKeyrings(wanted: readonly RoleKeyring[]): { files: readonly KeyringFile[] } | Refusal {
  const files: KeyringFile[] = [];
  for (const [path, keyrings] of Map.groupBy(wanted, (keyring) => keyring.path)) {
    const [owner, group, ...more] = [...new Set(keyrings.map((keyring) => keyring.reader))].sort();
    const [first] = keyrings;
    if (first === undefined || owner === undefined) continue;
    if (more.length > 0) {
      const readers = [owner, group, ...more].join(', ');
      return {
        refused: 'HostUnsupported',
        message: `The keyring ${path} is to be read by ${readers} on one host, and it can be given to two: give one of these services a Ceph user of its own.`,
      };
    }
    const { entity, secretName, fingerprint } = first;
    files.push({ path, entity, secretName, fingerprint, owner, group: group ?? owner, mode: '0640' });
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
