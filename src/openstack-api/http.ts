import { Agent, request } from 'undici';
import { Invalid, Waiting } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { clean } from './clean.ts';

/** Answers of an API, over connections of its own. */
export interface Http extends AsyncDisposable {
  /**
   * @throws {Waiting} `OpenStackUnreachable` when it does not answer as it should, or not in time.
   * @throws {Invalid} `OpenStackAccessDenied` when it refuses.
   * Anything else is the signal's reason, or a fault of ours, for which no cloud is to blame.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
}

export interface Question {
  /** For sentences: `Cinder`. */
  readonly who: string;
  readonly url: string;
  readonly token?: Secret;
  /** JSON to be posted; left out: it is a GET. */
  readonly body?: Secret;
}

export interface Answer {
  readonly json: unknown;
  /** `X-Subject-Token`, where Keystone says one. */
  readonly subject: string | undefined;
}

const timeoutMs = 10_000;
/** The services of some ten thousand hosts. */
const maxBytes = 16 * 1024 * 1024;

/** `ca`: certificates in PEM to trust instead of the usual ones. */
export function createHttp(ca: string | undefined): Http {
  const agent = new Agent({
    connections: 4,
    allowH2: false,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
  });
  return {
    async ask({ who, url, token, body }, signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        // Redirections are not followed: a token is for nobody else.
        const response = await request(url, {
          dispatcher: agent,
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            accept: 'application/json',
            'user-agent': 'ceph-openstack-operator',
            ...(token === undefined ? {} : { 'x-auth-token': token.reveal() }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          body: body?.reveal() ?? null,
          signal: deadline,
        });
        const { statusCode } = response;
        if (statusCode < 200 || statusCode > 299) {
          await response.body.dump({ limit: 65_536, signal: deadline }).catch(() => undefined);
          throw refusal(who, url, statusCode);
        }
        const subject = response.headers['x-subject-token'];
        const json = jsonOf(await readAll(response.body, who, url), who, url);
        return { json, subject: typeof subject === 'string' ? subject : undefined };
      } catch (error) {
        if (error instanceof Waiting || error instanceof Invalid) throw error;
        signal.throwIfAborted();
        if (deadline.aborted) throw unreachable(who, url, 'it did not answer in time', error);
        if (!isOfNetwork(error)) throw error;
        // A word that stays the same from try to try, such as ECONNREFUSED.
        throw unreachable(who, url, clean(error.code, 100), error);
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function readAll(body: AsyncIterable<Uint8Array>, who: string, url: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBytes) throw unreachable(who, url, 'its answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function jsonOf(text: string, who: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreachable(who, url, 'its answer is no JSON');
  }
}

function refusal(who: string, url: string, code: number): Waiting | Invalid {
  if (code === 401 || code === 403) {
    const mend =
      code === 401 ? 'correct the OpenStack Secret' : 'give its user a role that may list services, such as admin';
    return new Invalid('OpenStackAccessDenied', `${who} at ${placeOf(url)} refused with ${code}: ${mend}.`);
  }
  return unreachable(who, url, `it answered ${code}`);
}

export function unreachable(who: string, url: string, why: string, cause?: unknown): Waiting {
  return new Waiting('OpenStackUnreachable', `Cannot ask ${who} at ${placeOf(url)}: ${why}.`, { cause });
}

/** Without what a query may hold. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return clean(`${origin}${pathname}`, 200);
}

/** What connections, TLS and parsers of HTTP end with has a code, and so have wrong arguments. */
function isOfNetwork(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return false;
  return 'code' in error && typeof error.code === 'string' && error.code !== 'UND_ERR_INVALID_ARG';
}
