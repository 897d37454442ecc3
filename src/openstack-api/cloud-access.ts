import { createHash } from 'node:crypto';
import { FAILSAFE_SCHEMA, loadAll } from 'js-yaml';
import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';

/** How a cloud is asked, from the Secret that a binding names. */
export interface CloudAccess {
  /** Keystone's version 3, without a slash at its end. */
  readonly authUrl: string;
  /** What is posted to Keystone for a token, as JSON. */
  readonly login: Secret;
  readonly region?: string;
  readonly interface: 'public' | 'internal' | 'admin';
  /** Certificates in PEM that are trusted; left out: those that Node trusts. */
  readonly ca?: string;
  /** The same for equal access, and of no use to log in with. */
  readonly id: string;
}

/** What clouds.yaml says of one cloud, in its words. The OS_ variables are the same words in capitals. */
type Words = ReadonlyMap<string, string>;

/** What is wrong, as a predicate of the Secret. */
class Fault extends Error {}

/**
 * The Secret that `verification.openStack` names: `clouds.yaml` (and `cloud`, which of several), or the variables of an
 * openrc file as keys; `cacert` in PEM beside either. A password or an application credential, of Keystone's version 3.
 *
 * @throws {Invalid} `ConnectionInvalid` in one sentence that names the Secret and quotes no value of it.
 */
export function parseCloudAccess(name: string, data: Readonly<Record<string, Secret>>): CloudAccess {
  try {
    return parse(data);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Invalid('ConnectionInvalid', `The OpenStack Secret "${name}" ${error.message}.`);
  }
}

