import type { FileFacts } from '../../hosts/facts.ts';
import type { ManifestOption } from '../../hosts/manifest.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { DesiredHost, Option, Service } from '../../openstack/desired-host.ts';
import { editOptions, type OptionRecord, outgrown, undoEdits } from '../../openstack/option-edit.ts';
import { isList } from '../../openstack/option-table.ts';
import { ConfigSyntaxError } from '../../openstack/oslo-config.ts';
import { stalled } from '../hold.ts';
import { appliesTo, isRepair, isSamePlace, overriding, type Place } from './config-file.ts';
import { unitDigest } from './digest.ts';
import type { Draft } from './draft.ts';
import { guard, guardWayBack, inTheWayMs } from './guards.ts';
import type { SeenHost } from './observed.ts';
import { mayHaveRead } from './runs.ts';

/**
 * Switch: the options of `desired`, and the former values of options that are ours and no longer wanted. `desired` is
 * undefined on a host that is let go: then every option is given back.
 */
export function switchOver(draft: Draft, observed: SeenHost, desired: DesiredHost | undefined): void {
  const options = (desired?.switch.options ?? []).filter((option) => appliesTo(option, observed));
  const unwanted = draft.manifest.options.filter((record) => !options.some((option) => isSamePlace(option, record)));
  const holdsBefore = draft.holds.length;
  for (const option of options) guard(draft, observed, option);
  for (const record of unwanted) guardWayBack(draft, observed, record);
  // One option of a service without the others may be worse than none.
  if (draft.holds.length > holdsBefore) return;
  for (const file of new Set([...options, ...unwanted].map((one) => one.file))) {
    editFile(draft, observed, desired, {
      file,
      options: options.filter((option) => option.file === file),
      unwanted: unwanted.filter((record) => record.file === file),
    });
  }
  for (const option of options) shadow(draft, observed, desired?.switch.services ?? [], option);
}

function editFile(
  draft: Draft,
  observed: SeenHost,
  desired: DesiredHost | undefined,
  work: { file: string; options: readonly Option[]; unwanted: readonly ManifestOption[] },
): void {
  const { file, options, unwanted } = work;
  const seen = observed.facts.files[file];
  const forget = () => {
    draft.manifest = { ...draft.manifest, options: draft.manifest.options.filter((one) => !unwanted.includes(one)) };
  };
  if (seen?.kind !== 'file' || seen.content === undefined || seen.sha256 === undefined) {
    // Nothing of ours can still stand in a file that is gone. In one that cannot be read it may, and would outlive its key.
    if (seen?.kind === 'absent' && options.length === 0) forget();
    else draft.holds.push(unreadable(file, seen));
    return;
  }
  if (seen.parentProblem !== undefined && options.length > 0) {
    draft.holds.push(stalled('Conflict', `Cannot edit ${file}: ${seen.parentProblem}.`));
    return;
  }
  try {
    const undone = undoEdits(seen.content, unwanted.map(toRecord));
    const { content, changes } = editOptions(
      undone,
      options.map((option) => withoutOutgrown(draft, option)),
    );
    const isEdited = (option: Option) => changes.some((change) => isSamePlace(change.option, option));
    forgetOutgrown(
      draft,
      options.filter((option) => !isEdited(option)),
    );
    // Forgotten only when seen to be gone: whoever dies before the file is written finds them again.
    if (undone.equals(seen.content)) forget();
    const records = changes.map(({ option, record }) => {
      const known = draft.manifest.options.find((one) => isSamePlace(one, option));
      for (const unit of option.restarts) {
        if (mustRestart(observed, seen, option, known, unit) && desired !== undefined) {
          draft.debts.set(unit, unitDigest(desired, unit));
        }
      }
      return toManifestOption(option, record, known, isOurSection(draft, option));
    });
    draft.manifest = {
      ...draft.manifest,
      options: [
        ...draft.manifest.options.filter((one) => !records.some((record) => isSamePlace(record, one))),
        ...records,
      ],
    };
    if (content.equals(seen.content)) return;
    if (!undone.equals(seen.content)) oweForUndoing(draft, observed, file, desired);
    const { owner, group, mode } = seen;
    const about = editSentence(
      file,
      changes.map(({ option }) => option),
      undone.equals(seen.content) ? [] : unwanted,
    );
    draft.switchOver.push({
      verb: 'write-file',
      path: file,
      content,
      owner,
      group,
      mode,
      expected: seen.sha256,
      about,
    });
  } catch (error) {
    if (!(error instanceof ConfigSyntaxError)) throw error;
    draft.holds.push(stalled('Conflict', `Cannot edit ${file}: its ${error.message}; mend it by hand.`));
  }
}

