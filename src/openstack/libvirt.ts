import { createHash } from 'node:crypto';
import type { LibvirtSecret } from './desired-host.ts';
import type { Client, OpenStackModel, SecretIdentity } from './model.ts';

/** Namespace of the derived UUIDs: any fixed UUID would do, but it must never change. */
const namespace = Buffer.from('8f2b6c1d5a574cf59c8d0e4b7a1f3d62', 'hex');

/**
 * The UUID of the libvirt secret for a user of a cluster: a version 5 UUID of `<fsid>/client.<user>`, so that every
 * compute, and a rebuilt operator, comes to the same one. Not the fsid itself, which has room for one user only.
 */
export function derivedSecretUuid(fsid: string, userId: string): string {
  const hash = createHash('sha1').update(namespace).update(`${fsid.toLowerCase()}/client.${userId}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The secrets that every compute holds: of each back end's user, with which volumes attach since ocata, and of Nova's own.
 * A user's first UUID has the guide's usage name; libvirt takes a usage name once, so further ones bear their UUID in it.
 */
export function libvirtSecrets(model: OpenStackModel): readonly LibvirtSecret[] {
  const backends = model.cinder?.backends ?? [];
  // Users of two clusters may share a name; that of the cluster which all use has the guide's. What Nova has beside the
  // back end whose user it shares comes second, so that it may be given later.
  const wanted: readonly { readonly client: Client; readonly libvirtSecret: SecretIdentity }[] = [
    ...backends.filter(({ conf }) => conf === undefined),
    ...(model.nova === undefined ? [] : [model.nova]),
    ...backends.filter(({ conf }) => conf !== undefined),
  ];
  const secrets = new Map<string, LibvirtSecret>();
  const named = new Set<string>();
  for (const { client, libvirtSecret } of wanted) {
    const { userId, secretName, fingerprint } = client;
    for (const uuid of [libvirtSecret.uuid, ...libvirtSecret.keep]) {
      if (secrets.has(uuid)) continue;
      const entity = `client.${userId}`;
      const usageName = named.has(entity) ? `${entity} secret ${uuid}` : `${entity} secret`;
      named.add(entity);
      secrets.set(uuid, { uuid, usageName, entity, secretName, fingerprint });
    }
  }
  return [...secrets.values()].sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
}
