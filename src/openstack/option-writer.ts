import type { Option, OptionEdit } from './desired-host.ts';
import { type OptionOf, placesOf, type TableService } from './option-table.ts';
import type { Release } from './releases.ts';

/** Collects the options of one service in one file, each where the release reads it. */
export interface OptionWriter<S extends TableService> {
  /**
   * Writes an option in the first of `sections` where the release knows it (none given: the only place it has); a release
   * that does not know it is passed over. `section` takes the place of `<backend>` or `<store>`.
   */
  write(option: OptionOf<S>, edit: OptionEdit | string | number | boolean | undefined, details?: Details): void;
  readonly options: readonly Option[];
}

export interface Details {
  /** The section to write, where the table says `<backend>` or `<store>`; or one of the table's own to choose it. */
  readonly section?: string;
  readonly layout?: Option['layout'];
  readonly guard?: Option['guard'];
}

export function optionWriter<S extends TableService>(
  service: S,
  release: Release,
  file: string,
  unit: string,
): OptionWriter<S> {
  const options: Option[] = [];
  return {
    options,
    write(option, wanted, details = {}) {
      if (wanted === undefined) return;
      const places = placesOf(service, option, release);
      const { section } = details;
      const place =
        section === undefined
          ? places[0]
          : (places.find((candidate) => candidate.section === section) ??
            places.find((candidate) => candidate.section.startsWith('<')));
      if (place === undefined) return;
      const edit: OptionEdit = typeof wanted === 'object' ? wanted : { how: 'set', value: String(wanted) };
      options.push({
        file,
        section: place.section.startsWith('<') && section !== undefined ? section : place.section,
        name: place.name,
        edit,
        type: place.type,
        restarts: [unit],
        ...(details.layout === undefined ? {} : { layout: details.layout }),
        ...(details.guard === undefined ? {} : { guard: details.guard }),
      });
    },
  };
}

export function listMember(
  member: string,
  whenUnset: readonly string[] = [],
): Extract<OptionEdit, { how: 'list-member' }> {
  return { how: 'list-member', member, whenUnset };
}
