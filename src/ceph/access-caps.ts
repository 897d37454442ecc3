import { type Caps, CapsError, equalCaps, type Grant, parseCap } from './caps.ts';

/** What a user may do with one pool, or with one RBD namespace of it. */
export interface PoolAccess {
  readonly pool: string;
  readonly namespace?: string;
  readonly mode: 'ReadWrite' | 'ReadOnly';
}

const poolPattern = '[A-Za-z0-9_.-]+';

/** The caps that Ceph's own guide for OpenStack gives since Luminous. */
export function profileCaps(access: readonly PoolAccess[]): Caps {
  const grants = access
    .map(
      ({ pool, namespace, mode }) =>
        `profile ${mode === 'ReadWrite' ? 'rbd' : 'rbd-read-only'} ${scope(pool, namespace)}`,
    )
    .join(', ');
  return { mon: 'profile rbd', osd: grants, mgr: grants };
}

/**
 * A dead client's exclusive lock is broken by blocklisting its address; the guide of 2014 knew no such lock.
 * Clients before Pacific say blacklist.
 */
export const legacyMonCap = `allow r, allow command "osd blacklist", allow command "osd blocklist"`;

/**
 * What the guide of 2014 wrote, plus the right to blocklist. It knew no managers; their cap is the profile's,
 * because only a subsystem that is named can be bounded in the caps of the operator's own user.
 */
export function legacyCaps(access: readonly PoolAccess[]): Caps {
  const pools = access.map(
    ({ pool, namespace, mode }) => `allow ${mode === 'ReadWrite' ? 'rwx' : 'rx'} ${scope(pool, namespace)}`,
  );
  const osd = ['allow class-read object_prefix rbd_children', ...pools].join(', ');
  return { ...profileCaps(access), mon: legacyMonCap, osd };
}

function scope(pool: string, namespace: string | undefined): string {
  return namespace === undefined ? `pool=${pool}` : `pool=${pool} namespace=${namespace}`;
}

/**
 * A POSIX extended regular expression that matches exactly the OSD and manager caps that `profileCaps` makes
 * for pools of the given pattern.
 */
export function profileCapPattern(pool: string = poolPattern): string {
  const grant = `profile rbd(-read-only)? pool=${pool}( namespace=[A-Za-z0-9_.-]+)?`;
  return `${grant}(, ${grant})*`;
}

/** The same for the OSD caps that `legacyCaps` makes. */
export function legacyOsdCapPattern(pool: string = poolPattern): string {
  return `allow class-read object_prefix rbd_children(, allow rw?x pool=${pool}( namespace=[A-Za-z0-9_.-]+)?)+`;
}

const profiles: Readonly<Record<string, readonly string[]>> = {
  mon: [
    'bootstrap-mds',
    'bootstrap-mgr',
    'bootstrap-osd',
    'bootstrap-rbd',
    'bootstrap-rbd-mirror',
    'bootstrap-rgw',
    'cephfs-mirror',
    'crash',
    'fs-client',
    'mds',
    'mgr',
    'mon',
    'osd',
    'rbd',
    'rbd-mirror',
    'rbd-mirror-peer',
    'rbd-read-only',
    'read-only',
    'read-write',
    'role-definer',
    'simple-rados-client',
    'simple-rados-client-with-blocklist',
  ],
  mgr: ['cephfs-mirror', 'crash', 'mds', 'mon', 'osd', 'rbd', 'rbd-read-only', 'read-only', 'read-write'],
  osd: ['cephfs-mirror', 'crash', 'osd', 'rbd', 'rbd-mirror', 'rbd-read-only'],
};

/**
 * What is wrong with caps written by hand, as a sentence; undefined if nothing is.
 * Ceph stores a profile that it does not know without a word, and grants nothing for it.
 */
export function capsFault(caps: Caps): string | undefined {
  for (const subsystem of Object.keys(caps).sort()) {
    const known = profiles[subsystem];
    if (known === undefined) return `Ceph knows no caps for "${subsystem}"`;
    try {
      for (const { profile } of parseCap(subsystem, caps[subsystem] ?? '')) {
        if (profile === undefined || known.includes(profile)) continue;
        return `The ${subsystem} cap names the profile "${profile}", which Ceph does not know and which would grant nothing; it knows ${known.join(', ')}`;
      }
    } catch (error) {
      if (error instanceof CapsError) return error.message;
      throw error;
    }
  }
  return undefined;
}

