import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Types of host keys that are asked for, the best first. DSA is not among them. */
const hostKeyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const;
export type HostKeyType = (typeof hostKeyTypes)[number];

interface KnownHost {
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** The first field as written: patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  /** The key's wire form. */
  readonly key: Buffer;
}

/** What a known_hosts text says about one host. */
export interface KnownKeys {
  readonly keys: readonly Buffer[];
  readonly revoked: readonly Buffer[];
  /** A `@cert-authority` line covers the host; certificates are not understood here. */
  readonly onlyAuthority: boolean;
}

/** Lines as sshd(8) describes them; a line that cannot be understood says nothing, as in OpenSSH. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line) => parseLine(line.trim()) ?? []);
}

function parseLine(line: string): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) {
    return undefined;
  }
  const fields = line.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
  const [names, type, encoded] = fields;
  if (names === undefined || type === undefined || encoded === undefined) {
    return undefined;
  }
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') {
    return undefined;
  }
  const key = Buffer.from(encoded, 'base64');
  if (keyType(key) !== type) {
    return undefined;
  }
  const kinds = { '@revoked': 'revoked', '@cert-authority': 'cert-authority' } as const;
  return { marker: marker === undefined ? 'none' : kinds[marker], names, type, key };
}

/** The type that a public key's wire form (RFC 4253, 6.6) names; empty when it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) {
    return '';
  }
  const length = key.readUInt32BE(0);
  return length > 64 || key.length <= 4 + length ? '' : key.toString('latin1', 4, 4 + length);
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * The keys that may be `host`'s on `port`, looked up as OpenSSH does: `[host]:port` first, and where there is nothing,
 * the bare name. The first of `names` that has any key counts.
 */
export function knownKeys(entries: readonly KnownHost[], names: readonly string[], port: number): KnownKeys {
  const spellings = names.flatMap((name) => {
    const lower = name.toLowerCase();
    return port === 22 ? [lower] : [`[${lower}]:${port}`, lower];
  });
  const found = spellings.map((name) => entries.filter((entry) => namesMatch(entry.names, name)));
  const all = found.flat();
  const plain = found.map((matching) => matching.filter((entry) => entry.marker === 'none' && isUsable(entry.type)));
  const keys = (plain.find((matching) => matching.length > 0) ?? []).map((entry) => entry.key);
  return {
    keys,
    // A key is revoked whatever name led to it.
    revoked: all.filter((entry) => entry.marker === 'revoked').map((entry) => entry.key),
    onlyAuthority: keys.length === 0 && all.some((entry) => entry.marker === 'cert-authority'),
  };
}

function isUsable(type: string): boolean {
  return (hostKeyTypes as readonly string[]).includes(type);
}

function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|')) {
    return hashMatches(names, name);
  }
  let matched = false;
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (wildcardMatches(pattern.slice(1), name)) {
        return false;
      }
    } else if (wildcardMatches(pattern, name)) {
      matched = true;
    }
  }
  return matched;
}

/** `|1|salt|HMAC-SHA1(salt, name)`, both base64. */
function hashMatches(field: string, name: string): boolean {
  const [, scheme, salt, hash] = field.split('|');
  if (scheme !== '1' || salt === undefined || hash === undefined) {
    return false;
  }
  const wanted = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === actual.length && timingSafeEqual(wanted, actual);
}

/** `*` and `?` only, in time linear in the pattern's stars: a pattern is input from outside. */
function wildcardMatches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') {
    p++;
  }
  return p === pattern.length;
}

/** What to make of a key that a host showed. */
export type HostKeyVerdict = 'trusted' | 'mismatch' | 'unknown' | 'revoked';

/**
 * A line of known_hosts and a fingerprint must both agree where both are given. Where neither speaks, the key is
 * unknown: there is no trusting of a first sight.
 */
export function verifyHostKey(key: Buffer, known: KnownKeys, fingerprint: string | undefined): HostKeyVerdict {
  if (known.revoked.some((revoked) => revoked.equals(key))) {
    return 'revoked';
  }
  if (known.keys.length === 0 && fingerprint === undefined) {
    return 'unknown';
  }
  if (known.keys.length > 0 && !known.keys.some((good) => good.equals(key))) {
    return 'mismatch';
  }
  return fingerprint !== undefined && keyFingerprint(key) !== normalFingerprint(fingerprint) ? 'mismatch' : 'trusted';
}

function normalFingerprint(fingerprint: string): string {
  return fingerprint.trim().replace(/=+$/, '');
}

/**
 * The key types to ask for. A host has several keys and shows the one we prefer: asked for a type that known_hosts does
 * not hold, an honest host would look changed. With only a fingerprint each type is a try of its own.
 */
export function hostKeyAttempts(known: KnownKeys): readonly (readonly HostKeyType[])[] {
  const types = new Set(known.keys.map(keyType));
  return types.size > 0 ? [hostKeyTypes.filter((type) => types.has(type))] : hostKeyTypes.map((type) => [type]);
}
