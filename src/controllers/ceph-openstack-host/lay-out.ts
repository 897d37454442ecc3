import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { ConfError, parseKeyring } from '../../ceph/conf.ts';
import { lostMonitorsIn, saysAllOf } from '../../ceph/same-conf.ts';
import type { FileFacts, HostFacts } from '../../hosts/facts.ts';
import type { FormerFile } from '../../hosts/manifest.ts';
import type { DesiredHost, Directory, Distribute, KeyringFile, WholeFile } from '../../openstack/desired-host.ts';
import { Secret } from '../../secret.ts';
import { passing, stalled } from '../hold.ts';
import { keyClause } from './as-planned.ts';
import { contentHash, unitDigest } from './digest.ts';
import type { Draft } from './draft.ts';
import { inTheWayMs } from './guards.ts';
import { keyFor, layOutSecret } from './lay-out-secrets.ts';
import type { ClientKey, SeenHost } from './observed.ts';

/** A whole file that is to stand on the host. */
interface WantedFile {
  readonly path: string;
  readonly content: Secret;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
  /** Whether what stands there says the same in other words; `did`: it was found to, before. */
  readonly agrees: (content: Secret, did: boolean) => boolean;
  /** The names of the monitors in what stands there, if nobody can find one of them by it. */
  readonly lostNames?: (content: Secret) => readonly string[];
  /** It holds a key, which is never copied elsewhere. */
  readonly isKey: boolean;
  /** Whose key it is, in a plan with one that no Secret holds yet. */
  readonly foretold?: string;
}

/**
 * Distribute: packages, directories, ceph.conf, keyrings and libvirt secrets of `next`, and those of `current` that `next` does not
 * speak of, so that what runs keeps what it needs. It only adds.
 */
export function layOut(
  draft: Draft,
  host: CephOpenStackHost,
  observed: SeenHost,
  desired: readonly DesiredHost[],
): void {
  const { facts } = observed;
  const wanted = unite(desired.map((one) => one.distribute));
  layOutPackages(draft, host, facts, wanted, desired);
  for (const directory of wanted.directories) layOutDirectory(draft, facts, directory);
  const files = [
    ...wanted.files.map((file) => plainFile(file, facts)),
    ...wanted.keyrings.flatMap((keyring) => keyringFile(draft, keyring, observed.keys)),
  ];
  for (const file of files) layOutFile(draft, host, facts, file);
  for (const secret of wanted.libvirtSecrets) layOutSecret(draft, host, observed, secret);
}

/** The first of two that speak of one thing wins: `next` stands before `current`. */
function unite(parts: readonly Distribute[]): Distribute {
  const first = <T>(items: readonly T[], key: (item: T) => string): readonly T[] =>
    [...new Map(items.toReversed().map((item) => [key(item), item])).values()].toReversed();
  return {
    packages: first(
      parts.flatMap((part) => part.packages),
      (item) => item.name,
    ),
    directories: first(
      parts.flatMap((part) => part.directories),
      (item) => item.path,
    ),
    files: first(
      parts.flatMap((part) => part.files),
      (item) => item.path,
    ),
    keyrings: first(
      parts.flatMap((part) => part.keyrings),
      (item) => item.path,
    ),
    libvirtSecrets: first(
      parts.flatMap((part) => part.libvirtSecrets),
      (item) => item.uuid,
    ),
  };
}

function layOutPackages(
  draft: Draft,
  host: CephOpenStackHost,
  facts: HostFacts,
  wanted: Distribute,
  desired: readonly DesiredHost[],
): void {
  const missing = wanted.packages.filter((need) => facts.packages[need.name]?.status !== 'installed');
  if (missing.length === 0) return;
  const names = missing.map((need) => need.name).sort();
  if (host.spec.packages === 'VerifyOnly') {
    draft.holds.push(
      stalled('PackagesMissing', `Missing on the host: ${names.join(', ')}; install them, or set packages: Install.`),
    );
    return;
  }
  if (facts.packageManagerBusy) {
    draft.holds.push(
      passing('Progressing', `Waiting for the package manager to be free to install ${names.join(', ')}.`, 5_000),
    );
    return;
  }
  draft.layOut.push({ verb: 'install-packages', packages: names });
  draft.manifest = {
    ...draft.manifest,
    packages: [...new Set([...draft.manifest.packages, ...names])].sort(),
  };
  const target = desired[0];
  if (target === undefined) return;
  for (const unit of new Set(missing.flatMap((need) => need.restarts))) {
    draft.debts.set(unit, unitDigest(target, unit));
  }
}

function layOutDirectory(draft: Draft, facts: HostFacts, directory: Directory): void {
  const { path, owner, group, mode } = directory;
  const seen = facts.files[path];
  if (seen === undefined) return;
  if ((seen.kind !== 'directory' && seen.kind !== 'absent') || seen.parentProblem !== undefined) {
    const why = seen.parentProblem ?? 'something else stands there';
    draft.holds.push(stalled('Conflict', `Cannot make the directory ${path}: ${why}.`));
  } else if (facts.users[owner] === undefined) {
    draft.holds.push(
      stalled('RoleNotInstalled', `Cannot make the directory ${path}: the host has no user "${owner}".`),
    );
  } else if (seen.kind === 'absent' || seen.owner !== owner || seen.group !== group || seen.mode !== mode) {
    makeDirectory(draft, directory);
  }
}

function plainFile(file: WholeFile, { addresses }: HostFacts): WantedFile {
  const addressesOf = (name: string) => addresses[name] ?? [];
  return {
    ...file,
    content: new Secret(file.content),
    agrees: (content, did) => saysAllOf(content.reveal(), file.content, addressesOf, did),
    lostNames: (content) => lostMonitorsIn(content.reveal(), addressesOf),
    isKey: false,
  };
}

