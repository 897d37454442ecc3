import type { HostFacts } from '../../hosts/facts.ts';
import type { ManifestOption } from '../../hosts/manifest.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { sameValue } from '../../openstack/option-edit.ts';
import { ConfigSyntaxError } from '../../openstack/oslo-config.ts';
import type { Secret } from '../../secret.ts';

/** An option as a person finds it. */
export interface Place {
  readonly file: string;
  readonly section: string;
  readonly name: string;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.section === b.section && a.name === b.name;
}

export function contentOf(facts: HostFacts, file: string): Secret | undefined {
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

/** Whether the option stood once as it is wanted now. */
export function isRepair(option: Option, known: ManifestOption): boolean {
  switch (option.edit.how) {
    case 'set':
      return known.written !== null && sameValue(option.type, known.written.reveal(), option.edit.value);
    case 'list-member':
      return known.member === option.edit.member;
    case 'list-without':
      return true;
    case 'absent':
      return known.written === null;
  }
}
