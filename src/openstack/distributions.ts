import type { Role } from '../api/ceph-openstack-host.ts';
import type { PackageNeed, Refusal } from './desired-host.ts';
import { isSince, type Project, type Release } from './releases.ts';

/** The project whose release decides how a role is configured. */
export const projectOf: Readonly<Record<Role, Project>> = {
  GlanceApi: 'glance',
  CinderVolume: 'cinder',
  CinderBackup: 'cinder',
  NovaCompute: 'nova',
};

/** Where a role lives on a platform. */
export interface Place {
  readonly unit: string;
  /** Unix user of the process; its group has the same name. */
  readonly user: string;
  /** The service's own file first; later ones win. */
  readonly configFiles: readonly [string, ...string[]];
}

/** One kind of machine, as data: how to tell it, and its names of units and packages (options.md 9 and 10). */
interface Kind {
  readonly family: string;
  readonly initSystems: readonly string[];
  /** The distribution's versions, by their first number; left out: whichever. */
  readonly versions?: readonly number[];
  /** The init system's name of the service that OpenStack calls `nova-compute`. */
  readonly unitOf: (service: string) => string;
  /** Units of which one serves libvirt's QEMU driver: whichever runs must find QEMU's modules anew. */
  readonly libvirtUnits: readonly string[];
  /** Packages whose version tells a project's release; the first that is installed counts. */
  readonly versionPackages: Readonly<Record<Project, readonly string[]>>;
  readonly python: (release: Release) => 'python3' | 'python2';
  /** Python's rados and rbd modules. */
  readonly binding: (release: Release) => readonly string[];
  /** What brings the command `ceph`. */
  readonly commands: string;
  /** The Unix user that libvirt runs guests as. */
  readonly qemuUser: string;
  /** What is emptied at each boot. */
  readonly runDirectory: '/run' | '/var/run';
  /** What brings the command `qemu-img`. */
  readonly imageTools: string;
  /** What brings QEMU's rbd driver, where that is a package of its own. */
  readonly qemuDriver: (release: Release) => string | undefined;
}

const roles: Readonly<Record<Role, Omit<Place, 'unit'> & { readonly service: string }>> = {
  GlanceApi: { service: 'glance-api', user: 'glance', configFiles: ['/etc/glance/glance-api.conf'] },
  CinderVolume: { service: 'cinder-volume', user: 'cinder', configFiles: ['/etc/cinder/cinder.conf'] },
  CinderBackup: { service: 'cinder-backup', user: 'cinder', configFiles: ['/etc/cinder/cinder.conf'] },
  NovaCompute: {
    service: 'nova-compute',
    user: 'nova',
    // Debian's unit names both. Where none is named, oslo.config reads the program's file after the project's.
    configFiles: ['/etc/nova/nova.conf', '/etc/nova/nova-compute.conf'],
  },
};

const debian = {
  family: 'debian',
  versionPackages: {
    glance: ['glance-api', 'glance-common', 'python3-glance', 'python-glance'],
    cinder: ['cinder-common', 'cinder-volume', 'cinder-backup', 'python3-cinder', 'python-cinder'],
    nova: ['nova-common', 'nova-compute', 'python3-nova', 'python-nova'],
  },
  // Rocky is the first that Debian and Ubuntu ship on Python 3.
  python: (release) => (isSince(release, 'rocky') ? 'python3' : 'python2'),
  binding: (release) => {
    if (isSince(release, 'rocky')) return ['python3-rados', 'python3-rbd'];
    return isSince(release, 'mitaka') ? ['python-rados', 'python-rbd'] : ['python-ceph'];
  },
  commands: 'ceph-common',
  imageTools: 'qemu-utils',
  qemuUser: 'libvirt-qemu',
  runDirectory: '/run',
  qemuDriver: (release) => (isSince(release, 'mitaka') ? 'qemu-block-extra' : undefined),
} as const satisfies Partial<Kind>;

