import { isIP } from 'node:net';
import { parseAccess } from './access-parse.ts';
import { clean } from './clean.ts';
import type { FileFacts, HostClock, HostFacts, ManifestFacts, ObserveRequest, OsFacts, UserFacts } from './facts.ts';
import { parseFiles } from './file-parse.ts';
import { answerInvalid, type Frame } from './frames.ts';
import { parseLibvirt } from './libvirt-parse.ts';
import { manifestPath } from './manifest.ts';
import { parseManifest } from './manifest-text.ts';
import type { ContentCache } from './ssh-access.ts';
import { parseCount, parseStarts, parseStartTicks, parseUnits } from './unit-parse.ts';

/**
 * The facts in the frames of one look. The host may say anything: what cannot be understood is absent, what was not
 * asked for is ignored, and no string carries control characters.
 *
 * @throws {Invalid} `HostAnswerInvalid` when what every host can say is missing.
 */
export function parseFacts(
  frames: readonly Frame[],
  request: ObserveRequest,
  contents: ContentCache,
  host: string,
): HostFacts {
  const body = (name: string) => frames.find(({ head }) => head[0] === name)?.body ?? '';
  const all = parseFiles(frames, [...new Set([manifestPath, ...request.files])], contents);
  const { [manifestPath]: manifest, ...others } = all;
  const files = request.files.includes(manifestPath) ? all : others;
  const libvirt = request.libvirt ? parseLibvirt(frames) : undefined;
  return {
    os: { ...parseOs(body('os'), body('init')), hostname: clean(body('hostname')) },
    clock: parseClock(body('clock'), host),
    packages: parsePackages(body('packages'), request.packages),
    packageManagerBusy: body('locks').startsWith('busy'),
    units: parseUnits(body('units'), request.units, parseStarts(frames)),
    files,
    users: Object.fromEntries(request.users.map((user) => [user, parseUser(frames, user)])),
    addresses: Object.fromEntries(request.names.map((name) => [name, parseAddresses(frames, name)])),
    ...(libvirt === undefined ? {} : { libvirt }),
    localInstances: parseNumber(body('instances'), 'instances', host),
    localImages: parseNumber(body('images'), 'images', host),
    access: parseAccess(frames, request.access),
    manifest: manifestFacts(manifest),
  };
}

function parseOs(release: string, init: string): Omit<OsFacts, 'hostname'> {
  const fields = new Map(
    release.split('\n').flatMap((line): [string, string][] => {
      const match = /^([A-Z_]{1,40})=(["']?)(.*)\2\s*$/.exec(line);
      return match === null ? [] : [[match[1] ?? '', clean(match[3] ?? '')]];
    }),
  );
  const id = fields.get('ID') ?? 'unknown';
  const idLike = (fields.get('ID_LIKE') ?? '').split(' ').filter((word) => word !== '');
  const initSystem = (['systemd', 'upstart', 'sysvinit', 'openrc'] as const).find((known) => known === init.trim());
  return {
    id,
    idLike,
    versionId: fields.get('VERSION_ID') ?? '',
    prettyName: fields.get('PRETTY_NAME') ?? id,
    initSystem: initSystem ?? 'unknown',
  };
}

/** Of what is not counted nobody may say that there is none. */
function parseNumber(body: string, what: string, host: string): number {
  const count = parseCount(body.trim());
  if (count === undefined) throw answerInvalid(host, `it does not tell its number of ${what}`);
  return count;
}

function parseClock(body: string, host: string): HostClock {
  const [bootID = '', ...stat] = body.split('\n');
  const ticks = parseStartTicks(stat.join('\n'));
  if (!/^[0-9a-f-]{32,36}$/.test(bootID) || ticks === undefined) {
    throw answerInvalid(host, 'it does not tell its clock');
  }
  return { bootID, ticks };
}

/** Lines `name|version|want flag status`. A package that was removed may still be listed for its configuration. */
function parsePackages(body: string, asked: readonly string[]): HostFacts['packages'] {
  const away = ['not-installed', 'config-files'];
  return Object.fromEntries(
    body.split('\n').flatMap((line) => {
      const [name = '', version = '', state = ''] = line.split('|').map(clean);
      const status = state.split(' ')[2] ?? '';
      const present = asked.includes(name) && version !== '' && status !== '' && !away.includes(status);
      return present ? [[name, { version, status }]] : [];
    }),
  );
}

/** Frames `user NAME` with the line of `id NAME`. */
function parseUser(frames: readonly Frame[], name: string): UserFacts | undefined {
  const line = frames.find(({ head }) => head[0] === 'user' && head[1] === name)?.body ?? '';
  const match = /^uid=(\d{1,10})\([^)]*\) gid=(\d{1,10})\(([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})\)/.exec(line);
  return match === null ? undefined : { uid: Number(match[1]), gid: Number(match[2]), group: match[3] ?? '' };
}

/** Frames `name NAME` with an address on each line, some of them several times. */
function parseAddresses(frames: readonly Frame[], name: string): readonly string[] {
  const body = frames.find(({ head }) => head[0] === 'name' && head[1] === name)?.body ?? '';
  return [...new Set(body.split('\n').filter((line) => isIP(line) !== 0))].sort();
}

function manifestFacts(file: FileFacts | undefined): ManifestFacts {
  if (file === undefined || file.kind === 'absent') {
    return { state: 'absent' };
  }
  const unusable = (why: string): ManifestFacts => ({
    state: 'unusable',
    problem: `The manifest ${manifestPath} cannot be used: ${why}.`,
  });
  if (file.parentProblem !== undefined) {
    return unusable(file.parentProblem);
  }
  if (file.kind !== 'file') {
    return unusable('it is no regular file');
  }
  if (file.owner !== 'root' || (Number.parseInt(file.mode, 8) & 0o022) !== 0) {
    return unusable('others than root can write it');
  }
  if (file.content === undefined || file.sha256 === undefined) {
    return unusable('it is too large or no text');
  }
  const manifest = parseManifest(file.content);
  return 'problem' in manifest ? unusable(manifest.problem) : { state: 'present', manifest, sha256: file.sha256 };
}
