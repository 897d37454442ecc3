import { roles as allRoles, type CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { monitorNamesIn } from '../../ceph/same-conf.ts';
import { type AccessCheck, type HostFacts, lookAtNothing, type ObserveRequest } from '../../hosts/facts.ts';
import { observeHost } from '../../hosts/host.ts';
import type { ManifestOwner } from '../../hosts/manifest.ts';
import type { SshConnection } from '../../hosts/ssh-access.ts';
import type { DesiredHost, RevisionData } from '../../openstack/desired-host.ts';
import {
  familyOf,
  type Platform,
  placeOf,
  platformOf,
  projectOf,
  versionPackages,
} from '../../openstack/distributions.ts';
import { desiredHost } from '../../openstack/merge-roles.ts';
import { type Project, type Release, releaseOfVersion } from '../../openstack/releases.ts';
import { type ImageCount, sumOf } from '../images-in.ts';
import { asPlanned, refuseForetold } from './as-planned.ts';
import { imageDirectory } from './image-guard.ts';
import {
  type ClientKey,
  distributionOf,
  type HostRevision,
  isRefusal,
  type Observed,
  type SeenHost,
} from './observed.ts';
import { type FormerBinding, type HostOwner, hostOwnership } from './ownership.ts';
import { draftHost } from './plan.ts';
import { volumePools } from './volume-pools.ts';

/** What a pass over a host works with. */
export type HostConnection =
  | { readonly kind: 'let-go' }
  | {
      readonly kind: 'reach';
      readonly ssh: SshConnection;
      readonly current: NamedRevision | undefined;
      readonly next: NamedRevision | undefined;
      /** Only in mode Plan. */
      readonly planned?: NamedRevision | undefined;
      readonly keys: ReadonlyMap<string, ClientKey>;
      readonly owner: HostOwner;
      /** What has become of another binding, or another host of ours, whose manifest is found there. */
      readonly former: (owner: ManifestOwner) => FormerBinding;
      /** Why the policy does not let a host be taken over. */
      readonly takeOverRefusal: string | undefined;
      /** RBD images in a pool, by its name in the cluster which the host knows by that ceph.conf. */
      readonly imagesIn: (pool: string, conf: string) => ImageCount;
    };

export type Reach = Extract<HostConnection, { kind: 'reach' }>;

export interface NamedRevision {
  readonly name: string;
  readonly data: RevisionData;
}

/** The kind of machine that is asked for where none was ever seen. */
const likely: Platform = 'debian-systemd';

/**
 * Looks at a host. One look tells all that a settled host needs; a second one follows where the first shows files of
 * ours that nobody wants any more, a ceph.conf that names monitors, or that all is laid out and access can be proved.
 */
export async function observe(
  host: CephOpenStackHost,
  connection: HostConnection,
  signal: AbortSignal,
): Promise<Observed> {
  if (connection.kind === 'let-go') return { kind: 'let-go' };
  const { ssh } = connection;
  // What was seen before only decides what to ask for first; what is seen now decides what it is.
  const assumed = assumedPlatform(host);
  let request = requestFor(host, connection, assumed);
  let facts = await observeHost(ssh, request, signal);
  const platform = platformFrom(facts);
  if (!isRefusal(platform) && platform !== assumed) {
    request = requestFor(host, connection, platform);
    facts = await observeHost(ssh, request, signal);
  }
  const { files, units, libvirt } = notAsked(facts);
  if (files.length > 0 || units.length > 0 || libvirt) {
    const more = {
      ...request,
      ...{ files: [...request.files, ...files], units: [...request.units, ...units] },
      ...(libvirt ? { libvirt, guests: true } : {}),
    };
    facts = await observeHost(ssh, more, signal);
  }
  const names = namesOfMonitors(connection, facts);
  if (names.length > 0) {
    const { addresses } = await observeHost(ssh, { ...lookAtNothing, names }, signal);
    facts = { ...facts, addresses };
  }
  const seen = readMeaning(host, connection, facts);
  const checks = accessToProve(host, seen);
  if (checks.length === 0) return seen;
  const { access } = await observeHost(ssh, { ...lookAtNothing, access: checks }, signal);
  return { ...seen, facts: { ...facts, access } };
}

/** Everything that any of the host's roles could speak of, whatever release it turns out to have. */
export function requestFor(
  host: CephOpenStackHost,
  { current, next, planned }: Pick<Reach, 'current' | 'next' | 'planned'>,
  platform: Platform,
): ObserveRequest {
  const rendered = [current, next, planned]
    .flatMap((revision) => revision?.data.roles ?? [])
    .filter((role) => host.spec.roles.includes(role.role) && role.platform === platform);
  const places = allRoles.map((role) => placeOf(platform, role));
  const isCompute = host.spec.roles.includes('NovaCompute');
  return {
    packages: distinct([
      'librados2',
      ...Object.values(versionPackages(platform)).flat(),
      ...rendered.flatMap((role) => role.distribute.packages.map((need) => need.name)),
    ]),
    units: distinct([
      ...places.map((place) => place.unit),
      ...rendered.flatMap((role) => role.distribute.packages.flatMap((need) => need.restarts)),
      ...rendered.flatMap((role) => role.switch.options.flatMap((option) => option.restarts)),
    ]),
    files: distinct([
      ...places.flatMap((place) => place.configFiles),
      ...rendered.flatMap((role) => [
        ...[...role.distribute.directories, ...role.distribute.files].map(({ path }) => path),
        ...role.distribute.keyrings.map((file) => file.path),
        ...role.switch.options.map((option) => option.file),
      ]),
    ]),
    users: distinct([
      'root',
      ...places.map((place) => place.user),
      ...rendered.flatMap((role) => role.distribute.directories.map(({ owner }) => owner)),
    ]),
    names: [],
    libvirt: isCompute || host.metadata.deletionTimestamp !== undefined,
    guests: isCompute || host.metadata.deletionTimestamp !== undefined,
    instanceDirectories: isCompute ? ['/var/lib/nova/instances'] : [],
    imageDirectories: host.spec.roles.includes('GlanceApi') ? [imageDirectory] : [],
    access: [],
  };
}

function assumedPlatform({ status }: CephOpenStackHost): Platform {
  const { distribution, family, initSystem } = status?.facts ?? {};
  if (family === undefined || initSystem === undefined) return likely;
  const platform = platformOf({ distribution, family, initSystem });
  return isRefusal(platform) ? likely : platform;
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** What the manifest speaks of and no revision any more. */
function notAsked({ manifest, files, units, libvirt }: HostFacts): Pick<ObserveRequest, 'files' | 'units' | 'libvirt'> {
  if (manifest.state !== 'present') return { files: [], units: [], libvirt: false };
  const { files: wholes, options, debts, libvirtSecrets } = manifest.manifest;
  const ours = [...Object.keys(wholes), ...options.map((option) => option.file)];
  return {
    files: distinct(ours.filter((path) => files[path] === undefined)),
    units: Object.keys(debts).filter((unit) => units[unit] === undefined),
    libvirt: libvirt === undefined && Object.keys(libvirtSecrets).length > 0,
  };
}

/** So many are looked up at most: the file may be of anybody, and each may take seconds. */
const maxNames = 24;

/** The names of monitors, where a ceph.conf that is not ours to the letter, or the one that is wanted, has names. */
function namesOfMonitors({ current, next, planned }: Reach, { files }: HostFacts): readonly string[] {
  const wanted = [current, next, planned].flatMap((revision) => revision?.data.roles ?? []);
  const names = wanted
    .flatMap((role) => role.distribute.files)
    .flatMap(({ path, content }) => {
      const found = files[path];
      if (found?.kind !== 'file' || found.content === undefined || found.content.reveal() === content) return [];
      return [...monitorNamesIn(found.content.reveal()), ...monitorNamesIn(content)];
    });
  return distinct(names).slice(0, maxNames);
}

/** What the facts mean: kind of machine, releases, and its part of each revision. */
function readMeaning(host: CephOpenStackHost, connection: Reach, facts: HostFacts): SeenHost {
  const { current, next, planned, keys, owner, imagesIn, former, takeOverRefusal } = connection;
  const ownership = hostOwnership(facts.manifest, owner, host.spec.adoption, former, takeOverRefusal);
  const platform = platformFrom(facts);
  const runs = host.status?.runs;
  if (isRefusal(platform)) {
    return {
      ...{ kind: 'seen', facts, platform, keys, owner, ownership, releases: {}, missingRoles: [], unknownVersions: [] },
      ...{ current: undefined, next: undefined, readers: {}, runs, volumes: sumOf([]) },
    };
  }
  const { releases, unknownVersions } = readReleases(facts, platform, host);
  const fold = ({ name, data }: NamedRevision): HostRevision => ({
    name,
    desired: desiredHost(data, { roles: host.spec.roles, platform, releases }),
  });
  const foldTold = (revision: NamedRevision | undefined): HostRevision | undefined => {
    if (revision === undefined) return undefined;
    const refusal = refuseForetold(revision.name, revision.data);
    return refusal === undefined ? fold(revision) : { name: revision.name, desired: refusal };
  };
  const told = { current: foldTold(current), next: foldTold(next) };
  const foretold = planned === undefined ? undefined : fold(planned);
  const installed = allRoles.filter((role) => facts.units[placeOf(platform, role).unit]?.load !== 'not-found');
  const seen: SeenHost = {
    kind: 'seen',
    facts,
    platform,
    releases,
    unknownVersions,
    missingRoles: host.spec.roles.filter((role) => !installed.includes(role)).sort(),
    ...told,
    keys,
    owner,
    ownership,
    readers: Object.fromEntries(
      installed.map((role) => [placeOf(platform, role).unit, placeOf(platform, role).configFiles]),
    ),
    runs,
    volumes: sumOf(
      volumePools(foretold ?? told.current ?? told.next, facts).map(({ pool, conf }) => imagesIn(pool, conf)),
    ),
  };
  return asPlanned(seen, foretold);
}

function platformFrom(facts: HostFacts): SeenHost['platform'] {
  const { os } = facts;
  const distribution = distributionOf(facts);
  const platform = platformOf({ distribution, family: familyOf(os.id, os.idLike), initSystem: os.initSystem });
  if (!isRefusal(platform)) return platform;
  return { ...platform, message: `The host runs ${os.prettyName} with ${os.initSystem}: ${platform.message}` };
}

function readReleases(facts: HostFacts, platform: Platform, host: CephOpenStackHost) {
  const releases: Partial<Record<Project, Release>> = {};
  const unknownVersions: string[] = [];
  const needed = new Set(host.spec.roles.map((role) => projectOf[role]));
  for (const [project, names] of Object.entries(versionPackages(platform)) as [Project, readonly string[]][]) {
    const name = names.find((candidate) => facts.packages[candidate] !== undefined);
    const version = name === undefined ? undefined : facts.packages[name]?.version;
    if (name === undefined || version === undefined) continue;
    const release = releaseOfVersion(project, version);
    if (release !== undefined) releases[project] = release;
    else if (needed.has(project)) unknownVersions.push(`${name} ${version}`);
  }
  return { releases, unknownVersions };
}

/** The accesses to prove: those of all that is laid out, once it is. */
function accessToProve(host: CephOpenStackHost, seen: SeenHost): readonly AccessCheck[] {
  if (host.metadata.deletionTimestamp !== undefined || !draftHost(host, seen).draft.laidOut) return [];
  const checks = [seen.next, seen.current]
    .map((revision) => revision?.desired)
    .filter((desired): desired is DesiredHost => desired !== undefined && !isRefusal(desired))
    .flatMap((desired) => desired.access);
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}
