import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { FileFacts } from '../../hosts/facts.ts';
import type { ManifestOption } from '../../hosts/manifest.ts';
import type { DesiredHost, LibvirtSecret, Option, OptionEdit } from '../../openstack/desired-host.ts';
import { effectiveValue, optionHolds, sameValue } from '../../openstack/option-edit.ts';
import { Secret } from '../../secret.ts';
import { appliesTo, contentOf, isSamePlace, reading } from './config-file.ts';
import { unitDigest } from './digest.ts';
import type { Draft } from './draft.ts';
import type { SeenHost } from './observed.ts';
import { secondsUp } from './runs.ts';

/** Told of the step that writes the new manifest. */
export const recordAgain = 'Record again what is on the host: its manifest was lost.';

/**
 * Takes up again what stands on a host that was laid out and has no manifest any more. What says to the letter what we
 * write is ours; what was there before us is not known any more, so that giving back means taking away. A machine that
 * was made anew has none of it and is laid out as any other.
 */
export function recoverManifest(
  draft: Draft,
  host: CephOpenStackHost,
  observed: SeenHost,
  layers: readonly DesiredHost[],
  switched: DesiredHost | undefined,
): void {
  if (observed.facts.manifest.state !== 'absent' || !wasLaidOut(host)) return;
  const parts = layers.map((one) => one.distribute);
  const secrets = parts.flatMap((part) => part.libvirtSecrets);
  const paths = parts.flatMap((part) => [...part.files, ...part.keyrings]).map((file) => file.path);
  const options = (switched?.switch.options ?? []).flatMap((option) => recoverOption(observed, option));
  draft.manifest = {
    ...draft.manifest,
    files: Object.fromEntries(layers.flatMap((one) => recoverFiles(observed, one))),
    libvirtSecrets: Object.fromEntries(secrets.flatMap((secret) => recoverSecret(observed, secret))),
    options: options.filter((option, index) => options.findIndex((other) => isSamePlace(option, other)) === index),
  };
  const { files, libvirt } = observed.facts;
  const stands =
    paths.some((path) => files[path] !== undefined && files[path].kind !== 'absent') ||
    secrets.some(({ uuid }) => libvirt?.secrets.some((seen) => seen.uuid === uuid) === true);
  if (stands || options.length > 0) draft.manifestLost = true;
  if (switched !== undefined && host.status?.switched !== observed.current?.name)
    oweRestarts(draft, observed, switched);
}

/**
 * By its last status, as long as that speaks of the same machine. Runs are remembered of services that were switched,
 * also while access is not proved or something is in the way.
 */
function wasLaidOut({ spec, status }: CephOpenStackHost): boolean {
  const { distributed, switched, runs, facts } = status ?? {};
  const isSameMachine = facts?.address === undefined || facts.address === spec.address;
  return isSameMachine && [distributed, switched, runs].some((one) => one !== undefined);
}

function recoverFiles({ facts, keys }: SeenHost, { distribute }: DesiredHost) {
  const wanted = [
    ...distribute.files.map(({ path, content }) => ({ path, content: new Secret(content) })),
    ...distribute.keyrings.map(({ path, secretName }) => ({ path, content: keys.get(secretName)?.keyring })),
  ];
  return wanted.flatMap(({ path, content }) => {
    const seen = facts.files[path];
    if (content === undefined || !isFile(seen) || seen.sha256 === undefined) return [];
    if (seen.content?.equals(content) !== true) return [];
    return [[path, { sha256: seen.sha256, former: { kind: 'absent' } }] as const];
  });
}

function isFile(seen: FileFacts | undefined): seen is Extract<FileFacts, { kind: 'file' }> {
  return seen?.kind === 'file';
}

function recoverSecret({ facts }: SeenHost, { uuid, usageName, fingerprint }: LibvirtSecret) {
  const seen = facts.libvirt?.secrets.find((secret) => secret.uuid === uuid);
  if (seen === undefined || seen.usageName !== usageName || seen.fingerprint !== fingerprint) return [];
  return seen.ephemeral || seen.private ? [] : [[uuid, { usageName, adopted: false }] as const];
}

function recoverOption(observed: SeenHost, option: Option): readonly ManifestOption[] {
  const content = contentOf(observed.facts, option.file);
  if (content === undefined || !appliesTo(option, observed)) return [];
  const { file, section, name, type, edit } = option;
  const written = reading(() => effectiveValue(content, section, name));
  if (written === undefined || reading(() => optionHolds(content, option)) !== true) return [];
  const record = { file, section, name, type, written, sectionMade: section !== 'DEFAULT' };
  switch (edit.how) {
    case 'set':
      return sameValue(type, written.reveal(), edit.value) ? [{ ...record, former: null }] : [];
    case 'list-member':
      return [{ ...record, member: edit.member, former: withoutMember(written, edit) }];
    case 'list-without':
    case 'absent':
      // What was taken out is not known any more, and nothing of ours stands there.
      return [];
  }
}

/** Other members stay when ours goes; beside ours alone, or beside its defaults, nothing was set. */
function withoutMember(value: Secret, edit: Extract<OptionEdit, { how: 'list-member' }>): Secret | null {
  const ours = edit.member.split(',');
  const rest = value
    .reveal()
    .replaceAll(/[[\]'"]/g, '')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '' && !ours.includes(member));
  return rest.join(',') === edit.whenUnset.join(',') || rest.length === 0 ? null : new Secret(rest.join(','));
}

/** Restarts that were owed are forgotten with the manifest: a unit owes one that is older than what it should have read. */
function oweRestarts(draft: Draft, observed: SeenHost, switched: DesiredHost): void {
  for (const { file, section, name } of draft.manifest.options) {
    const seen = observed.facts.files[file];
    const option = switched.switch.options.find((one) => isSamePlace(one, { file, section, name }));
    for (const unit of option?.restarts ?? []) {
      const age = secondsUp(observed.facts, unit);
      if (isFile(seen) && age !== undefined && age + 1 >= seen.ageSeconds) {
        draft.debts.set(unit, unitDigest(switched, unit));
      }
    }
  }
}
