import { Invalid, Waiting } from '../errors.ts';
import { Secret } from '../secret.ts';
import { type Endpoint, endpointOf, fieldOf, parseCatalog, type ServiceName } from './catalog.ts';
import type { CloudAccess } from './cloud-access.ts';
import { createHttp, type Http, unreachable } from './http.ts';
import { type ListedService, parseServices, serviceKey } from './services.ts';

/** What OpenStack said of itself at one moment. */
export interface CloudLook {
  /** When it was asked, on the clock of `performance.now()`. */
  readonly askedAt: number;
  /** Why it said nothing; then there are no services. */
  readonly problem?: Waiting | Invalid;
  /** Of Cinder and Nova, as far as they were asked, by `serviceKey`. */
  readonly services: ReadonlyMap<string, ListedService>;
  /** Why Glance gave no list of images; undefined: it did, or was not asked. */
  readonly glanceProblem?: string;
}

/** Clouds that are asked in the background, each once for all who want to know at the same time. */
export interface Clouds extends AsyncDisposable {
  /**
   * The last look; undefined while there is none. One that is older than `freshMs` has another begun, of whose end
   * `waiter` is told. Nobody waits here for a cloud.
   *
   * Throws what ended the last look and was no answer of a cloud: a fault of ours.
   */
  look(access: CloudAccess, asked: ReadonlySet<ServiceName>, options: LookOptions): CloudLook | undefined;
  /** `tell` is called with each waiter of a look that has ended. */
  onEnd(tell: (waiter: string) => void): void;
}

export interface LookOptions {
  readonly freshMs: number;
  readonly waiter: string;
}

interface Token {
  readonly value: Secret;
  readonly catalog: readonly Endpoint[];
  readonly until: number;
}

interface Known {
  readonly http: Http;
  token?: Token;
  last?: Ended;
  /** Who waits for the look that is under way; undefined: none is. */
  waiters?: Set<string>;
  usedAt: number;
}

/** How a look has ended. */
type Ended = { readonly at: number } & ({ readonly look: CloudLook } | { readonly fault: unknown });

/** One that nobody asked for so long is forgotten, its token and its connections with it. */
const idleMs = 15 * 60_000;
/** A token is not used in its last minutes: clocks, and requests under way. */
const earlyMs = 120_000;
const lookTimeoutMs = 30_000;
/** A cloud that did not answer is asked again so soon, for somebody may wait for it. */
const againMs = 10_000;
/** One that refused, no sooner than that: Keystone may lock a user out who tries too often. */
const refusedMs = 60_000;

export function createClouds(): Clouds {
  const clouds = new Map<string, Known>();
  const listeners: ((waiter: string) => void)[] = [];
  const stop = new AbortController();

  function known(access: CloudAccess, asked: ReadonlySet<ServiceName>): Known {
    const now = performance.now();
    for (const [id, cloud] of clouds) {
      if (now - cloud.usedAt < idleMs || cloud.waiters !== undefined) continue;
      clouds.delete(id);
      void cloud.http[Symbol.asyncDispose]();
    }
    const id = [access.id, ...[...asked].sort()].join(' ');
    const cloud = clouds.get(id) ?? { http: createHttp(access.ca), usedAt: now };
    cloud.usedAt = now;
    clouds.set(id, cloud);
    return cloud;
  }

  async function begin(cloud: Known, access: CloudAccess, asked: ReadonlySet<ServiceName>): Promise<void> {
    const ended = await ask(cloud, access, asked, stop.signal).then(
      (look) => ({ look }),
      (fault: unknown) => ({ fault }),
    );
    if (stop.signal.aborted) return;
    cloud.last = { at: performance.now(), ...ended };
    const waiters = cloud.waiters ?? [];
    delete cloud.waiters;
    for (const waiter of waiters) for (const tell of listeners) tell(waiter);
  }

  return {
    look(access, asked, { freshMs, waiter }) {
      const cloud = known(access, asked);
      const { last, waiters } = cloud;
      if (waiters !== undefined) waiters.add(waiter);
      else if (last === undefined || performance.now() - last.at >= lastsMs(last, freshMs)) {
        cloud.waiters = new Set([waiter]);
        void begin(cloud, access, asked);
      }
      if (last !== undefined && 'fault' in last) throw last.fault;
      return last?.look;
    },
    onEnd(tell) {
      listeners.push(tell);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([...clouds.values()].map(({ http }) => http[Symbol.asyncDispose]()));
    },
  };
}

