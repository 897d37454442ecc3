import { derivedSecretUuid } from '../../openstack/libvirt.ts';
import { type Project, parseRelease, type Release } from '../../openstack/releases.ts';

/** What cannot be read from a file, as far as the user says it. */
export interface RunningWorld {
  /** ID and perhaps VERSION_ID of os-release: `debian-13`. */
  readonly distribution: string;
  readonly family: string;
  readonly initSystem: string;
  /** For whichever project has none of its own below. */
  readonly release: Release | undefined;
  readonly releases: Readonly<Partial<Record<Project, Release>>>;
  /** By the connection Secret's name; under '' what holds for every one. */
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

/** Values of one cluster, or what stands for them. */
export interface ClusterValues {
  readonly fsid: string;
  readonly monHost: string;
}

/** Gives values, and remembers which placeholders it gave in their place. */
export class Values {
  readonly #world: RunningWorld;
  readonly #given = new Map<string, Placeholder>();

  constructor(world: RunningWorld) {
    this.#world = world;
  }

  /** Sorted. */
  get placeholders(): readonly Placeholder[] {
    return [...this.#given.values()].sort((a, b) => (a.placeholder < b.placeholder ? -1 : 1));
  }

  /** Of the cluster that a connection Secret leads to. */
  ofCluster(connection: string): ClusterValues {
    const { fsids, monHosts } = this.#world;
    const fsid = fsids.get(connection) ?? fsids.get('');
    return {
      fsid: fsid ?? this.#placeholder(`fsid:${connection}`, `The fsid of the cluster of "${connection}".`, '--fsid'),
      monHost:
        monHosts.get(connection) ??
        monHosts.get('') ??
        this.#placeholder(`mon-host:${connection}`, `The monitors of the cluster of "${connection}".`, '--mon-host'),
    };
  }

  /** The UUID of a user's libvirt secret, in the cluster that a connection Secret leads to. */
  readonly secretUuid = (fsid: string, userId: string, connection: string): string => {
    const { fsids } = this.#world;
    if (fsids.has(connection) || fsids.has('')) return derivedSecretUuid(fsid, userId);
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
