/** A key of a Secret that a person writes. */
export interface SecretKey {
  readonly key: string;
  readonly needed: string;
  readonly says: string;
}

const policy: SecretKey = {
  key: 'policy',
  needed: '',
  says: 'What authors of objects may ask for, as YAML: see `deploy/examples/policy.yaml`. Left out: entities client.glance*, client.cinder* and client.nova*, every pool, host and role; no raw caps, no take-over, no deletion of pools.',
};

/** Of the Secret that `spec.cluster` names. The first four go before what `ceph.conf` and `keyring` say. */
export const connectionSecretKeys: readonly SecretKey[] = [
  {
    key: 'monHost',
    needed: 'unless in `ceph.conf`',
    says: 'Where the monitors answer: `10.0.0.1,10.0.0.2` or `[v2:10.0.0.1:3300,v1:10.0.0.1:6789]`.',
  },
  { key: 'fsid', needed: 'unless in `ceph.conf`', says: 'The cluster that must be there: what `ceph fsid` prints.' },
  {
    key: 'userID',
    needed: 'unless `keyring` has one user',
    says: "The operator's own user, with or without `client.`: `openstack-operator`.",
  },
  { key: 'userKey', needed: 'unless in `keyring`', says: 'Its key, as `ceph auth print-key` prints it.' },
  { key: 'ceph.conf', needed: '', says: "A client's `ceph.conf`, of which `mon_host` and `fsid` are read." },
  { key: 'keyring', needed: '', says: "A keyring with the user's key, as `ceph auth get` prints it." },
  policy,
];

/** Of the Secret that `spec.verification.openStack` names. */
export const openStackSecretKeys: readonly SecretKey[] = [
  {
    key: 'clouds.yaml',
    needed: 'or the variables',
    says: 'As the OpenStack client reads it: `auth_url` of version 3 with user and password, or with an application credential; `region_name`, `interface`. Its user must be allowed to list services, as an admin is.',
  },
  { key: 'cloud', needed: 'of several clouds', says: 'Which cloud of `clouds.yaml` it is.' },
  {
    key: 'OS_AUTH_URL, OS_USERNAME, …',
    needed: 'or `clouds.yaml`',
    says: 'The variables of an openrc file, each as a key of its own.',
  },
  {
    key: 'cacert',
    needed: '',
    says: 'Certificates in PEM to trust. There is no way not to verify.',
  },
];

/** Of the Secret that `spec.ssh` names. */
export const sshSecretKeys: readonly SecretKey[] = [
  {
    key: 'ssh-privatekey',
    needed: '*required*',
    says: "A private key without a passphrase; its public half stands in the user's `authorized_keys` on every host.",
  },
  {
    key: 'known_hosts',
    needed: 'unless each host has `hostKeyFingerprint`',
    says: "The hosts' keys, as `ssh-keyscan` prints them; hashed names, `[name]:port` and `@revoked` are understood, certificates are not.",
  },
  {
    key: 'user',
    needed: '',
    says: 'Who logs in: root, or somebody who becomes root by `sudo` without a password. Default: root.',
  },
  { key: 'port', needed: '', says: 'The port of hosts that name none. Default: 22.' },
  {
    key: 'jump',
    needed: '',
    says: 'A host to go through: `[user@]host[:port]`; its key must be known like those of the others.',
  },
  policy,
];