const redhat = {
  family: 'redhat',
  versionPackages: {
    glance: ['openstack-glance', 'python3-glance', 'python-glance'],
    cinder: ['openstack-cinder', 'python3-cinder', 'python-cinder'],
    nova: ['openstack-nova-compute', 'openstack-nova-common', 'python3-nova', 'python-nova'],
  },
  commands: 'ceph-common',
  imageTools: 'qemu-img',
  qemuUser: 'qemu',
  runDirectory: '/run',
} as const satisfies Partial<Kind>;

/** On Python 3, and with QEMU's drivers in packages of their own. */
const redhatSince8 = {
  ...redhat,
  initSystems: ['systemd'],
  unitOf: (service) => `openstack-${service}.service`,
  python: () => 'python3',
  binding: () => ['python3-rados', 'python3-rbd'],
  qemuDriver: () => 'qemu-kvm-block-rbd',
} as const satisfies Partial<Kind>;

/** Another family of distributions or another init system is another entry. */
const platforms = {
  // Debian 9 and later, Ubuntu 15.04 and later.
  'debian-systemd': {
    ...debian,
    initSystems: ['systemd'],
    unitOf: (service) => `${service}.service`,
    libvirtUnits: ['libvirtd.service'],
  },
  // Ubuntu up to 14.04.
  'debian-upstart': {
    ...debian,
    initSystems: ['upstart'],
    unitOf: (service) => service,
    libvirtUnits: ['libvirt-bin'],
  },
  // Debian up to 7, and later ones whose owner has chosen it.
  'debian-sysvinit': {
    ...debian,
    initSystems: ['sysvinit'],
    unitOf: (service) => service,
    libvirtUnits: ['libvirt-bin', 'libvirtd'],
  },
  // Its first process is Upstart, and OpenStack's services are SysV scripts.
  'redhat-6': {
    ...redhat,
    initSystems: ['sysvinit', 'upstart'],
    versions: [6],
    unitOf: (service) => `openstack-${service}`,
    libvirtUnits: ['libvirtd'],
    python: () => 'python2',
    binding: () => ['python-ceph'],
    // The package ceph-common came later, as did /run.
    commands: 'ceph',
    runDirectory: '/var/run',
    qemuDriver: () => undefined,
  },
  'redhat-7': {
    ...redhat,
    initSystems: ['systemd'],
    versions: [7],
    unitOf: (service) => `openstack-${service}.service`,
    libvirtUnits: ['libvirtd.service'],
    python: () => 'python2',
    binding: () => ['python-rados', 'python-rbd'],
    qemuDriver: () => undefined,
  },
  'redhat-8': { ...redhatSince8, versions: [8], libvirtUnits: ['libvirtd.service'] },
  // A daemon for each driver of libvirt is the default, and one for all still possible.
  'redhat-9': { ...redhatSince8, versions: [9, 10], libvirtUnits: ['libvirtd.service', 'virtqemud.service'] },
} as const satisfies Readonly<Record<string, Kind>>;

/** Kind of machine: what decides about the names of packages and units. Revisions carry it, so a name never changes. */
export type Platform = keyof typeof platforms;

/** Every kind of machine that is known. */
export const allPlatforms = Object.keys(platforms) as readonly Platform[];

function kindOf(platform: Platform): Kind {
  return platforms[platform];
}

/** The unit, user and files of `role` on `platform`. */
export function placeOf(platform: Platform, role: Role): Place {
  const { service, user, configFiles } = roles[role];
  return { unit: kindOf(platform).unitOf(service), user, configFiles };
}

/** Packages whose version tells a project's release; the first that is installed counts. */
export function versionPackages(platform: Platform): Readonly<Record<Project, readonly string[]>> {
  return kindOf(platform).versionPackages;
}

