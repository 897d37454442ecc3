import { Secret } from '../secret.ts';
import type { Option, OptionEdit } from './desired-host.ts';
import { hasSection, readValues, removeOption, setOption } from './oslo-config.ts';

/*
 * Options against the content of a service's file. The content holds passwords, so it is a Secret on both sides, and so
 * is every value found there.
 */

/** What an edit did to one option: enough to take it back. A host's manifest keeps it, by file, section and name. */
export interface OptionRecord {
  readonly section: string;
  readonly name: string;
  readonly type: Option['type'];
  readonly how: Option['edit']['how'];
  /** The effective value after the edit; undefined: none. */
  readonly wrote: Secret | undefined;
  /** The effective value before it; undefined: it was not set. */
  readonly former: Secret | undefined;
  /** Of a list: the member that the edit put in; several with commas between. */
  readonly member?: string;
  /** The file had no such section. */
  readonly sectionMade: boolean;
}

/** The value of a single-valued option: the last one written. @throws ConfigSyntaxError */
export function effectiveValue(content: Secret, section: string, name: string): Secret | undefined {
  const value = readValues(content.reveal(), section, name).at(-1);
  return value === undefined ? undefined : new Secret(value);
}

/** Whether the file says what the option wants, in whatever spelling. @throws ConfigSyntaxError */
export function optionHolds(content: Secret, option: Option): boolean {
  const value = readValues(content.reveal(), option.section, option.name).at(-1);
  return holds(value, option);
}

/**
 * Edits what does not hold yet; options that hold are left in their own spelling. Gives the new content, and a record
 * for each option that was changed.
 * @throws ConfigSyntaxError
 */
export function editOptions(
  content: Secret,
  options: readonly Option[],
): { content: Secret; changes: readonly { option: Option; record: OptionRecord }[] } {
  const before = content.reveal();
  let text = before;
  const changes: { option: Option; record: OptionRecord }[] = [];
  for (const option of options) {
    const { section, name, type, edit } = option;
    const former = readValues(text, section, name).at(-1);
    if (holds(former, option)) continue;
    // Of each of a new section's options, so that whichever goes last takes the section with it.
    const sectionMade = !hasSection(before, section);
    const wanted = wantedValue(former, option);
    text = wanted === undefined ? removeOption(text, section, name) : setOption(text, section, name, wanted);
    const record: OptionRecord = {
      section,
      name,
      type,
      how: edit.how,
      wrote: secret(wanted),
      former: secret(former),
      sectionMade,
      // Who dies before the file is written still knows whose they are.
      ...(edit.how === 'list-member' ? { member: [edit.member, ...(edit.without ?? [])].join(',') } : {}),
    };
    changes.push({ option, record });
  }
  return { content: new Secret(text), changes };
}

/**
 * Gives back what the records found, latest first, where ours still stands; an option that somebody has changed since
 * is theirs and stays.
 * @throws ConfigSyntaxError
 */
export function undoEdits(content: Secret, records: readonly OptionRecord[]): Secret {
  return new Secret(records.toReversed().reduce(undo, content.reveal()));
}

function undo(text: string, record: OptionRecord): string {
  const { section, name, type, member } = record;
  const value = readValues(text, section, name).at(-1);
  const wrote = record.wrote?.reveal();
  const former = record.former?.reveal();
  const ours = value === undefined || wrote === undefined ? value === wrote : sameValue(type, value, wrote);
  if (ours) {
    if (former !== undefined) return setOption(text, section, name, oneLine(former));
    const matches = (found: string): boolean => wrote !== undefined && sameValue(type, found, wrote);
    return removeOption(text, section, name, { matches, dropSection: record.sectionMade });
  }
  if (member === undefined || value === undefined) return text;
  const before = members(former ?? '', ',');
  const put = members(member, ',').filter((candidate) => !before.includes(candidate));
  const rest = members(value, ',').filter((candidate) => !put.includes(candidate));
  if (rest.length === members(value, ',').length) return text;
  return rest.length === 0 ? removeOption(text, section, name) : setOption(text, section, name, listText(rest, value));
}