function editSentence(
  file: string,
  set: readonly { section: string; name: string }[],
  givenBack: readonly { section: string; name: string }[],
): string {
  const named = (options: readonly { section: string; name: string }[]) =>
    [...Map.groupBy(options, (option) => option.section)]
      .map(
        ([section, members]) =>
          `${members
            .map((option) => option.name)
            .sort()
            .join(', ')} in [${section}]`,
      )
      .sort()
      .join(', ');
  const parts = [
    ...(set.length > 0 ? [`Set ${named(set)} of ${file}.`] : []),
    ...(givenBack.length > 0 ? [`Give back ${named(givenBack)} of ${file}.`] : []),
  ];
  return parts.join(' ');
}

const mebibyte = 2 ** 20;

function unreadable(file: string, seen: FileFacts | undefined): Hold {
  if (seen === undefined || seen.kind === 'absent') {
    return stalled('RoleNotInstalled', `Cannot edit ${file}: it does not exist; install the service.`);
  }
  const why =
    seen.kind !== 'file'
      ? 'it is no file'
      : seen.bytes > mebibyte
        ? 'it is larger than 1 MiB'
        : 'it is no UTF-8 text, has a second hard link, or was replaced while it was read';
  return stalled('Conflict', `Cannot edit ${file}: ${why}.`, inTheWayMs);
}

/** A change that we mean costs a restart; a repair of what somebody edited by hand does where it may have been read. */
function mustRestart(
  observed: SeenHost,
  seen: Extract<FileFacts, { kind: 'file' }>,
  option: Option,
  known: ManifestOption | undefined,
  unit: string,
): boolean {
  if (known === undefined || !isRepair(option, known)) return true;
  return mayHaveRead(observed, seen, unit);
}

/** Every installed service that reads the file has to let go of what was given back. */
function oweForUndoing(draft: Draft, observed: SeenHost, file: string, desired: DesiredHost | undefined): void {
  for (const [unit, files] of Object.entries(observed.readers)) {
    if (!files.includes(file) || draft.debts.has(unit)) continue;
    draft.debts.set(unit, desired === undefined ? 'given-back' : unitDigest(desired, unit));
  }
}

function toRecord(option: ManifestOption): OptionRecord {
  const { section, name, type, written, former, member, sectionMade } = option;
  return {
    section,
    name,
    // A manifest does not tell a list from a string.
    type: isList(name) ? 'list' : type,
    how: member === undefined ? 'set' : 'list-member',
    wrote: written ?? undefined,
    former: former ?? undefined,
    sectionMade,
    ...(member === undefined ? {} : { member }),
  };
}

/** Of a list, with the members of ours named that are to go. */
function withoutOutgrown(draft: Draft, option: Option): Option {
  const known = draft.manifest.options.find((one) => isSamePlace(one, option));
  const without = known === undefined ? [] : outgrown(option, toRecord(known));
  if (option.edit.how !== 'list-member' || without.length === 0) return option;
  return { ...option, edit: { ...option.edit, without } };
}

/** Members that were to go and are seen to be gone. */
function forgetOutgrown(draft: Draft, asTheyShouldBe: readonly Option[]): void {
  const options = draft.manifest.options.map((known) => {
    const option = asTheyShouldBe.find((one) => isSamePlace(one, known));
    if (option?.edit.how !== 'list-member' || outgrown(option, toRecord(known)).length === 0) return known;
    return { ...known, member: option.edit.member };
  });
  draft.manifest = { ...draft.manifest, options };
}

/** A section that an earlier edit of ours has made, to which this one adds. */
function isOurSection(draft: Draft, { file, section }: Place): boolean {
  return draft.manifest.options.some((one) => one.file === file && one.section === section && one.sectionMade);
}

/** What was there before us is remembered from our first edit on; later edits only change what we wrote. */
function toManifestOption(
  option: Option,
  record: OptionRecord,
  known: ManifestOption | undefined,
  isOurs: boolean,
): ManifestOption {
  return {
    file: option.file,
    section: option.section,
    name: option.name,
    type: option.type,
    written: record.wrote ?? null,
    former: known === undefined ? (record.former ?? null) : known.former,
    sectionMade: known === undefined ? record.sectionMade || isOurs : known.sectionMade,
    ...(record.member === undefined ? {} : { member: record.member }),
  };
}

/** A file that the service reads later and that says otherwise wins over ours; it is somebody else's to mend. */
function shadow(draft: Draft, observed: SeenHost, services: readonly Service[], option: Option): void {
  for (const { unit, file } of overriding(observed.facts, services, option)) {
    const message = `${file} sets ${option.name} in [${option.section}], which ${unit} reads after ${option.file}: remove it there.`;
    if (!draft.holds.some((hold) => hold.message === message)) draft.holds.push(stalled('OptionShadowed', message));
  }
}
