/** Every release that the option table covers, oldest first. */
export const releases = [
  'havana',
  'icehouse',
  'juno',
  'kilo',
  'liberty',
  'mitaka',
  'newton',
  'ocata',
  'pike',
  'queens',
  'rocky',
  'stein',
  'train',
  'ussuri',
  'victoria',
  'wallaby',
  'xena',
  'yoga',
  'zed',
  '2023.1',
  '2023.2',
  '2024.1',
  '2024.2',
  '2025.1',
  '2025.2',
  '2026.1',
  '2026.2',
] as const;
export type Release = (typeof releases)[number];

/** The three projects whose versions tell a release. */
export type Project = 'glance' | 'cinder' | 'nova';

/** The date-based version of the first four, the major version of the others, as each project numbers it. */
const versions: Readonly<Record<Release, Readonly<Record<Project, string>>>> = {
  havana: { nova: '2013.2', cinder: '2013.2', glance: '2013.2' },
  icehouse: { nova: '2014.1', cinder: '2014.1', glance: '2014.1' },
  juno: { nova: '2014.2', cinder: '2014.2', glance: '2014.2' },
  kilo: { nova: '2015.1', cinder: '2015.1', glance: '2015.1' },
  liberty: { nova: '12', cinder: '7', glance: '11' },
  mitaka: { nova: '13', cinder: '8', glance: '12' },
  newton: { nova: '14', cinder: '9', glance: '13' },
  ocata: { nova: '15', cinder: '10', glance: '14' },
  pike: { nova: '16', cinder: '11', glance: '15' },
  queens: { nova: '17', cinder: '12', glance: '16' },
  rocky: { nova: '18', cinder: '13', glance: '17' },
  stein: { nova: '19', cinder: '14', glance: '18' },
  train: { nova: '20', cinder: '15', glance: '19' },
  ussuri: { nova: '21', cinder: '16', glance: '20' },
  victoria: { nova: '22', cinder: '17', glance: '21' },
  wallaby: { nova: '23', cinder: '18', glance: '22' },
  xena: { nova: '24', cinder: '19', glance: '23' },
  yoga: { nova: '25', cinder: '20', glance: '24' },
  zed: { nova: '26', cinder: '21', glance: '25' },
  '2023.1': { nova: '27', cinder: '22', glance: '26' },
  '2023.2': { nova: '28', cinder: '23', glance: '27' },
  '2024.1': { nova: '29', cinder: '24', glance: '28' },
  '2024.2': { nova: '30', cinder: '25', glance: '29' },
  '2025.1': { nova: '31', cinder: '26', glance: '30' },
  '2025.2': { nova: '32', cinder: '27', glance: '31' },
  '2026.1': { nova: '33', cinder: '28', glance: '32' },
  '2026.2': { nova: '34', cinder: '29', glance: '33' },
};

/** What people also call a release: the name of a dated one, the date of a named one. */
const otherNames = new Map<string, Release>(
  Object.entries({
    '2013.2': 'havana',
    '2014.1': 'icehouse',
    '2014.2': 'juno',
    '2015.1': 'kilo',
    antelope: '2023.1',
    bobcat: '2023.2',
    caracal: '2024.1',
    dalmatian: '2024.2',
    epoxy: '2025.1',
    flamingo: '2025.2',
    gazpacho: '2026.1',
    hibiscus: '2026.2',
  } as const),
);

/**
 * The release of a project's package version, as dpkg, rpm or Python's metadata print it: an epoch before it and a
 * distribution's revision after it do not count (`2:31.0.0-6+deb13u1` of nova is 2025.1). Undefined when no covered
 * release has this version.
 */
export function releaseOfVersion(project: Project, version: string): Release | undefined {
  const [, major = '', minor = ''] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(version.trim()) ?? [];
  const wanted = Number(major) > 2000 ? `${major}.${minor}` : major;
  return releases.find((release) => versions[release][project] === wanted);
}

/** The release that a person means by `text`: `2025.1`, `Epoxy`, `queens`, `2014.1`. */
export function parseRelease(text: string): Release | undefined {
  const wanted = text.trim().toLowerCase();
  return releases.find((release) => release === wanted) ?? otherNames.get(wanted);
}

/** Whether `release` lies between `from` and `to`, both included. */
export function isBetween(release: Release, from: Release, to: Release): boolean {
  const at = releases.indexOf(release);
  return releases.indexOf(from) <= at && at <= releases.indexOf(to);
}

/** Whether `release` is `from` or a later one. */
export function isSince(release: Release, from: Release): boolean {
  return releases.indexOf(from) <= releases.indexOf(release);
}