/** Members of a list that an edit of before put in, and that are no longer wanted there; what was there before it stays. */
export function outgrown({ edit }: Option, put: Pick<OptionRecord, 'member' | 'former'>): readonly string[] {
  if (edit.how !== 'list-member' || put.member === undefined) return [];
  const stay = [...members(edit.member, ','), ...members(put.former?.reveal() ?? '', ',')];
  return members(put.member, ',').filter((member) => !stay.includes(member));
}

function holds(value: string | undefined, option: Option): boolean {
  const { edit, type } = option;
  switch (edit.how) {
    case 'set':
      return value === undefined ? edit.leave === 'unset' : edit.leave === 'set' || sameValue(type, value, edit.value);
    case 'list-member': {
      const list = members(value ?? '', ',');
      const wanted = members(edit.member, ',');
      return wanted.every((member) => list.includes(member)) && !list.some((member) => isReplaced(member, edit));
    }
    case 'list-without':
      return !members(value ?? '', edit.separator).some((member) => edit.members.includes(member));
    case 'absent':
      return value === undefined;
  }
}

function wantedValue(value: string | undefined, { edit }: Option): string | undefined {
  switch (edit.how) {
    case 'set':
      return edit.value;
    case 'list-member': {
      const list = value === undefined ? edit.whenUnset : members(value, ',');
      const kept = list.filter((member) => !isReplaced(member, edit));
      const added = members(edit.member, ',').filter((member) => !kept.includes(member));
      // Appended to the text as it stands where nothing goes, so that blanks between members stay.
      const asItStands = value !== undefined && kept.length === list.length && kept.length > 0 && !/[\n[]/.test(value);
      return listText([...(asItStands ? [value.replace(/[,\s]+$/, '')] : kept), ...added], edit.brackets ? '[]' : '');
    }
    case 'list-without': {
      const kept = members(value ?? '', edit.separator).filter((member) => !edit.members.includes(member));
      return kept.length === 0 ? undefined : kept.join(edit.separator);
    }
    case 'absent':
      return undefined;
  }
}

function isReplaced(member: string, edit: Extract<OptionEdit, { how: 'list-member' }>): boolean {
  if (edit.without?.includes(member)) return true;
  const prefixes = members(edit.replaces ?? '', ',');
  return prefixes.some((prefix) => member.startsWith(prefix)) && !members(edit.member, ',').includes(member);
}

/** Of a list in brackets its members may stand in quotes. */
function members(value: string, separator: string): string[] {
  const inside = /^\s*\[(.*)\]\s*$/s.exec(value)?.[1];
  return (inside ?? value)
    .split(separator)
    .map((member) => (inside === undefined ? member.trim() : member.trim().replace(/^(['"])(.*)\1$/, '$2')))
    .filter((member) => member !== '');
}

/** A comma list as text that compares. */
function inNoOrder(list: string): string {
  return [...new Set(members(list, ','))].sort().join(',');
}

/** What an option has a service read, as plain JSON that compares; of lists not their order. */
export function readBy({ file, section, name, layout, edit, type }: Option): unknown {
  if (edit.how === 'list-member') {
    const { member, replaces = '' } = edit;
    const lists = { member: inNoOrder(member), replaces: inNoOrder(replaces) };
    return { file, section, name, layout, edit: { ...edit, ...lists } };
  }
  const value = edit.how === 'set' && type === 'list' ? { value: inNoOrder(edit.value) } : {};
  return { file, section, name, layout, edit: { ...edit, ...value } };
}

/** In brackets where `like` is. */
function listText(list: readonly string[], like: string): string {
  return like.trimStart().startsWith('[') ? `[${list.join(',')}]` : list.join(',');
}

/** A value that was continued over lines comes back as one line; oslo.config reads lists alike. */
function oneLine(value: string): string {
  return value.replaceAll('\n', ' ');
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'on', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'off', 'no'].map((word) => [word, false] as const),
]);

/** Whether two values of an option mean the same, as oslo.config's types read them. */
export function sameValue(type: Option['type'], a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [a.trim().toLowerCase(), b.trim().toLowerCase()];
  if (type === 'boolean') return truths.has(left) && truths.get(left) === truths.get(right);
  if (type === 'integer') return /^-?\d+$/.test(left) && /^-?\d+$/.test(right) && BigInt(left) === BigInt(right);
  if (type === 'list') return inNoOrder(a) === inNoOrder(b);
  return false;
}

function secret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}