/** The family of a distribution, from os-release's ID and ID_LIKE: `debian`, `redhat`, `suse`, or the ID itself. */
export function familyOf(id: string, idLike: readonly string[]): string {
  const names = [id, ...idLike];
  if (names.some((name) => name === 'debian' || name === 'ubuntu')) return 'debian';
  if (names.some((name) => ['rhel', 'fedora', 'centos'].includes(name))) return 'redhat';
  return names.some((name) => name.includes('suse')) ? 'suse' : id;
}

/** What tells the kind of a machine. */
export interface MachineFacts {
  /** ID and VERSION_ID of os-release: `rocky-9.4`. */
  readonly distribution: string | undefined;
  readonly family: string;
  /** Name of what starts services. */
  readonly initSystem: string;
}

/** The platform of a machine; a refusal that names what was seen when it is not known. */
export function platformOf({ distribution, family, initSystem }: MachineFacts): Platform | Refusal {
  const ofFamily = allPlatforms.filter((platform) => kindOf(platform).family === family);
  if (ofFamily.length === 0) {
    const families = inWords(allPlatforms.map((platform) => kindOf(platform).family));
    return unsupported(`Its distribution is of the family "${family}", and only ${families} are supported so far.`);
  }
  const version = Number(/-(\d+)(?:[^-]*)$/.exec(distribution ?? '')?.[1]);
  const ofVersion = ofFamily.filter((platform) => kindOf(platform).versions?.includes(version) ?? true);
  if (ofVersion.length === 0) {
    const versions = inWords(ofFamily.flatMap((platform) => kindOf(platform).versions ?? []));
    return unsupported(
      `Its distribution is "${distribution ?? 'unknown'}", and of the family "${family}" only the versions ${versions} are supported so far.`,
    );
  }
  const found = ofVersion.find((platform) => kindOf(platform).initSystems.includes(initSystem));
  if (found !== undefined) return found;
  const initSystems = inWords(ofVersion.flatMap((platform) => kindOf(platform).initSystems));
  return unsupported(
    `Its services are started by "${initSystem}", and on such a distribution only ${initSystems} can be served so far.`,
  );
}

function unsupported(sentence: string): Refusal {
  return { refused: 'HostUnsupported', message: sentence };
}

/** Each once, in order: `6, 7 and 8`. */
function inWords(things: readonly (string | number)[]): string {
  const words = [...new Set(things)].map(String);
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Where guests' processes may keep sockets: as whom they run, and what is emptied at each boot by whom. */
export function guestPlaceOf(platform: Platform): Pick<Kind, 'qemuUser' | 'runDirectory'> & { hasTmpfiles: boolean } {
  const { qemuUser, runDirectory, initSystems } = kindOf(platform);
  return { qemuUser, runDirectory, hasTmpfiles: initSystems.includes('systemd') };
}

/** The Python that a release's services run on. */
export function pythonOf(platform: Platform, release: Release): 'python3' | 'python2' {
  return kindOf(platform).python(release);
}

/** What a role must have installed to use Ceph (options.md 10). */
export function packagesOf(platform: Platform, role: Role, release: Release): readonly PackageNeed[] {
  const { binding, commands, qemuDriver, libvirtUnits } = kindOf(platform);
  const { unit } = placeOf(platform, role);
  const needs: PackageNeed[] = binding(release).map((name) => ({ name, restarts: [unit] }));
  if (role !== 'GlanceApi') {
    // cinder-volume and nova-compute run `ceph mon dump`; started anew each time, so nothing restarts for it.
    needs.push({ name: commands, restarts: [] });
  }
  const driver = role === 'NovaCompute' ? qemuDriver(release) : undefined;
  if (driver !== undefined) {
    // libvirt keeps what it once found QEMU able to do.
    needs.push({ name: driver, restarts: libvirtUnits });
  }
  return needs;
}

/** What Glance must have installed to convert images: run anew for each, so nothing restarts for it. */
export function conversionPackages(platform: Platform): readonly PackageNeed[] {
  return [{ name: kindOf(platform).imageTools, restarts: [] }];
}
