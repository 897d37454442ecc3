import type { HostFacts } from '../../hosts/facts.ts';
import type { ManifestOption } from '../../hosts/manifest.ts';
import type { Option, Service } from '../../openstack/desired-host.ts';
import { glanceLayout } from '../../openstack/glance-layout.ts';
import { effectiveValue, optionHolds, sameValue } from '../../openstack/option-edit.ts';
import { ConfigSyntaxError } from '../../openstack/oslo-config.ts';
import type { Secret } from '../../secret.ts';
import type { SeenHost } from './observed.ts';

/** An option as a person finds it. */
export interface Place {
  readonly file: string;
  readonly section: string;
  readonly name: string;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.section === b.section && a.name === b.name;
}

export function contentOf(facts: Pick<HostFacts, 'files'>, file: string): Secret | undefined {
  const seen = facts.files[file];
  return seen?.kind === 'file' ? seen.content : undefined;
}

/** undefined for a file that oslo.config itself would refuse; `editFile` says so. */
export function reading<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigSyntaxError) return undefined;
    throw error;
  }
}

/** What a file says of an option; undefined where it says nothing, or cannot be read. */
export function valueIn(facts: Pick<HostFacts, 'files'>, { file, section, name }: Place): Secret | undefined {
  const content = contentOf(facts, file);
  return content === undefined ? undefined : reading(() => effectiveValue(content, section, name));
}

/** An option of one of Glance's two layouts counts only where the host's file has that layout. */
export function appliesTo(option: Option, { facts, releases }: SeenHost): boolean {
  const content = contentOf(facts, option.file);
  if (option.layout === undefined || content === undefined || releases.glance === undefined) return true;
  const { glance } = releases;
  return reading(() => glanceLayout(content, glance)) === option.layout;
}

/** Files that say otherwise and that a service reads later: each wins there over the option. */
export function overriding(
  facts: HostFacts,
  services: readonly Service[],
  option: Option,
): readonly { readonly unit: string; readonly file: string }[] {
  return services.flatMap(({ unit, configFiles }) => {
    const at = configFiles.indexOf(option.file);
    if (at < 0) return [];
    return configFiles.slice(at + 1).flatMap((file) => {
      const content = contentOf(facts, file);
      if (content === undefined || valueIn(facts, { ...option, file }) === undefined) return [];
      return reading(() => optionHolds(content, option)) === true ? [] : [{ unit, file }];
    });
  });
}

/** Whether the option stood once as it is wanted now. */
export function isRepair(option: Option, known: ManifestOption): boolean {
  switch (option.edit.how) {
    case 'set':
      return known.written !== null && sameValue(option.type, known.written.reveal(), option.edit.value);
    case 'list-member':
      return sameValue('list', known.member ?? '', option.edit.member);
    case 'list-without':
      return true;
    case 'absent':
      return known.written === null;
  }
}