/**
 * What caps let a user do, at the most, with images in the whole of a pool: one RBD namespace of it is not the pool. Caps
 * that cannot be read are taken for all of it.
 */
export function rightsOn(pool: string, { osd = '' }: Caps): PoolAccess['mode'] | 'None' {
  try {
    const grants = parseGrants('osd', osd).filter((grant) => reaches(grant, pool));
    if (grants.some(writes)) return 'ReadWrite';
    return grants.some(reads) ? 'ReadOnly' : 'None';
  } catch (error) {
    if (error instanceof CapsError) return 'ReadWrite';
    throw error;
  }
}

/** A grant that names no pool is for all of them; the namespace without a name is the one that images are in. */
function reaches({ text }: Grant, pool: string): boolean {
  const [, quoted, plain] = / pool=(?:"([^"]*)"|(\S+))/.exec(text) ?? [];
  return [undefined, pool].includes(quoted ?? plain) && !/ namespace=(?!"")/.test(text);
}

function writes({ text, profile }: Grant): boolean {
  return profile === 'rbd' || /^allow (\*|[^=]*\br?wx?a?\b)/.test(text);
}

function reads({ text, profile }: Grant): boolean {
  return profile === 'rbd-read-only' || /^allow [^=]*\brx?\b/.test(text);
}

const styles = [profileCapPattern(), legacyOsdCapPattern()].map((pattern) => new RegExp(`^(${pattern})$`));

/**
 * Caps with what `had` gives besides. Undefined where the two are not of one style, or speak of a pool that may not be
 * given: the operator's own user need not be allowed to give that, nor to give it again.
 */
export function withKept(caps: Caps, had: Caps, mayGive: (pool: string) => boolean): Caps | undefined {
  try {
    const [osd, mgr] = [unite('osd', caps, had), unite('mgr', caps, had)];
    const isOfOneStyle = styles.some((style) => style.test(osd)) && styles[0]?.test(mgr);
    const hasSameRest = equalCaps({ ...had, osd: '', mgr: '' }, { ...caps, osd: '', mgr: '' });
    const pools = [...`${osd}, ${mgr}`.matchAll(/ pool=([^ ,]+)/g)].map(([, pool = '']) => pool);
    return isOfOneStyle && hasSameRest && pools.every(mayGive) ? { ...caps, osd, mgr } : undefined;
  } catch (error) {
    if (error instanceof CapsError) return undefined;
    throw error;
  }
}

/** The grants of both, the first to the letter. */
function unite(subsystem: 'osd' | 'mgr', { [subsystem]: cap = '' }: Caps, had: Caps): string {
  const given = parseGrants(subsystem, cap).map(({ text }) => text);
  const kept = parseGrants(subsystem, had[subsystem] ?? '').map(({ text }) => text);
  return [cap, ...kept.filter((text) => !given.includes(text))].join(', ');
}

/**
 * Whether whoever has these caps and writes images may also blocklist a dead client, whose exclusive lock is not
 * broken otherwise. True where nothing is written. Throws CapsError.
 */
export function canBreakLocks({ mon = '', osd = '' }: Caps): boolean {
  if (!parseGrants('osd', osd).some(writes)) return true;
  return parseGrants('mon', mon).some(({ text, profile }) =>
    profile === undefined
      ? /^allow ((service osd )?(\*|rw)|command "osd b(lock|lack)list")/.test(text)
      : blocklistingProfiles.has(profile),
  );
}

/** Of monitors (src/mon/MonCap.cc). */
const blocklistingProfiles: ReadonlySet<string> = new Set([
  'cephfs-mirror',
  'rbd',
  'rbd-mirror',
  'read-write',
  'simple-rados-client-with-blocklist',
]);

function parseGrants(subsystem: string, cap: string): readonly Grant[] {
  return cap.trim() === '' ? [] : parseCap(subsystem, cap);
}
