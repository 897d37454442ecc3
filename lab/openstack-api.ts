import { z } from 'zod';
import { Secret } from '../src/secret.ts';
import type { Host } from './hosts.ts';

/** Of the catalogue. */
export type ServiceType = 'compute' | 'image' | 'volumev3';

interface Session {
  readonly token: Secret;
  /** Where a service is, as this machine reaches it. */
  readonly urlOf: ReadonlyMap<string, string>;
}

const sessions = new WeakMap<Host, Promise<Session>>();

/**
 * Asks a service of the cloud on `host` as its administrator, without the client, which takes two seconds of a processor
 * for each word: what is looked at again and again is looked at so. Gives the answer's JSON.
 */
export async function ask(host: Host, service: ServiceType, path: string, body?: object): Promise<unknown> {
  for (let triesLeft = 3; ; triesLeft--) {
    const session = sessions.get(host) ?? logIn(host);
    sessions.set(host, session);
    try {
      const { token, urlOf } = await session;
      return (await send(`${urlOf.get(service)}${path}`, body, { 'x-auth-token': token.reveal() })).answer;
    } catch (error) {
      sessions.delete(host);
      // The services under uWSGI close connections now and then, which fetch calls a TypeError.
      if (!(error instanceof TypeError) || triesLeft === 1) throw error;
    }
  }
}

const catalogue = z.object({
  token: z.object({
    catalog: z.array(
      z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), url: z.string() })) }),
    ),
  }),
});

async function logIn(host: Host): Promise<Session> {
  const password = new Secret(await host.run('. /root/openrc; printf %s "$OS_PASSWORD"'));
  const domain = { name: 'Default' };
  const identity = {
    methods: ['password'],
    password: { user: { name: 'admin', domain, password: password.reveal() } },
  };
  const auth = { identity, scope: { project: { name: 'admin', domain } } };
  const { answer, headers } = await send(`http://${host.address}:5000/v3/auth/tokens`, { auth });
  const services = catalogue.parse(answer).token.catalog.map(({ type, endpoints }) => {
    const url = new URL(endpoints.find((one) => one.interface === 'public')?.url ?? '');
    // It names the host by a name that is known inside the cloud alone.
    url.hostname = host.address;
    return [type, url.href.replace(/\/$/, '')] as const;
  });
  return { token: new Secret(headers.get('x-subject-token') ?? ''), urlOf: new Map(services) };
}

async function send(url: string, body: object | undefined, more: Readonly<Record<string, string>> = {}) {
  const answered = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...more },
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answered.text();
  if (!answered.ok) throw new Error(`${new URL(url).pathname} answered ${answered.status}: ${text.slice(0, 300)}`);
  return { answer: JSON.parse(text) as unknown, headers: answered.headers };
}
