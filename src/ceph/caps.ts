/** What a cephx user may do, by subsystem: `{mon: "profile rbd", osd: "profile rbd pool=volumes"}`. */
export type Caps = Readonly<Record<string, string>>;

/**
 * One grant of a cap, taken apart. `text` is its one spelling: two grants are the same right if their texts are equal.
 * Grammar: src/mon/MonCap.cc, src/mgr/MgrCap.cc, src/osd/OSDCap.cc.
 */
export interface Grant {
  readonly text: string;
  /** The profile that it names, if any. */
  readonly profile?: string;
}

/** A cap that is no sentence of the grammar. */
export class CapsError extends Error {
  override readonly name = 'CapsError';
}

type Token =
  | { readonly kind: 'word'; readonly value: string; readonly spaced: boolean }
  | { readonly kind: 'quoted'; readonly value: string; readonly spaced: boolean }
  | { readonly kind: 'sign'; readonly value: string; readonly spaced: boolean };

/** Splits at blanks, quotes and signs. A grant ends at a comma or semicolon outside quotes. */
function tokenize(cap: string): Token[][] {
  const grants: Token[][] = [[]];
  const pattern = /(\s*)(?:"([^"]*)"|'([^']*)'|([a-zA-Z0-9_./:[\]-]+)|([=*,;]))/gy;
  let end = 0;
  for (const match of cap.matchAll(pattern)) {
    end = match.index + match[0].length;
    const spaced = match[1] !== '';
    const quoted = match[2] ?? match[3];
    const sign = match[5];
    if (sign === ',' || sign === ';') grants.push([]);
    else if (quoted !== undefined) grants.at(-1)?.push({ kind: 'quoted', value: quoted, spaced });
    else if (sign !== undefined) grants.at(-1)?.push({ kind: 'sign', value: sign, spaced });
    else grants.at(-1)?.push({ kind: 'word', value: match[4] ?? '', spaced });
  }
  const rest = cap.slice(end).trim();
  if (rest !== '') throw new CapsError(`Cannot read the cap "${cap}" from "${rest}" on`);
  return grants;
}

/** Reads the tokens of one grant from the left. */
class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Takes the word if it is next. */
  word(value: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.value !== value) return false;
    this.#at += 1;
    return true;
  }

  sign(value: string, options: { spaced?: boolean } = {}): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.value !== value) return false;
    if (options.spaced === false && token.spaced) return false;
    this.#at += 1;
    return true;
  }

  /** `= value`, or ` value`. */
  value(what: string): string {
    this.sign('=');
    return this.string(what);
  }

  string(what: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === 'sign') throw new CapsError(`Cannot read a cap: ${what} is missing`);
    this.#at += 1;
    return token.value;
  }

  /** A string, or `*` (also written `all`). */
  pattern(what: string): string {
    if (this.sign('*') || this.word('all')) return '*';
    return quote(this.string(what));
  }

  rest(): string {
    return this.#tokens
      .slice(this.#at)
      .map((token) => token.value)
      .join(' ');
  }
}

/** Takes a cap apart into its grants, each once, sorted. Throws CapsError. */
export function parseCap(subsystem: string, cap: string): Grant[] {
  const grants = new Map<string, Grant>();
  for (const tokens of tokenize(cap)) {
    const grant = parseGrant(subsystem, tokens, cap);
    grants.set(grant.text, grant);
  }
  return [...grants.values()].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}

function parseGrant(subsystem: string, tokens: readonly Token[], cap: string): Grant {
  const reader = new Reader(tokens);
  const grant = reader.word('profile') ? parseProfile(reader) : parseAllow(subsystem, reader, cap);
  if (!reader.done) throw new CapsError(`Cannot read the cap "${cap}" from "${reader.rest()}" on`);
  return grant;
}

/** `profile NAME` and its arguments; the order of arguments has no meaning. */
function parseProfile(reader: Reader): Grant {
  const profile = reader.value('the name of a profile');
  const scope = parseArguments(reader);
  return { text: join(`profile ${quote(profile)}`, scope), profile };
}

