import type { HostFacts } from '../../hosts/facts.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { effectiveValue } from '../../openstack/option-edit.ts';
import type { Secret } from '../../secret.ts';

/** Where Glance keeps images that are in no other store, unless its configuration says otherwise. */
export const imageDirectory = '/var/lib/glance/images';

interface Danger {
  readonly reason: 'Conflict' | 'ImagesWouldBeOrphaned';
  readonly message: string;
}

/**
 * What `enabled_backends` would hide. Glance finds an image by the pool or directory in its location, under whatever
 * name a store has that; what it read by the layout of one store counts no more, `file` of the defaults included.
 */
export function imageDangers(facts: HostFacts, content: Secret, { file, edit }: Option): readonly Danger[] {
  if (edit.how !== 'list-member') return [];
  const list = (section: string, name: string) => effectiveValue(content, section, name)?.reveal();
  const enabled = list('DEFAULT', 'enabled_backends');
  if (enabled !== undefined) {
    const ours = members(edit.member).map(nameOf);
    const taken = members(enabled).filter((one) => ours.includes(nameOf(one)) && !members(edit.member).includes(one));
    return taken.map((one) => ({
      reason: 'Conflict',
      message: `${file} has a store "${one}" in enabled_backends: give the binding's store "${nameOf(one)}" another name.`,
    }));
  }
  const kinds = members(list('glance_store', 'stores') ?? 'file,http');
  const lost = kinds.flatMap((kind) => {
    if (['rbd', 'http', 'https'].includes(kind)) return [];
    if (kind !== 'file') return [{ kind, what: `what the store "${kind}" holds` }];
    return facts.localImages > 0
      ? [{ kind, what: `the images in files in ${imageDirectory} (${facts.localImages})` }]
      : [];
  });
  if (lost.length === 0) return [];
  const keeping = lost.map(({ kind }) => `${kind}:${kind}`).join(',');
  return [
    {
      reason: 'ImagesWouldBeOrphaned',
      message: `Naming stores in enabled_backends of ${file} would hide ${lost.map(({ what }) => what).join(' and ')} from Glance: write enabled_backends = ${keeping} into its [DEFAULT], with the options of each in a section of its name, or move these images away.`,
    },
  ];
}

function members(value: string): readonly string[] {
  return value
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** `fast` of `fast:rbd`. */
function nameOf(store: string): string {
  return (store.split(':')[0] ?? '').trim();
}
