/*
 * An editor for oslo.config files that changes one option and leaves every other byte alone: comments, order, line
 * ends, a byte order mark, other sections of the same name. The grammar is oslo_config/iniparser.py's:
 * `#` and `;` begin a comment only in the first column, so `a = b # c` has the value `b # c`; a line that begins with a
 * blank or a tab continues the value before it; the first of `=` and `:` ends the key; one pair of equal quotes around
 * the value goes away; a section and a key may stand several times, and of a single-valued option the last one counts.
 */

interface Line {
  readonly text: string;
  /** `\n`, `\r\n`, `\r`, or nothing on a last line that is not ended. */
  readonly end: string;
}

/** One occurrence of an option; `first` and `last` are the indexes of its lines. */
interface Assignment {
  readonly section: string;
  readonly name: string;
  readonly value: string;
  readonly first: number;
  readonly last: number;
}

interface Header {
  readonly section: string;
  readonly line: number;
}

interface Parsed {
  readonly lines: readonly Line[];
  readonly headers: readonly Header[];
  readonly assignments: readonly Assignment[];
}

/** The file is one that oslo.config itself refuses. Names the line, never what stands there: it may be a password. */
export class ConfigSyntaxError extends Error {
  override readonly name = 'ConfigSyntaxError';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, what: string) {
    super(`line ${line} ${what}`);
    this.line = line;
  }
}

// What Python's str.strip() takes away, which is not what JavaScript's trim() does.
const blank = '[\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leadingBlanks = new RegExp(`^${blank}+`);
const trailingBlank = new RegExp(blank);

function stripEnd(text: string): string {
  // Not one regular expression: `+$` is quadratic on a long run of blanks that something follows.
  let end = text.length;
  while (end > 0 && trailingBlank.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function strip(text: string): string {
  return stripEnd(text).replace(leadingBlanks, '');
}

/** Sections compare without case, as oslo.config does it; `DEFAULT` alone is exact. */
function sectionKey(section: string): string {
  return section === 'DEFAULT' ? section : section.toLowerCase();
}

function splitLines(text: string): Line[] {
  return [...text.matchAll(/([^\r\n]*)(\r\n|\n|\r|$)/g)]
    .map(([, line = '', end = '']) => ({ text: line, end }))
    .filter((line) => line.text !== '' || line.end !== '');
}

function unquote(value: string): string {
  const first = value.at(0);
  return (first === '"' || first === "'") && value.at(-1) === first ? value.slice(1, -1) : value;
}

function parse(text: string): Parsed {
  const lines = splitLines(text);
  const headers: Header[] = [];
  const assignments: Assignment[] = [];
  let section: string | undefined;
  let open: { name: string; values: string[]; first: number; last: number } | undefined;

  const flush = (): void => {
    if (open !== undefined && section !== undefined) {
      assignments.push({ section, name: open.name, value: open.values.join('\n'), first: open.first, last: open.last });
    }
    open = undefined;
  };

  for (const [index, raw] of lines.entries()) {
    // oslo.config chokes on a byte order mark; here it only must survive.
    const line = stripEnd(index === 0 ? raw.text.replace(/^\ufeff/, '') : raw.text);
    if (line === '') {
      flush();
      continue;
    }
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (open === undefined) throw new ConfigSyntaxError(index + 1, 'continues nothing');
      open.values.push(line.replace(leadingBlanks, ''));
      open.last = index;
      continue;
    }
    flush();
    if (line.startsWith('[')) {
      if (!line.endsWith(']') || line.length < 3) throw new ConfigSyntaxError(index + 1, 'is not a section');
      section = line.slice(1, -1);
      headers.push({ section, line: index });
    } else if (!line.startsWith('#') && !line.startsWith(';')) {
      const at = line.search(/[=:]/);
      const name = strip(line.slice(0, Math.max(at, 0)));
      if (name === '') throw new ConfigSyntaxError(index + 1, 'is neither a section, an option nor a comment');
      if (section === undefined) throw new ConfigSyntaxError(index + 1, 'is an option outside of any section');
      open = { name, values: [unquote(strip(line.slice(at + 1)))], first: index, last: index };
    }
  }
  flush();
  return { lines, headers, assignments };
}

function isOption(section: string, name: string): (assignment: Assignment) => boolean {
  const wanted = sectionKey(section);
  return (assignment) => assignment.name === name && sectionKey(assignment.section) === wanted;
}

/**
 * Every value of an option, in the order of the file; of a single-valued option the last one counts.
 * Lines of a continued value are joined by `\n`.
 * @throws ConfigSyntaxError
 */
export function readValues(text: string, section: string, name: string): readonly string[] {
  return parse(text)
    .assignments.filter(isOption(section, name))
    .map((assignment) => assignment.value);
}

/** Whether the file has this section, be it empty. @throws ConfigSyntaxError */
export function hasSection(text: string, section: string): boolean {
  return parse(text).headers.some((header) => sectionKey(header.section) === sectionKey(section));
}

/**
 * Makes `value` the one that counts: the last occurrence is changed where it stands, or a line is added at the end of
 * the section's last place, or the section at the end of the file.
 * @throws ConfigSyntaxError; RangeError for a section, name or value that one line cannot hold
 */
export function setOption(text: string, section: string, name: string, value: string): string {
  checkNames(section, name);
  if (/[\r\n\0]/.test(value)) throw new RangeError(`The value of [${section}] ${name} is more than one line.`);
  const file = parse(text);
  const at = file.assignments.findLastIndex(isOption(section, name));
  const old = file.assignments[at];
  const wanted: Assignment = { section, name, value, first: 0, last: 0 };
  if (old !== undefined) {
    const expected = file.assignments.with(at, { ...wanted, section: old.section });
    return checked(replaceValue(file, old, value), expected);
  }
  const line = `${name} = ${quote(value)}`;
  const header = file.headers.findLast((candidate) => sectionKey(candidate.section) === sectionKey(section));
  if (header === undefined) {
    return checked(appendSection(file, section, line), [...file.assignments, wanted]);
  }
  const next = file.headers.find((candidate) => candidate.line > header.line)?.line ?? file.lines.length;
  const before = file.assignments.filter((assignment) => assignment.first < next);
  const previous = before.at(-1);
  const after = previous !== undefined && previous.first > header.line ? previous.last : header.line;
  const expected = file.assignments.toSpliced(before.length, 0, { ...wanted, section: header.section });
  return checked(insertAfter(file, after, line), expected);
}

/**
 * Removes every occurrence of an option whose value `matches`. With `dropSection`, a section that had nothing else goes
 * too, with the blank line that was written before it.
 * @throws ConfigSyntaxError
 */
export function removeOption(
  text: string,
  section: string,
  name: string,
  options: { matches?: (value: string) => boolean; dropSection?: boolean } = {},
): string {
  const file = parse(text);
  const goes = file.assignments.filter(
    (assignment) => isOption(section, name)(assignment) && (options.matches?.(assignment.value) ?? true),
  );
  const dead = new Set(goes.flatMap(({ first, last }) => range(first, last)));
  if (options.dropSection === true) {
    for (const line of emptiedHeader(file, dead, section)) dead.add(line);
  }
  return checked(
    render(file.lines.filter((_, index) => !dead.has(index))),
    file.assignments.filter((assignment) => !goes.includes(assignment)),
  );
}

/** The header of the section's last place when `dead` leaves nothing in it, and one blank line before. */
function emptiedHeader(file: Parsed, dead: ReadonlySet<number>, section: string): number[] {
  const header = file.headers.findLast((candidate) => sectionKey(candidate.section) === sectionKey(section));
  if (header === undefined) return [];
  const next = file.headers.find((candidate) => candidate.line > header.line)?.line ?? file.lines.length;
  // A blank line below belongs to the section that was appended after this one.
  const isBlank = (index: number) => strip(file.lines[index]?.text ?? '') === '';
  const rest = range(header.line + 1, next - 1).filter((index) => !dead.has(index) && !isBlank(index));
  if (rest.length > 0 || !dead.has(header.line + 1)) return [];
  return header.line > 0 && isBlank(header.line - 1) ? [header.line - 1, header.line] : [header.line];
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index);
}

