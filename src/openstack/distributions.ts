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

/** Family of distributions and init system: what decides about names of packages, units and files. */
export type Platform = 'debian-systemd';

/** Where a role lives on a platform. */
export interface Place {
  readonly unit: string;
  /** Unix user of the process; its group has the same name. */
  readonly user: string;
  /** The service's own file first; later ones win. */
  readonly configFiles: readonly [string, ...string[]];
}

interface PlatformPlaces {
  readonly places: Readonly<Record<Role, Place>>;
  readonly libvirtUnit: string;
  /** Packages whose version tells a project's release; the first that is installed counts. */
  readonly versionPackages: Readonly<Record<Project, readonly string[]>>;
}

const platforms: Readonly<Record<Platform, PlatformPlaces>> = {
  // Debian 9 and later, Ubuntu 15.04 and later (options.md 9). Ubuntu 14.04 (upstart), Debian 7 and 8 (SysV) and the
  // Red Hat family (openstack-glance-api.service, *-dist.conf, rpm) would be entries of their own.
  'debian-systemd': {
    places: {
      GlanceApi: { unit: 'glance-api.service', user: 'glance', configFiles: ['/etc/glance/glance-api.conf'] },
      CinderVolume: { unit: 'cinder-volume.service', user: 'cinder', configFiles: ['/etc/cinder/cinder.conf'] },
      CinderBackup: { unit: 'cinder-backup.service', user: 'cinder', configFiles: ['/etc/cinder/cinder.conf'] },
      NovaCompute: {
        unit: 'nova-compute.service',
        user: 'nova',
        configFiles: ['/etc/nova/nova.conf', '/etc/nova/nova-compute.conf'],
      },
    },
    libvirtUnit: 'libvirtd.service',
    versionPackages: {
      glance: ['glance-api', 'glance-common', 'python3-glance', 'python-glance'],
      cinder: ['cinder-common', 'cinder-volume', 'cinder-backup', 'python3-cinder', 'python-cinder'],
      nova: ['nova-common', 'nova-compute', 'python3-nova', 'python-nova'],
    },
  },
};

/** The unit, user and files of `role` on `platform`. */
export function placeOf(platform: Platform, role: Role): Place {
  return platforms[platform].places[role];
}

/** The unit that serves libvirt's `qemu:///system`. */
export function libvirtUnit(platform: Platform): string {
  return platforms[platform].libvirtUnit;
}

/** Packages whose version tells a project's release; the first that is installed counts. */
export function versionPackages(platform: Platform): Readonly<Record<Project, readonly string[]>> {
  return platforms[platform].versionPackages;
}

/** The family of a distribution, from os-release's ID and ID_LIKE: `debian`, `redhat`, `suse`, or the ID itself. */
export function familyOf(id: string, idLike: readonly string[]): string {
  const names = [id, ...idLike];
  if (names.some((name) => name === 'debian' || name === 'ubuntu')) return 'debian';
  if (names.some((name) => ['rhel', 'fedora', 'centos'].includes(name))) return 'redhat';
  return names.some((name) => name.includes('suse')) ? 'suse' : id;
}

/** The platform of a machine, from its family and the name of what starts services; a refusal when it is not known. */
export function platformOf(machine: { family: string; initSystem: string }): Platform | Refusal {
  const { family, initSystem } = machine;
  if (family !== 'debian') {
    return unsupported(`Its distribution is of the family "${family}", and only debian is supported so far.`);
  }
  if (initSystem !== 'systemd') {
    return unsupported(`Its services are started by "${initSystem}", and only systemd is supported so far.`);
  }
  return 'debian-systemd';
}

function unsupported(sentence: string): Refusal {
  return { refused: 'HostUnsupported', message: sentence };
}

/** The Python that a release's services run on: rocky is the first that Debian and Ubuntu ship on Python 3. */
export function pythonOf(release: Release): 'python3' | 'python2' {
  return isSince(release, 'rocky') ? 'python3' : 'python2';
}

/** What a role must have installed to use Ceph (options.md 10). */
export function packagesOf(platform: Platform, role: Role, release: Release): readonly PackageNeed[] {
  const { unit } = placeOf(platform, role);
  const needs: PackageNeed[] = pythonBinding(release).map((name) => ({ name, restarts: [unit] }));
  if (role !== 'GlanceApi') {
    // cinder-volume and nova-compute run `ceph mon dump`; started anew each time, so nothing restarts for it.
    needs.push({ name: 'ceph-common', restarts: [] });
  }
  if (role === 'NovaCompute' && isSince(release, 'mitaka')) {
    // QEMU's rbd driver; libvirt keeps what it once found QEMU able to do.
    needs.push({ name: 'qemu-block-extra', restarts: [libvirtUnit(platform)] });
  }
  return needs;
}

function pythonBinding(release: Release): readonly string[] {
  if (pythonOf(release) === 'python3') {
    return ['python3-rados', 'python3-rbd'];
  }
  return isSince(release, 'mitaka') ? ['python-rados', 'python-rbd'] : ['python-ceph'];
}
