import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';
import { type CephConf, ConfError, parseCephConf, parseKeyring } from './conf.ts';
import { keyTypeOf } from './key.ts';
import { parseMonHost } from './mon-host.ts';

/** How one user reaches one cluster. */
export interface Connection {
  /** The monitors, in the one form of `parseMonHost`. */
  readonly monHost: string;
  /** The operator's own user: `client.openstack-operator`. */
  readonly entity: string;
  readonly key: Secret;
  /** The cluster that must be behind the address. */
  readonly fsid: string;
}

const fsidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The connection that a Secret describes, by `monHost`, `userID`, `userKey` and `fsid`, or by `ceph.conf` and
 * `keyring`; a key of the first form wins. `name` is the Secret's, for sentences.
 * Throws Invalid (`ConnectionInvalid`).
 */
export function parseConnection(name: string, data: Readonly<Record<string, Secret>>): Connection {
  const refuse = (fault: string) => new Invalid('ConnectionInvalid', `The connection Secret "${name}" ${fault}.`);
  const conf = readConf(data['ceph.conf'], refuse);
  const keys = readKeyring(data.keyring, refuse);
  const option = (option: string) => conf.get('client')?.get(option) ?? conf.get('global')?.get(option);

  const monHostText = plain(data.monHost) ?? option('mon_host');
  if (monHostText === undefined) throw refuse('has no monHost; write the addresses of the monitors');
  const monHost = parseMonHost(monHostText);
  if (monHost === undefined) {
    throw refuse('has a monHost that cannot be read; write addresses like 10.0.0.1,10.0.0.2 or [v2:10.0.0.1:3300]');
  }

  const fsid = (plain(data.fsid) ?? option('fsid'))?.toLowerCase();
  if (fsid === undefined) throw refuse('has no fsid; write what "ceph fsid" prints');
  if (!fsidPattern.test(fsid)) throw refuse('has an fsid that is no UUID; write what "ceph fsid" prints');

  const entity = readEntity(data.userID, keys, refuse);
  const key = trimmed(data.userKey) ?? keys.get(entity);
  if (key === undefined) throw refuse(`has no key of ${entity}; write userKey, or a keyring that holds it`);
  if (keyTypeOf(key) === undefined)
    throw refuse(`has a key of ${entity} that is no cephx key; write it as Ceph prints it`);
  return { monHost, entity, key, fsid };
}

type Refuse = (fault: string) => Invalid;

function readConf(text: Secret | undefined, refuse: Refuse): CephConf {
  try {
    return parseCephConf(text?.reveal() ?? '');
  } catch (error) {
    if (error instanceof ConfError) throw refuse(`has a ceph.conf that cannot be read: ${lowerFirst(error.message)}`);
    throw error;
  }
}

function readKeyring(text: Secret | undefined, refuse: Refuse): ReadonlyMap<string, Secret> {
  try {
    return parseKeyring(text ?? new Secret(''));
  } catch (error) {
    if (error instanceof ConfError) throw refuse(`has a keyring that cannot be read: ${lowerFirst(error.message)}`);
    throw error;
  }
}

function readEntity(userID: Secret | undefined, keys: ReadonlyMap<string, Secret>, refuse: Refuse): string {
  const id = plain(userID)?.replace(/^client\./, '');
  if (id !== undefined) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id)) throw refuse('has a userID that is no name of a Ceph user');
    return `client.${id}`;
  }
  const clients = [...keys.keys()].filter((entity) => entity.startsWith('client.'));
  const [only] = clients;
  if (only === undefined) throw refuse('has no userID; write the name of the Ceph user, without "client."');
  if (clients.length > 1)
    throw refuse(`has no userID, and its keyring holds ${clients.sort().join(', ')}; write which`);
  return only;
}

/** What is no secret, without the line feed that `--from-file` brings. */
function plain(value: Secret | undefined): string | undefined {
  const text = value?.reveal().trim();
  return text === '' ? undefined : text;
}

function trimmed(value: Secret | undefined): Secret | undefined {
  const text = plain(value);
  return text === undefined ? undefined : new Secret(text);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