function parse(data: Readonly<Record<string, Secret>>): CloudAccess {
  const file = data['clouds.yaml'];
  const words = file === undefined ? wordsOfVariables(data) : wordsOfCloud(file, chosenCloud(data));
  const login = new Secret(JSON.stringify({ auth: { identity: identityOf(words), ...scopeOf(words) } }));
  const authUrl = authUrlOf(words);
  const region = words.get('region_name');
  const side = interfaceOf(words);
  const ca = certificatesOf(words, data);
  const id = createHash('sha256')
    .update(JSON.stringify([authUrl, login.reveal(), region, side, ca]))
    .digest('hex');
  return {
    ...{ authUrl, login, interface: side, id },
    ...(region === undefined ? {} : { region }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function chosenCloud(data: Readonly<Record<string, Secret>>): string | undefined {
  return (data.cloud ?? data.OS_CLOUD)?.reveal().trim() || undefined;
}

function wordsOfVariables(data: Readonly<Record<string, Secret>>): Words {
  const found = Object.entries(data).filter(([key]) => key.startsWith('OS_'));
  if (found.length === 0)
    throw new Fault('has neither "clouds.yaml" nor the variables of an openrc file, as OS_AUTH_URL');
  const words = new Map(found.map(([key, value]) => [key.slice(3).toLowerCase(), value.reveal().trim()]));
  // The older names of two of them.
  for (const [older, newer] of [
    ['tenant_name', 'project_name'],
    ['tenant_id', 'project_id'],
    ['endpoint_type', 'interface'],
  ] as const) {
    const value = words.get(older);
    if (value !== undefined && !words.has(newer)) words.set(newer, value);
  }
  if (/^(1|true|yes|on)$/i.test(words.get('insecure') ?? '')) words.set('verify', 'false');
  return withoutEmpty(words);
}

function wordsOfCloud(file: Secret, chosen: string | undefined): Words {
  const clouds = recordOf(recordOf(yamlOf(file))?.clouds);
  const names = Object.keys(clouds ?? {}).sort();
  const [only] = names;
  if (clouds === undefined || only === undefined) throw new Fault('has a "clouds.yaml" without clouds');
  if (chosen === undefined && names.length > 1) {
    throw new Fault('has several clouds in "clouds.yaml": say which in the key "cloud"');
  }
  const cloud = Object.hasOwn(clouds, chosen ?? only) ? recordOf(clouds[chosen ?? only]) : undefined;
  if (cloud === undefined) throw new Fault('has no cloud in "clouds.yaml" of the name in "cloud"');
  const words = new Map<string, string>();
  for (const [key, value] of [...Object.entries(cloud), ...Object.entries(recordOf(cloud.auth) ?? {})]) {
    if (typeof value === 'string') words.set(key, value);
  }
  if (words.has('profile'))
    throw new Fault('names a profile in "clouds.yaml", which is not known here: write auth_url');
  const side = words.get('endpoint_type');
  if (side !== undefined && !words.has('interface')) words.set('interface', side);
  return withoutEmpty(words);
}

function yamlOf(file: Secret): unknown {
  try {
    // All are words: a password of digits is not to become a number.
    return loadAll(file.reveal(), { schema: FAILSAFE_SCHEMA })[0];
  } catch {
    // What YAML says of it may repeat the text, passwords included.
    throw new Fault(
      'has a "clouds.yaml" that is no YAML: a value that begins with *, & or !, or has ": " or " #" in it, needs quotes',
    );
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function withoutEmpty(words: Words): Words {
  return new Map([...words].filter(([, value]) => value !== ''));
}

function need(words: Words, key: string): string {
  const value = words.get(key);
  if (value === undefined) throw new Fault(`does not say ${key} (OS_${key.toUpperCase()})`);
  return value;
}

function authUrlOf(words: Words): string {
  const text = need(words, 'auth_url');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Fault('has an auth_url that is no URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Fault('has an auth_url with more in it than host, port and path');
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (/\/v2(\.0)?$/.test(path)) throw new Fault("has an auth_url of Keystone's version 2: write that of version 3");
  return `${url.origin}${/\/v3$/.test(path) ? path : `${path}/v3`}`;
}

function identityOf(words: Words): Readonly<Record<string, unknown>> {
  const type = words.get('auth_type')?.replace(/^v3/, '');
  const isApplication = words.has('application_credential_secret');
  const known = isApplication ? ['applicationcredential'] : ['password'];
  if (type !== undefined && !known.includes(type)) {
    throw new Fault(
      'has an auth_type for which it does not hold what is needed: write v3password or v3applicationcredential',
    );
  }
  if (!isApplication) {
    return { methods: ['password'], password: { user: { ...userOf(words), password: need(words, 'password') } } };
  }
  const secret = need(words, 'application_credential_secret');
  const id = words.get('application_credential_id');
  const which = id === undefined ? { name: need(words, 'application_credential_name'), user: userOf(words) } : { id };
  return { methods: ['application_credential'], application_credential: { ...which, secret } };
}

function userOf(words: Words): Readonly<Record<string, unknown>> {
  const id = words.get('user_id');
  return id === undefined ? { name: need(words, 'username'), domain: domainOf(words, 'user_domain') } : { id };
}

/** An application credential is of one project already. */
function scopeOf(words: Words): Readonly<Record<string, unknown>> {
  if (words.has('application_credential_secret')) return {};
  const id = words.get('project_id');
  const project =
    id === undefined ? { name: need(words, 'project_name'), domain: domainOf(words, 'project_domain') } : { id };
  return { scope: { project } };
}

function domainOf(words: Words, which: string): Readonly<Record<string, string>> {
  for (const prefix of [which, 'default_domain']) {
    const id = words.get(`${prefix}_id`);
    if (id !== undefined) return { id };
    const name = words.get(`${prefix}_name`);
    if (name !== undefined) return { name };
  }
  // As OpenStack's own client does.
  return { id: words.get('default_domain') ?? 'default' };
}

function interfaceOf(words: Words): CloudAccess['interface'] {
  const text = words.get('interface')?.replace(/URL$/, '') ?? 'public';
  const known = (['public', 'internal', 'admin'] as const).find((side) => side === text);
  if (known === undefined) throw new Fault('has an interface other than public, internal and admin');
  return known;
}

function certificatesOf(words: Words, data: Readonly<Record<string, Secret>>): string | undefined {
  if (/^(0|false|no|off)$/i.test(words.get('verify') ?? '')) {
    throw new Fault('asks not to verify certificates, which is never done: put those of the authority into "cacert"');
  }
  const text = [data.cacert?.reveal(), words.get('cacert')].find((one) => one?.includes('-----BEGIN CERTIFICATE-----'));
  if (text === undefined && (data.cacert !== undefined || words.has('cacert'))) {
    throw new Fault(
      'has a cacert that is no certificate: put its PEM text into the key "cacert", not the path of a file',
    );
  }
  return text;
}
