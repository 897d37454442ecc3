import type { ManifestOption } from '../../hosts/manifest.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { effectiveValue, optionHolds } from '../../openstack/option-edit.ts';
import { plural } from '../../plural.ts';
import type { Secret } from '../../secret.ts';
import { passing, stalled } from '../hold.ts';
import { contentOf, isRepair, isSamePlace, reading } from './config-file.ts';
import type { Draft } from './draft.ts';
import { imageDangers } from './image-guard.ts';
import { guestsOf } from './lay-out-secrets.ts';
import type { SeenHost } from './observed.ts';

/** How soon to look whether what is in the way has gone: who sends guests and volumes away tells nobody. */
export const inTheWayMs = 30_000;

/** The dangers that an option's change would bring; a repair of what already stood is none. */
export function guard(draft: Draft, observed: SeenHost, option: Option): void {
  const content = contentOf(observed.facts, option.file);
  if (option.guard === undefined || content === undefined) return;
  if (reading(() => optionHolds(content, option)) !== false) return;
  const known = draft.manifest.options.find((one) => isSamePlace(one, option));
  if (known !== undefined && isRepair(option, known)) return;
  if (option.guard === 'ImagesWouldBeOrphaned') {
    const dangers = imageDangers(observed.facts, content, option);
    draft.holds.push(...dangers.map(({ reason, message }) => stalled(reason, message, inTheWayMs)));
  }
  const { localInstances } = observed.facts;
  if (option.guard === 'InstancesOnLocalDisk' && localInstances > 0) {
    draft.holds.push(
      stalled(
        'InstancesOnLocalDisk',
        `The disks of ${plural(localInstances, 'instance')} are on this host, and ${option.name} in ${option.file} would strand them: migrate or delete these instances first.`,
        inTheWayMs,
      ),
    );
  }
  if (option.guard === 'VolumesWouldBeOrphaned' && ownsVolumes(content, option)) {
    const change = `changing ${option.name} in [${option.section}] of ${option.file}`;
    const mend =
      option.name === 'cluster'
        ? 'keep it, or rename it with cinder-manage cluster rename and write the new name there yourself'
        : "keep the back end's section and name, or move them with cinder-manage volume update_host";
    draft.holds.push(...volumesInTheWay(observed, change, mend));
  }
}

/** Giving an option back strands as much as setting it: disks in Ceph without images_type, volumes without back end. */
export function guardWayBack(draft: Draft, observed: SeenHost, { file, section, name }: ManifestOption): void {
  const guests = Object.entries(draft.manifest.libvirtSecrets).flatMap(([uuid, { usageName }]) =>
    guestsOf(observed, uuid, usageName),
  );
  if (name.endsWith('images_type') && guests.length > 0) {
    const named = [...new Set(guests)].sort().join(', ');
    draft.holds.push(
      stalled(
        'GuestsUseSecret',
        `Giving back ${name} in ${file} would strand the guests ${named}, which have disks in Ceph: migrate or delete them first.`,
        inTheWayMs,
      ),
    );
  }
  if (file.endsWith('/cinder.conf') && isVolumeHost(section, name)) {
    const mend =
      name === 'cluster'
        ? 'keep it in extraConfig, or take the host off with hostRemoval: Retain'
        : 'move them with cinder-manage volume update_host and delete what is left, or take the host off with hostRemoval: Retain';
    draft.holds.push(...volumesInTheWay(observed, `giving back ${name} in ${file}`, mend));
  }
}

/** What nobody has counted may be there: a pool tells no images while its OSDs are silent. */
function volumesInTheWay({ volumes }: SeenHost, change: string, mend: string): readonly Hold[] {
  if (volumes.images > 0) {
    const message = `There are volumes in Ceph (${volumes.images} or more), and ${change} would orphan those of this host: ${mend}.`;
    return [stalled('VolumesWouldBeOrphaned', message, inTheWayMs)];
  }
  if (volumes.uncounted.length === 0) return [];
  const pools = volumes.uncounted.map((name) => `RbdPool "${name}"`).join(' and ');
  const message = `Waiting to hear how many images there are in ${pools}, for ${change} might orphan volumes of this host: see what the conditions there say.`;
  return [passing('WaitingForPool', message, inTheWayMs)];
}

/** What makes up the host, or the cluster, by which volumes know their service. */
function isVolumeHost(section: string, name: string): boolean {
  return name === 'backend_host' || (section === 'DEFAULT' && ['enabled_backends', 'host', 'cluster'].includes(name));
}

/** Whether a back end of this host may already have volumes in Ceph, and would get another host by the option. */
function ownsVolumes(content: Secret, { section, name }: Option): boolean {
  const isOnCeph = (backend: string) =>
    effectiveValue(content, backend, 'volume_driver')?.reveal().includes('rbd') === true;
  // Unset, it is the one of [DEFAULT].
  if (name === 'backend_host') return isOnCeph(section);
  const enabled = effectiveValue(content, 'DEFAULT', 'enabled_backends')?.reveal();
  // What a host has when it joins its first cluster, Cinder takes along; into another one it does not.
  if (name === 'cluster' && effectiveValue(content, 'DEFAULT', name) === undefined) return false;
  if (name === 'enabled_backends') return enabled === undefined && isOnCeph('DEFAULT');
  // Unset, it is the machine's own name.
  return (enabled?.split(',') ?? ['DEFAULT']).some((backend) => isOnCeph(backend.trim()));
}
