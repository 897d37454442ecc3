import { createHash } from 'node:crypto';
import { Secret } from '../secret.ts';
import { clean } from './clean.ts';
import type { FileFacts, ParentFacts } from './facts.ts';
import type { Frame } from './frames.ts';
import { ancestors } from './observe-script.ts';
import type { ContentCache } from './ssh-access.ts';
import { parseCount } from './unit-parse.ts';

interface Stat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  readonly bytes: number;
  /** Unix time of the last write. */
  readonly written: number;
}

const kinds: Readonly<Record<number, Stat['kind']>> = { 32768: 'file', 16384: 'directory', 40960: 'symlink' };

/** Lines of `stat -c '%f|%u|%g|%U|%G|%s|%Y|%n'`. */
function parseStats(body: string): ReadonlyMap<string, Stat> {
  return new Map(
    body.split('\n').flatMap((line): [string, Stat][] => {
      const match =
        /^([0-9a-f]{1,8})\|(\d{1,10})\|(\d{1,10})\|([^|]{1,64})\|([^|]{1,64})\|(\d{1,15})\|(-?\d{1,12})\|(\/.*)$/.exec(
          line,
        );
      if (match === null) {
        return [];
      }
      const [, raw = '', uid, gid, owner = '', group = '', bytes, written, path = ''] = match;
      const bits = Number.parseInt(raw, 16);
      const stat: Stat = {
        kind: kinds[bits & 0xf000] ?? 'other',
        permissions: bits & 0o7777,
        uid: Number(uid),
        gid: Number(gid),
        owner: clean(owner),
        group: clean(group),
        bytes: Number(bytes),
        written: Number(written),
      };
      return [[path, stat]];
    }),
  );
}

/** Lines of `sha256sum`. */
function parseHashes(body: string): ReadonlyMap<string, string> {
  return new Map(
    body.split('\n').flatMap((line): [string, string][] => {
      const match = /^([0-9a-f]{64}) [ *](\/.*)$/.exec(line);
      return match === null ? [] : [[match[2] ?? '', match[1] ?? '']];
    }),
  );
}

/** What stands at each path, with contents from the answer or, where they were not sent again, from the cache. */
export function parseFiles(
  frames: readonly Frame[],
  paths: readonly string[],
  contents: ContentCache,
): Readonly<Record<string, FileFacts>> {
  const stats = parseStats(frames.find(({ head }) => head[0] === 'stat')?.body ?? '');
  const hashes = parseHashes(frames.find(({ head }) => head[0] === 'hashes')?.body ?? '');
  const now = parseCount(frames.find(({ head }) => head[0] === 'now')?.body.trim()) ?? 0;
  const sent = new Map(frames.flatMap(({ head, body }) => (head[0] === 'content' ? [[head[1] ?? '', body]] : [])));
  return Object.fromEntries(
    paths.map((path): [string, FileFacts] => {
      const parent = parentFacts(path, stats);
      const stat = stats.get(path);
      if (stat === undefined) {
        return [path, { kind: 'absent', ...parent }];
      }
      const { kind, owner, group } = stat;
      const mode = stat.permissions.toString(8).padStart(4, '0');
      if (kind === 'directory') {
        return [path, { kind, owner, group, mode, ...parent }];
      }
      if (kind !== 'file') {
        return [path, { kind, ...parent }];
      }
      const facts = {
        kind,
        owner,
        group,
        mode,
        bytes: stat.bytes,
        ageSeconds: now - stat.written,
        ...parent,
      } as const;
      return [path, { ...facts, ...contentFacts(path, hashes.get(path), sent.get(path), contents) }];
    }),
  );
}

function contentFacts(
  path: string,
  listed: string | undefined,
  sent: string | undefined,
  contents: ContentCache,
): { sha256?: string; content?: Secret } {
  if (listed === undefined) {
    return {};
  }
  const kept = contents.get(path, listed);
  if (kept !== undefined) {
    return { sha256: listed, content: kept };
  }
  if (sent === undefined) {
    return { sha256: listed };
  }
  // The hash of what came, not the one listed before it: the file may have changed between the two.
  const bytes = Buffer.from(sent, 'base64');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) {
    return { sha256 };
  }
  const content = new Secret(text);
  contents.set(path, sha256, content);
  return { sha256, content };
}

function parentFacts(path: string, stats: ReadonlyMap<string, Stat>): ParentFacts {
  let parentOfOther: string | undefined;
  const own = path.slice(0, path.lastIndexOf('/'));
  for (const above of ancestors(path)) {
    const stat = stats.get(above);
    if (stat === undefined) {
      return { parentMissing: true };
    }
    const problem = parentProblem(stat);
    if (problem !== undefined) {
      return { parentMissing: false, parentProblem: `${above} ${problem}` };
    }
    const other = otherWriter(stat);
    if (other === undefined) {
      continue;
    }
    if (above !== own) {
      return { parentMissing: false, parentProblem: `${above} ${other}` };
    }
    parentOfOther = `${above} ${other}`;
  }
  return { parentMissing: false, ...(parentOfOther === undefined ? {} : { parentOfOther }) };
}

/** Whoever could move a directory away could make root write elsewhere. The same rule as check_parents in apply.sh. */
function parentProblem(stat: Stat): string | undefined {
  if (stat.kind === 'symlink') {
    return 'is a symbolic link';
  }
  if (stat.kind !== 'directory') {
    return 'is no directory';
  }
  return (stat.permissions & 0o002) === 0 ? undefined : 'is writable for everybody';
}

/** Who beside root may put files into a directory. */
function otherWriter(stat: Stat): string | undefined {
  if (stat.uid !== 0) {
    return `belongs to ${stat.owner.replace(/[^A-Za-z0-9_.-]/g, '?')}`;
  }
  return (stat.permissions & 0o020) !== 0 && stat.gid !== 0 ? 'is writable for a group' : undefined;
}
