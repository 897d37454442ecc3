import { clientConf, renderKeyring } from '../../ceph/conf.ts';
import type { User } from '../../ceph/users.ts';
import { Secret } from '../../secret.ts';
import type { SecretData } from '../secrets.ts';
import type { ClientConnectionFacts } from './observed.ts';

/** What the Secret of a user holds: all that a client needs to log in. */
export function renderKeptSecret(user: User, cluster: ClientConnectionFacts): SecretData {
  return {
    userID: new Secret(user.entity.replace(/^client\./, '')),
    userKey: user.key,
    keyring: renderKeyring(user.entity, user.key),
    'ceph.conf': new Secret(clientConf(cluster)),
    fsid: new Secret(cluster.fsid),
    monHost: new Secret(cluster.monHost),
  };
}

/** Tells one content from another, without saying what it is. */
export function contentFingerprint(data: SecretData): string {
  const lines = Object.entries(data).map(([name, value]) => `${name} ${value.fingerprint()}`);
  return new Secret(lines.sort().join('\n')).fingerprint();
}

/** Whether the Secret says all that it should; what somebody has added to it is left alone. */
export function holdsAll(data: SecretData, wanted: SecretData): boolean {
  return Object.entries(wanted).every(([name, value]) => data[name]?.equals(value) === true);
}