function lastsMs(last: Ended, freshMs: number): number {
  if ('fault' in last) return againMs;
  const { problem } = last.look;
  if (problem === undefined) return freshMs;
  return problem instanceof Invalid ? refusedMs : Math.min(freshMs, againMs);
}

async function ask(
  cloud: Known,
  access: CloudAccess,
  asked: ReadonlySet<ServiceName>,
  stop: AbortSignal,
): Promise<CloudLook> {
  const askedAt = performance.now();
  const signal = AbortSignal.any([stop, AbortSignal.timeout(lookTimeoutMs)]);
  try {
    try {
      return { askedAt, ...(await readAll(cloud, access, asked, signal)) };
    } catch (error) {
      // A token may be revoked before its time, as by a change of the password.
      if (!(error instanceof Invalid) || error.reason !== 'OpenStackAccessDenied' || cloud.token === undefined)
        throw error;
      delete cloud.token;
      return { askedAt, ...(await readAll(cloud, access, asked, signal)) };
    }
  } catch (error) {
    const services = new Map();
    if (error instanceof Waiting || error instanceof Invalid) return { askedAt, problem: error, services };
    if (!signal.aborted) throw error;
    const problem = unreachable('OpenStack', access.authUrl, 'it did not answer in time', error);
    return { askedAt, problem, services };
  }
}

async function readAll(
  cloud: Known,
  access: CloudAccess,
  asked: ReadonlySet<ServiceName>,
  signal: AbortSignal,
): Promise<Pick<CloudLook, 'services' | 'glanceProblem'>> {
  if (cloud.token === undefined || cloud.token.until < performance.now()) {
    cloud.token = await logIn(cloud.http, access, signal);
  }
  const { value, catalog } = cloud.token;
  const list = async (who: 'Cinder' | 'Nova'): Promise<readonly ListedService[]> => {
    if (!asked.has(who)) return [];
    const url = `${endpointOf(catalog, who, access)}/os-services`;
    const { json } = await cloud.http.ask({ who, url, token: value }, signal);
    if (!Array.isArray(fieldOf(json, 'services'))) throw unreachable(who, url, 'its answer is no list of services');
    return parseServices(json);
  };
  const images = async (): Promise<string | undefined> =>
    asked.has('Glance') ? askGlance(cloud.http, endpointOf(catalog, 'Glance', access), value, signal) : undefined;
  const [volumes, computes, glanceProblem] = await Promise.all([list('Cinder'), list('Nova'), images()]);
  const services = new Map([...volumes, ...computes].map((service) => [serviceKey(service), service]));
  return { services, ...(glanceProblem === undefined ? {} : { glanceProblem }) };
}

/** A Glance that is away is a finding, not a look that failed: it may be the very thing that was switched. */
async function askGlance(
  http: Http,
  endpoint: string,
  token: Secret,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = `${endpoint.replace(/\/v[12](\.\d)?$/, '')}/v2/images?limit=1`;
  try {
    const { json } = await http.ask({ who: 'Glance', url, token }, signal);
    return Array.isArray(fieldOf(json, 'images'))
      ? undefined
      : unreachable('Glance', url, 'its answer is no list').message;
  } catch (error) {
    if (error instanceof Waiting) return error.message;
    throw error;
  }
}

async function logIn(http: Http, access: CloudAccess, signal: AbortSignal): Promise<Token> {
  const url = `${access.authUrl}/auth/tokens`;
  const began = performance.now();
  const { json, subject } = await http.ask({ who: 'Keystone', url, body: access.login }, signal);
  if (subject === undefined || !/^[\x21-\x7e]{1,16384}$/.test(subject)) {
    throw unreachable('Keystone', url, 'its answer has no token');
  }
  const token = fieldOf(json, 'token');
  // Its own two times: how long it lives does not depend on whose clock is right.
  const livesMs = Date.parse(String(fieldOf(token, 'expires_at'))) - Date.parse(String(fieldOf(token, 'issued_at')));
  const until = began + (Number.isFinite(livesMs) ? Math.min(livesMs, 24 * 3_600_000) - earlyMs : 0);
  return { value: new Secret(subject), catalog: parseCatalog(json), until };
}