function keyringFile(draft: Draft, keyring: KeyringFile, keys: ReadonlyMap<string, ClientKey>): WantedFile[] {
  const client = keyFor(draft, keyring, keys);
  if (client === undefined) return [];
  const agrees = (content: Secret) => keyIn(content, keyring.entity)?.fingerprint() === keyring.fingerprint;
  const foretold = keyClause(keyring.entity, client);
  const file = { ...keyring, content: client.keyring, agrees, isKey: true };
  return [foretold === undefined ? file : { ...file, foretold }];
}

function keyIn(keyring: Secret, entity: string): Secret | undefined {
  try {
    return parseKeyring(keyring).get(entity);
  } catch (error) {
    if (error instanceof ConfError) return undefined;
    throw error;
  }
}

function layOutFile(draft: Draft, host: CephOpenStackHost, facts: HostFacts, file: WantedFile): void {
  const seen = facts.files[file.path];
  if (seen === undefined) return;
  const problem = obstacle(file.path, seen);
  if (problem !== undefined) {
    draft.holds.push(stalled('Conflict', `Cannot write ${file.path}: ${problem}.`));
    return;
  }
  const missingUser = facts.users[file.owner] === undefined ? file.owner : undefined;
  if (missingUser !== undefined) {
    draft.holds.push(stalled('RoleNotInstalled', `Cannot write ${file.path}: the host has no user "${missingUser}".`));
    return;
  }
  const { path, content, owner, group, mode } = file;
  const ours = draft.manifest.files[path];
  const keep = (former: FormerFile, sha256: string) => {
    draft.manifest = {
      ...draft.manifest,
      files: { ...draft.manifest.files, [path]: { sha256, former: ours?.former ?? former } },
    };
  };
  if (seen.kind !== 'file') {
    if (seen.parentMissing) makeParent(draft, path);
    const about = file.foretold === undefined ? {} : { about: `Write ${path} with ${file.foretold}.` };
    draft.layOut.push({ verb: 'write-file', path, content, owner, group, mode, expected: 'absent', ...about });
    keep({ kind: 'absent' }, contentHash(content));
    return;
  }
  // What is ours is kept to the letter; what is not only has to say the same.
  const mayDiffer = ours === undefined || ours.former.kind === 'adopted' || file.foretold !== undefined;
  const equal =
    seen.content?.equals(content) === true ||
    (mayDiffer && seen.content !== undefined && file.agrees(seen.content, ours?.sha256 === seen.sha256));
  if (equal && seen.sha256 !== undefined) {
    if (ours === undefined || ours.sha256 !== seen.sha256) keep(adopted(seen), seen.sha256);
    if (seen.owner !== owner || seen.group !== group || seen.mode !== mode) {
      draft.layOut.push({ verb: 'set-permissions', path, owner, group, mode });
    }
    if (seen.content !== undefined) holdForNames(draft, file, seen.content);
    return;
  }
  if (ours === undefined && host.spec.adoption === 'Never') {
    draft.holds.push(
      stalled(
        'AlreadyExists',
        `${path} exists with other content: set adoption: IfUnowned to have it replaced (what stands there is kept), or move it away.`,
      ),
    );
    return;
  }
  if (seen.sha256 === undefined || (seen.content === undefined && !file.isKey)) {
    draft.holds.push(stalled('Conflict', `Cannot replace ${path}: it is too large or no text; move it away.`));
    return;
  }
  const about = file.foretold === undefined ? {} : { about: `Change ${path} to ${file.foretold}.` };
  draft.layOut.push({ verb: 'write-file', path, content, owner, group, mode, expected: seen.sha256, ...about });
  const former: FormerFile =
    file.isKey || seen.content === undefined
      ? adopted(seen)
      : { kind: 'content', content: seen.content, owner: seen.owner, group: seen.group, mode: seen.mode };
  keep(former, contentHash(content));
}

/** A file that was adopted and by which nobody finds Ceph now: that a name server is away does not make it another's. */
function holdForNames(draft: Draft, { path, content, agrees, lostNames }: WantedFile, seen: Secret): void {
  const names = lostNames?.(seen) ?? [];
  if (names.length === 0 || seen.equals(content) || agrees(seen, false)) return;
  const message = `The monitors that ${path} names cannot be looked up on this host (${names.join(', ')}), so it is left as it is: mend the host's name service, or move the file away to have one with addresses.`;
  draft.holds.push(passing('CephUnreachable', message, inTheWayMs));
}

/** An owner whose name nobody knows could not be given back. */
function adopted({ owner, group, mode }: Extract<FileFacts, { kind: 'file' }>): FormerFile {
  if ([owner, group].some((name) => name === '' || name === 'UNKNOWN')) return { kind: 'adopted' };
  return { kind: 'adopted', permissions: { owner, group, mode } };
}

function obstacle(path: string, seen: FileFacts): string | undefined {
  const parent = seen.parentProblem ?? seen.parentOfOther;
  if (parent !== undefined) return parent;
  if (seen.kind === 'symlink') return 'it is a symbolic link';
  if (seen.kind === 'directory' || seen.kind === 'other') return `${path} is no file`;
  return undefined;
}

function makeParent(draft: Draft, path: string): void {
  const parent = path.slice(0, path.lastIndexOf('/'));
  if (draft.layOut.some((step) => step.verb === 'make-directory' && step.path === parent)) return;
  makeDirectory(draft, { path: parent, owner: 'root', group: 'root', mode: '0755' });
}

function makeDirectory(draft: Draft, directory: Directory): void {
  draft.layOut.push({ verb: 'make-directory', ...directory });
  const directories = [...new Set([...draft.manifest.directories, directory.path])].sort();
  draft.manifest = { ...draft.manifest, directories };
}
