import type { FormerFile, Permissions } from '../../hosts/manifest.ts';
import type { DesiredHost } from '../../openstack/desired-host.ts';
import { stalled } from '../hold.ts';
import type { Draft } from './draft.ts';
import { inTheWayMs } from './guards.ts';
import { guestsOf } from './lay-out-secrets.ts';
import type { SeenHost } from './observed.ts';

/**
 * Takes away files and libvirt secrets of ours that none of `desired` wants any more: once the options that spoke of
 * them are gone and no unit still runs with them. A former value is given back only where ours still stands.
 * The manifest forgets a thing only when it is seen to be gone: whoever dies in between finds it again.
 */
export function giveBack(draft: Draft, observed: SeenHost, desired: readonly DesiredHost[]): void {
  const parts = desired.map((one) => one.distribute);
  const paths = new Set(parts.flatMap((part) => [...part.files, ...part.keyrings].map((file) => file.path)));
  const uuids = new Set(parts.flatMap((part) => part.libvirtSecrets.map((secret) => secret.uuid)));
  for (const path of Object.keys(draft.manifest.files)) {
    if (!paths.has(path)) giveBackFile(draft, observed, path);
  }
  for (const uuid of Object.keys(draft.manifest.libvirtSecrets)) {
    if (!uuids.has(uuid)) giveBackSecret(draft, observed, uuid);
  }
}

function giveBackFile(draft: Draft, observed: SeenHost, path: string): void {
  const ours = draft.manifest.files[path];
  const seen = observed.facts.files[path];
  if (ours === undefined) return;
  const { former } = ours;
  if (seen?.kind !== 'file' || seen.sha256 !== ours.sha256 || (former.kind === 'adopted' && !isChanged(seen, former))) {
    const { [path]: _, ...files } = draft.manifest.files;
    draft.manifest = { ...draft.manifest, files };
    return;
  }
  if (seen.parentProblem !== undefined) {
    draft.holds.push(stalled('Conflict', `Cannot remove ${path}: ${seen.parentProblem}.`));
    return;
  }
  if (former.kind === 'absent') {
    draft.giveBack.push({ verb: 'remove-file', path, expected: ours.sha256 });
  } else if (former.kind === 'content') {
    const { content, owner, group, mode } = former;
    draft.giveBack.push({ verb: 'write-file', path, content, owner, group, mode, expected: ours.sha256 });
  } else if (former.permissions !== undefined) {
    draft.giveBack.push({ verb: 'set-permissions', path, ...former.permissions });
  }
}

/** Whether a file that we adopted has another owner, group or mode than it had. */
function isChanged(seen: Permissions, { permissions }: Extract<FormerFile, { kind: 'adopted' }>): boolean {
  if (permissions === undefined) return false;
  const { owner, group, mode } = permissions;
  return seen.owner !== owner || seen.group !== group || seen.mode !== mode;
}

function giveBackSecret(draft: Draft, observed: SeenHost, uuid: string): void {
  const ours = draft.manifest.libvirtSecrets[uuid];
  if (ours === undefined) return;
  const { libvirt } = observed.facts;
  if (!ours.adopted) {
    if (libvirt !== undefined && !libvirt.reachable) {
      const why = libvirt.problem ?? 'it does not answer';
      draft.holds.push(stalled('LibvirtUnreachable', `Cannot undefine the secret ${uuid}: libvirt: ${why}.`));
      return;
    }
    const guests = guestsOf(observed, uuid, ours.usageName);
    if (guests.length > 0) {
      draft.holds.push(
        stalled(
          'GuestsUseSecret',
          `Cannot undefine libvirt's secret ${uuid}: the guests ${guests.join(', ')} use it; migrate or delete them first.`,
          inTheWayMs,
        ),
      );
      return;
    }
    if (libvirt?.secrets.some((secret) => secret.uuid === uuid) === true) {
      draft.giveBack.push({ verb: 'undefine-libvirt-secret', uuid, usageName: ours.usageName });
      return;
    }
  }
  const { [uuid]: _, ...libvirtSecrets } = draft.manifest.libvirtSecrets;
  draft.manifest = { ...draft.manifest, libvirtSecrets };
}
