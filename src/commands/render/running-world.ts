import type { Role } from '../../api/ceph-openstack-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import { type Project, parseRelease, type Release } from '../../openstack/releases.ts';
import { UsageError } from '../command.ts';

/** What cannot be read from a file, as far as the user says it. */
export interface RunningWorld {
  /** ID and perhaps VERSION_ID of os-release: `debian-13`. */
  readonly distribution: string;
  readonly family: string;
  readonly initSystem: string;
  /** For whichever project has none of its own below. */
  readonly release: Release | undefined;
  readonly releases: Readonly<Partial<Record<Project, Release>>>;
  /** By the connection Secret's name; under '' that of the only one. */
  readonly fsids: ReadonlyMap<string, string>;
  readonly monHosts: ReadonlyMap<string, string>;
}

/** A value that stands for one that only the running world knows. */
export interface Placeholder {
  /** As it stands in the output: `<fsid:ceph-main>`. */
  readonly placeholder: string;
  readonly means: string;
  /** The option that says the value; undefined where another value has to be said. */
  readonly option: string;
}

/** Those that stand somewhere in what is shown. */
export function placeholdersIn(shown: unknown, all: readonly Placeholder[]): readonly Placeholder[] {
  const text = JSON.stringify(shown);
  return all.filter(({ placeholder }) => text.includes(placeholder));
}

/** The release of a project on every host, as far as it is known without the hosts. */
export function releaseOf(world: RunningWorld, project: Project, said: string | undefined): Release | undefined {
  return world.releases[project] ?? world.release ?? parseRelease(said ?? '');
}

/** A connection Secret that the input names. */
export interface Connection {
  readonly namespace: string;
  readonly name: string;
}

/** What is said of connections, by their names. @throws {UsageError} where it is not clear of which one, or of none. */
function byName(
  option: string,
  said: ReadonlyMap<string, string>,
  connections: readonly Connection[],
): ReadonlyMap<string, string> {
  const names = [...new Set(connections.map(({ name }) => name))].sort();
  const found = new Map<string, string>();
  for (const [word, value] of said) {
    const [only = '', ...more] = names;
    if (word === '' && more.length > 0) {
      const choice = names.map((name) => `${name}=`).join(', ');
      throw new UsageError(
        `${option} does not say of which connection "${value}" is: write one of ${choice} before it.`,
      );
    }
    const name = word === '' ? only : word;
    if (!names.includes(name)) {
      throw new UsageError(`${option} is for "${name}"; the files name the connections ${names.join(', ')}.`);
    }
    const namespaces = [...new Set(connections.filter((one) => one.name === name).map((one) => one.namespace))].sort();
    if (namespaces.length > 1) {
      throw new UsageError(
        `${option} is for "${name}", of which ${namespaces.join(', ')} have one each: render them apart.`,
      );
    }
    if (found.has(name)) throw new UsageError(`${option} is given twice for the connection "${name}".`);
    found.set(name, value);
  }
  return found;
}

/** Values of one cluster, or what stands for them. */
export interface ClusterValues {
  readonly fsid: string;
  readonly monHost: string;
}

/** Gives values, and remembers which placeholders it gave in their place. */
export class Values {
  readonly #fsids: ReadonlyMap<string, string>;
  readonly #monHosts: ReadonlyMap<string, string>;
  readonly #given = new Map<string, Placeholder>();

  /** `connections` are all of the input. @throws {UsageError} for a word that is not of one of them. */
  constructor({ fsids, monHosts }: RunningWorld, connections: readonly Connection[]) {
    this.#fsids = byName('--fsid', fsids, connections);
    this.#monHosts = byName('--mon-host', monHosts, connections);
  }

  /** Sorted. */
  get placeholders(): readonly Placeholder[] {
    return [...this.#given.values()].sort((a, b) => (a.placeholder < b.placeholder ? -1 : 1));
  }

  /** Of the cluster that a connection Secret leads to. */
  ofCluster(connection: string): ClusterValues {
    return {
      fsid:
        this.#fsids.get(connection) ??
        this.#placeholder(`fsid:${connection}`, `The fsid of the cluster of "${connection}".`, '--fsid'),
      monHost:
        this.#monHosts.get(connection) ??
        this.#placeholder(`mon-host:${connection}`, `The monitors of the cluster of "${connection}".`, '--mon-host'),
    };
  }

  /** The UUID of a user's libvirt secret, in the cluster that a connection Secret leads to. */
  readonly secretUuid = (fsid: string, userId: string, connection: string): string => {
    if (this.#fsids.has(connection)) return derivedSecretUuid(fsid, userId);
    return this.#placeholder(
      `libvirt-secret:${connection}:client.${userId}`,
      `The UUID of the libvirt secret of client.${userId}, which follows from the fsid.`,
      '--fsid',
    );
  };

  #placeholder(name: string, means: string, option: string): string {
    const placeholder = `<${name}>`;
    this.#given.set(placeholder, { placeholder, means, option });
    return placeholder;
  }
}

/** @throws {UsageError} for a release of a project that no host runs. */
export function refuseUnused(
  releases: RunningWorld['releases'],
  hosts: readonly { readonly roles: readonly Role[] }[],
): void {
  const known = [...new Set(hosts.flatMap(({ roles }) => roles.map((role) => projectOf[role])))].sort();
  const unused = Object.keys(releases).find((project) => !known.some((name) => name === project));
  if (unused === undefined) return;
  throw new UsageError(`--release names ${unused}, which no host runs; they run ${known.join(', ') || 'nothing'}.`);
}