/** Quotes a value that reading would otherwise change: blanks at its ends, or quotes of its own around it. */
function quote(value: string): string {
  return strip(value) !== value || unquote(value) !== value ? `"${value}"` : value;
}

function replaceValue(file: Parsed, old: Assignment, value: string): string {
  const line = file.lines[old.first]?.text ?? '';
  const [, head = '', gap = ''] = /^([^=:]*[=:])([ \t]*)/.exec(line) ?? [];
  const ends = file.lines[old.last]?.end ?? '';
  return render(
    file.lines.toSpliced(old.first, old.last - old.first + 1, {
      text: stripEnd(head + (gap || (head.endsWith(' =') ? ' ' : '')) + quote(value)),
      end: ends,
    }),
  );
}

/** Ends new lines as their neighbour ends: a foreign end could melt with the next line's into one. */
function insertAfter(file: Parsed, index: number, text: string): string {
  const end = file.lines[index]?.end || file.lines[0]?.end || '\n';
  const lines = file.lines.map((line, at) => (at === index ? { ...line, end } : line));
  return render(lines.toSpliced(index + 1, 0, { text: stripEnd(text), end }));
}

function appendSection(file: Parsed, section: string, text: string): string {
  const end = file.lines.at(-1)?.end || file.lines[0]?.end || '\n';
  const lines = file.lines.map((line) => (line.end === '' ? { ...line, end } : line));
  const gap = lines.length === 0 ? [] : [{ text: '', end }];
  return render([...lines, ...gap, { text: `[${section}]`, end }, { text: stripEnd(text), end }]);
}

function render(lines: readonly Line[]): string {
  return lines.map((line) => line.text + line.end).join('');
}

function checkNames(section: string, name: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/.test(section))
    throw new RangeError(`${JSON.stringify(section)} is no name of a section.`);
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
    throw new RangeError(`${JSON.stringify(name)} is no name of an option.`);
}

/** Reads an edited file again: it must hold what was asked for and all else as before. */
function checked(text: string, expected: readonly Assignment[]): string {
  const found = parse(text).assignments;
  const same = (a: Assignment, b: Assignment | undefined): boolean =>
    b !== undefined && a.section === b.section && a.name === b.name && a.value === b.value;
  if (found.length !== expected.length || !expected.every((assignment, index) => same(assignment, found[index]))) {
    throw new Error('An edit of a configuration file would have changed more than its option; nothing was changed.');
  }
  return text;
}