function parseAllow(subsystem: string, reader: Reader, cap: string): Grant {
  if (!reader.word('allow')) throw new CapsError(`Cannot read the cap "${cap}": a grant begins with allow or profile`);
  if (subsystem !== 'osd') {
    if (reader.word('profile')) return parseProfile(reader);
    for (const subject of ['command', 'service', 'module']) {
      if (!reader.word(subject)) continue;
      const name = reader.value(`the name of a ${subject}`);
      const conditions = reader.word('with') ? parseConditions(reader) : [];
      const permission = subject === 'command' ? undefined : parsePermission(reader);
      const network = parseArguments(reader);
      const condition = conditions.length > 0 ? `with ${conditions.join(' ')}` : undefined;
      return { text: join(`allow ${subject} ${quote(name)}`, [condition, permission, ...network]) };
    }
  }
  // The permission stands before or after what it is about.
  const before = parsePermission(reader);
  const scope = parseArguments(reader);
  const permission = before ?? parsePermission(reader);
  const network = before === undefined ? parseArguments(reader) : [];
  if (permission === undefined) throw new CapsError(`Cannot read the cap "${cap}": it allows nothing`);
  return { text: join(`allow ${permission}`, [...scope, ...network].sort()) };
}

/** `rwx`, `class-read`, `*` and so on in one order; undefined if none stands here. */
function parsePermission(reader: Reader): string | undefined {
  if (reader.sign('*') || reader.word('all')) return '*';
  if (reader.word('class')) {
    const parts = [quote(reader.string('the name of a class'))];
    if (!reader.done) parts.push(quote(reader.string('the name of a method')));
    return `class ${parts.join(' ')}`;
  }
  const found = permissions.filter((permission) => reader.word(permission));
  if (reader.word('class-read') && !found.includes('class-read')) found.push('class-read');
  return found.length > 0 ? found.sort().join(' ') : undefined;
}

const permissions = ['rwxa', 'rwx', 'rw', 'rx', 'wx', 'r', 'w', 'x', 'a', 'class-read', 'class-write'];

const argumentNames = ['pool', 'namespace', 'object_prefix', 'network', 'auid', 'fsname', 'tag'];

function parseArguments(reader: Reader): string[] {
  const found: string[] = [];
  for (let more = true; more; ) {
    more = false;
    for (const name of argumentNames) {
      if (!reader.word(name)) continue;
      found.push(name === 'tag' ? parseTag(reader) : `${name}=${parseArgumentValue(reader, name)}`);
      more = true;
    }
  }
  return found.sort();
}

function parseArgumentValue(reader: Reader, name: string): string {
  const value = quote(reader.value(`the value of ${name}`));
  // `namespace=tenant-*` is every namespace that begins so.
  return name === 'namespace' && reader.sign('*', { spaced: false }) ? `${value}*` : value;
}

function parseTag(reader: Reader): string {
  const application = quote(reader.string('the application of a tag'));
  const key = reader.pattern('the key of a tag');
  if (!reader.sign('=')) throw new CapsError('Cannot read a cap: a tag has no value');
  return `tag ${application} ${key}=${reader.pattern('the value of a tag')}`;
}

function parseConditions(reader: Reader): string[] {
  const conditions: string[] = [];
  while (!reader.done) {
    const name = quote(reader.string('the name of an argument'));
    if (reader.sign('=')) conditions.push(`${name}=${quote(reader.string('the value of an argument'))}`);
    else if (reader.word('prefix')) conditions.push(`${name} prefix ${quote(reader.string('a prefix'))}`);
    else if (reader.word('regex')) conditions.push(`${name} regex ${quote(reader.string('a pattern'))}`);
    else throw new CapsError(`Cannot read a cap: the argument ${name} has no condition`);
  }
  return conditions.sort();
}

function join(head: string, parts: readonly (string | undefined)[]): string {
  return [head, ...parts.filter((part) => part !== undefined)].join(' ');
}

function quote(value: string): string {
  if (/^[a-zA-Z0-9_./-]+$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

/** A cap from its grants, in the spelling that `parseCap` gives back unchanged. */
export function renderCap(grants: readonly Grant[]): string {
  return grants.map((grant) => grant.text).join(', ');
}

/** Whether both give the same rights: the same subsystems, and in each the same set of grants. */
export function equalCaps(a: Caps, b: Caps): boolean {
  const subsystems = Object.keys(a).sort();
  if (subsystems.join() !== Object.keys(b).sort().join()) return false;
  return subsystems.every((subsystem) => spelling(subsystem, a) === spelling(subsystem, b));
}

/** What Ceph stores is not always a sentence of the grammar (`auth import` checks nothing): that compares by its letters. */
function spelling(subsystem: string, caps: Caps): string {
  const cap = caps[subsystem] ?? '';
  try {
    return renderCap(parseCap(subsystem, cap));
  } catch (error) {
    if (error instanceof CapsError) return cap.trim();
    throw error;
  }
}
