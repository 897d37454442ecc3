import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { LibvirtSecret } from '../../openstack/desired-host.ts';
import { passing, stalled } from '../hold.ts';
import { keyClause } from './as-planned.ts';
import type { Draft, PlannedStep } from './draft.ts';
import type { ClientKey, SeenHost } from './observed.ts';

/** The key of a revision's entity; a hold when the Secret has another one, for which a new revision is on its way. */
export function keyFor(
  draft: Draft,
  wanted: { readonly entity: string; readonly secretName: string; readonly fingerprint: string },
  keys: ReadonlyMap<string, ClientKey>,
): ClientKey | undefined {
  const client = keys.get(wanted.secretName);
  if (client !== undefined && (client.foretold ?? client.key.fingerprint()) === wanted.fingerprint) return client;
  const hold = passing(
    'WaitingForClient',
    `Waiting for the key of ${wanted.entity} that the revision speaks of in Secret "${wanted.secretName}".`,
  );
  if (!draft.holds.some((other) => other.message === hold.message)) draft.holds.push(hold);
  return undefined;
}

export function layOutSecret(draft: Draft, host: CephOpenStackHost, observed: SeenHost, wanted: LibvirtSecret): void {
  const { libvirt } = observed.facts;
  if (libvirt === undefined || !libvirt.reachable) {
    const why = libvirt?.problem ?? 'virsh is not installed';
    draft.holds.push(passing('LibvirtUnreachable', `Cannot define the secret of ${wanted.entity}: libvirt: ${why}.`));
    return;
  }
  const client = keyFor(draft, wanted, observed.keys);
  if (client === undefined) return;
  const { uuid, usageName } = wanted;
  const ours = draft.manifest.libvirtSecrets[uuid];
  const keep = (adopted: boolean, name: string) => {
    if (ours !== undefined) return;
    draft.manifest = {
      ...draft.manifest,
      libvirtSecrets: { ...draft.manifest.libvirtSecrets, [uuid]: { usageName: name, adopted } },
    };
  };
  const clause = keyClause(wanted.entity, client);
  const setValue: PlannedStep = {
    ...{ verb: 'set-libvirt-secret-value', uuid, value: client.key },
    ...(clause === undefined ? {} : { about: `Set the value of libvirt's secret ${uuid} to ${clause}.` }),
  };
  const seen = libvirt.secrets.find((secret) => secret.uuid === uuid);
  if (seen === undefined) {
    const rival = libvirt.secrets.find((secret) => secret.usageType === 'ceph' && secret.usageName === usageName);
    if (rival !== undefined) {
      draft.holds.push(
        stalled(
          'AlreadyExists',
          `libvirt has the secret "${usageName}" under the UUID ${rival.uuid}: set libvirtSecret.uuid to it, or undefine it.`,
        ),
      );
      return;
    }
    draft.layOut.push({ verb: 'define-libvirt-secret', uuid, usageName }, setValue);
    keep(false, usageName);
    return;
  }
  const isFleeting = seen.ephemeral && seen.usageType === 'ceph';
  if (seen.fingerprint === wanted.fingerprint) {
    if (isFleeting && ours === undefined && host.spec.adoption === 'Never') {
      draft.holds.push(
        stalled(
          'AlreadyExists',
          `libvirt's secret ${uuid} exists and is ephemeral, so that it goes when libvirt restarts: set adoption: IfUnowned to have it kept, or undefine it.`,
        ),
      );
      return;
    }
    // Defined anew, it keeps its value.
    if (isFleeting) draft.layOut.push({ verb: 'define-libvirt-secret', uuid, usageName: seen.usageName });
    keep(true, seen.usageName);
    return;
  }
  // A secret that was defined and never got its value is one of ours, cut off in between.
  if (seen.private) {
    const message = `libvirt's secret ${uuid} is private, so nobody can tell what key it holds: undefine it, or give the binding another libvirtSecret.uuid.`;
    draft.holds.push(stalled('Conflict', message));
    return;
  }
  if (ours === undefined && seen.fingerprint !== undefined) {
    const users = guestsOf(observed, uuid, seen.usageName);
    if (users.length > 0) {
      draft.holds.push(
        stalled(
          'GuestsUseSecret',
          `libvirt's secret ${uuid} holds another key than ${wanted.entity}'s and is used by the guests ${users.join(', ')}: give the binding another libvirtSecret.uuid.`,
        ),
      );
      return;
    }
    if (host.spec.adoption === 'Never') {
      draft.holds.push(
        stalled(
          'AlreadyExists',
          `libvirt's secret ${uuid} exists with another value: set adoption: IfUnowned to have it set, or undefine it.`,
        ),
      );
      return;
    }
  }
  keep(true, seen.usageName);
  if (isFleeting) draft.layOut.push({ verb: 'define-libvirt-secret', uuid, usageName: seen.usageName });
  draft.layOut.push(setValue);
}

/** The guests, running or defined, that name a secret by UUID or usage name; sorted. */
export function guestsOf(observed: SeenHost, uuid: string, usageName: string): readonly string[] {
  const uses = observed.facts.libvirt?.uses ?? [];
  return [
    ...new Set(uses.filter((use) => use.secretUUID === uuid || use.secretUsage === usageName).map((use) => use.guest)),
  ].sort();
}
