import { type Role, roles } from '../api/ceph-openstack-host.ts';
import { allPlatforms, type Platform } from './distributions.ts';
import { type Release, releases } from './releases.ts';

/** How it is known that a role is served rightly, the strongest first. */
export const proofKinds = {
  guest: 'A guest of a real OpenStack has booted from an RBD clone, after nothing but one binding.',
  packages:
    "The distribution's own packages were configured on a machine in the lab, and their services opened their pools.",
  'stand-ins': 'The same on a machine in the lab whose packages and units are stand-ins that bear the real names.',
  table:
    "The options are those of a table that was read out of the projects' own sources, release by release; the names of units and packages are the distribution's as its documents and packages have them.",
} as const;
export type ProofKind = keyof typeof proofKinds;

/** What a test shows on a machine. */
export interface Proof {
  readonly kind: Exclude<ProofKind, 'table'>;
  readonly platform: Platform;
  readonly releases: readonly Release[];
  readonly roles: readonly Role[];
  /** The machine, for a person. */
  readonly machine: string;
  /** Where to see it: a file in this repository. */
  readonly test: string;
}

/** One line for each kind of machine in the lab; all else is known from the table alone. */
export const proofs: readonly Proof[] = [
  {
    kind: 'guest',
    platform: 'debian-systemd',
    releases: ['2025.1'],
    roles,
    machine: 'Debian 13 with a whole cloud of two computes',
    test: 'test/openstack/cloud-of-today.test.ts',
  },
  {
    kind: 'packages',
    platform: 'debian-systemd',
    releases: ['2025.1'],
    roles,
    machine: 'Debian 13',
    test: 'test/e2e/quickstart.test.ts',
  },
  {
    kind: 'packages',
    platform: 'debian-sysvinit',
    releases: ['2025.1'],
    roles: ['GlanceApi', 'CinderVolume', 'CinderBackup'],
    machine: 'Debian 13 with SysV scripts',
    test: 'test/e2e/families.test.ts',
  },
  {
    kind: 'packages',
    platform: 'debian-systemd',
    releases: ['zed'],
    roles: ['CinderVolume', 'NovaCompute'],
    machine: 'Debian 12 with Ceph 16.2',
    test: 'test/e2e/families.test.ts',
  },
  {
    kind: 'packages',
    platform: 'debian-systemd',
    releases: ['2026.2'],
    roles,
    machine: 'Debian unstable with Ceph 20.2, Glance under uWSGI',
    test: 'test/e2e/families.test.ts',
  },
  {
    kind: 'stand-ins',
    platform: 'redhat-9',
    releases: ['2025.1'],
    roles: ['GlanceApi', 'NovaCompute'],
    machine: 'Rocky 9 by its names and tools',
    test: 'test/e2e/families.test.ts',
  },
  {
    kind: 'stand-ins',
    platform: 'redhat-7',
    releases: ['queens'],
    roles: ['NovaCompute'],
    machine: 'CentOS 7 by its names and tools',
    test: 'test/e2e/families.test.ts',
  },
];

/** The strongest proof of a cell; undefined: the table alone. */
export function proofOf(release: Release, role: Role, platform: Platform): Proof | undefined {
  const kinds = Object.keys(proofKinds);
  return proofs
    .filter((proof) => proof.platform === platform && proof.releases.includes(release) && proof.roles.includes(role))
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
}

/** Every cell there is. */
export function* cells(): Generator<{ release: Release; role: Role; platform: Platform }> {
  for (const role of roles) {
    for (const release of releases) {
      for (const platform of allPlatforms) yield { release, role, platform };
    }
  }
}
