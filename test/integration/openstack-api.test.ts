import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { makeAuthority, makeSigned } from '../../lab/certificates.ts';
import { eventually } from '../../lab/eventually.ts';
import type { ServiceName } from '../../src/openstack-api/catalog.ts';
import { type CloudLook, createClouds } from '../../src/openstack-api/cloud.ts';
import { parseCloudAccess } from '../../src/openstack-api/cloud-access.ts';
import { Secret } from '../../src/secret.ts';

/* Looks at a cloud over real HTTP: a server that says what a test wants it to, well or ill. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** By method and path. */
const answers = new Map<string, Answer>();
const requests: { readonly line: string; readonly token: string | undefined; readonly body: string }[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.toArray()).join('');
  const line = `${request.method} ${request.url}`;
  const token = request.headers['x-auth-token'];
  requests.push({ line, token: typeof token === 'string' ? token : undefined, body });
  (answers.get(line) ?? json({}, 404))(request, response);
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '::1');
  await once(server, 'listening');
  return `[::1]:${(server.address() as AddressInfo).port}`;
}

const server = createServer(answer);
const place = await listen(server);
const elsewhere = createServer(answer);
const otherPlace = await listen(elsewhere);
const folder = await mkdtemp(join(tmpdir(), 'openstack-api-'));
const authority = await makeAuthority(folder, 'cloud');
const { certFile, keyFile } = await makeSigned(folder, 'server', '/CN=keystone', authority, ['IP:::1']);
const cacert = await readFile(authority.certFile, 'utf8');
const tls = createTlsServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, answer);
const tlsPlace = await listen(tls);
after(() => {
  for (const one of [server, elsewhere, tls]) one.close().closeAllConnections();
  return rm(folder, { recursive: true });
});

const variables = {
  OS_AUTH_URL: `http://${place}/identity`,
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'p4ss',
  OS_PROJECT_NAME: 'admin',
};
const accessWith = (more: Readonly<Record<string, string>> = {}) =>
  parseCloudAccess(
    'cloud-admin',
    Object.fromEntries(Object.entries({ ...variables, ...more }).map(([key, text]) => [key, new Secret(text)])),
  );
const all: ReadonlySet<ServiceName> = new Set(['Cinder', 'Nova', 'Glance']);

function keystone(token: string, base = `http://${place}`, livesSeconds = 3600): Answer {
  const at = Date.parse('2001-01-01T00:00:00Z');
  const endpoint = (type: string, path: string) => ({
    type,
    endpoints: [{ interface: 'public', region_id: 'one', url: `${base}${path}` }],
  });
  const body = {
    token: {
      issued_at: new Date(at).toISOString(),
      expires_at: new Date(at + livesSeconds * 1000).toISOString(),
      catalog: [endpoint('volumev3', '/volume/v3/p1'), endpoint('compute', '/v2.1'), endpoint('image', '/image')],
    },
  };
  return json(body, 201, { 'x-subject-token': token });
}

const login = 'POST /identity/v3/auth/tokens';
const volumes = 'GET /volume/v3/p1/os-services';
const computes = 'GET /v2.1/os-services';
const images = 'GET /image/v2/images?limit=1';
const service = (binary: string, host: string) => ({ binary, host, state: 'up', updated_at: '2026-01-01T00:00:00' });

beforeEach(() => {
  requests.length = 0;
  answers.clear();
  answers.set(login, keystone('token-1'));
  answers.set(volumes, json({ services: [service('cinder-volume', 'ctl1@ceph')] }));
  answers.set(computes, json({ services: [service('nova-compute', 'cmp1')] }));
  answers.set(images, json({ images: [] }));
});

/** Looks of one who waits for them as long as they take. */
function watching() {
  const clouds = createClouds();
  let ended = Promise.withResolvers<string>();
  clouds.onEnd((waiter) => ended.resolve(waiter));
  return {
    async look(more: Readonly<Record<string, string>> = {}): Promise<CloudLook> {
      ended = Promise.withResolvers();
      clouds.look(accessWith(more), all, { freshMs: 0, waiter: 'cloud' });
      assert.equal(await ended.promise, 'cloud');
      return clouds.look(accessWith(more), all, { freshMs: 60_000, waiter: 'cloud' }) ?? assert.fail('no look');
    },
    [Symbol.asyncDispose]: () => clouds[Symbol.asyncDispose](),
  };
}

async function look(more: Readonly<Record<string, string>> = {}): Promise<CloudLook> {
  await using watch = watching();
  return await watch.look(more);
}

test('a look logs in once, and shows the services of Cinder and Nova and that Glance answers', async () => {
  await using watch = watching();
  const first = await watch.look();
  assert.deepEqual(
    [...first.services.values()].map(({ binary, host, isUp }) => [binary, host, isUp]),
    [
      ['cinder-volume', 'ctl1@ceph', true],
      ['nova-compute', 'cmp1', true],
    ],
  );
  assert.deepEqual([first.problem, first.glanceProblem], [undefined, undefined]);
  assert.deepEqual(requests.map(({ line }) => line).sort(), [images, volumes, computes, login].sort());
  await watch.look();
  assert.equal(requests.filter(({ line }) => line === login).length, 1);
  assert.ok(requests.every(({ line, token, body }) => (line === login ? body.includes('p4ss') : token === 'token-1')));
});

test('a token is renewed before its end, and when it is not taken any more', async () => {
  await using watch = watching();
  answers.set(login, keystone('token-1', undefined, 100));
  await watch.look();
  answers.set(login, keystone('token-2'));
  await watch.look();
  assert.equal(requests.at(-1)?.token, 'token-2');
  answers.set(login, keystone('token-3'));
  answers.set(volumes, (request, response) =>
    json({ services: [] }, request.headers['x-auth-token'] === 'token-3' ? 200 : 401)(request, response),
  );
  assert.equal((await watch.look()).problem, undefined);
  assert.equal(requests.filter(({ line }) => line === login).length, 3);
});

test('over TLS the authority of the Secret is trusted, and no other', async () => {
  const address = { OS_AUTH_URL: `https://${tlsPlace}/identity` };
  answers.set(login, keystone('token-1', `https://${tlsPlace}`));
  assert.match((await look(address)).problem?.message ?? '', /Cannot ask Keystone at .*: (SELF_SIGNED|UNABLE_TO)/);
  assert.deepEqual(requests, []);
  assert.equal((await look({ ...address, cacert })).problem, undefined);
});

const tooLong: Answer = (_, response) => {
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' ')));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};

for (const [what, line, said, reason, says] of [
  [
    'credentials are refused',
    login,
    json({}, 401),
    'OpenStackAccessDenied',
    /^Keystone at \S+ refused with 401: correct/,
  ],
  ['a list is not for everybody', computes, json({}, 403), 'OpenStackAccessDenied', /^Nova .* a role that may list/],
  ['a service stumbles', volumes, json({}, 503), 'OpenStackUnreachable', /^Cannot ask Cinder .*: it answered 503\.$/],
  ['there is no token', login, json({ token: {} }), 'OpenStackUnreachable', /its answer has no token/],
  ['a token is no header', login, json({}, 200, { 'x-subject-token': 'a b' }), 'OpenStackUnreachable', /no token/],
  ['an answer is no JSON', volumes, (_, r) => r.end('<html>'), 'OpenStackUnreachable', /its answer is no JSON/],
  ['an answer is no list', volumes, json({ services: {} }), 'OpenStackUnreachable', /no list of services/],
  ['an answer has no end', volumes, tooLong, 'OpenStackUnreachable', /its answer is too long/],
  ['an answer never comes', volumes, () => {}, 'OpenStackUnreachable', /it did not answer in time/],
  [
    'a connection is cut',
    volumes,
    (_, r) => r.destroy(),
    'OpenStackUnreachable',
    /^Cannot ask Cinder .*: UND_ERR_SOCKET/,
  ],
  [
    'the catalog is empty',
    login,
    json({ token: {} }, 201, { 'x-subject-token': 't' }),
    'ConnectionInvalid',
    /no public/,
  ],
  [
    'it is sent elsewhere',
    volumes,
    json({}, 302, { location: `http://${otherPlace}/` }),
    'OpenStackUnreachable',
    /it answered 302/,
  ],
] as const satisfies readonly (readonly [string, string, Answer, string, RegExp])[]) {
  test(`a look says ${reason} in a sentence without secrets, when ${what}`, async () => {
    answers.set(line, said);
    const { problem, services } = await look();
    assert.deepEqual([problem?.reason, services.size], [reason, 0]);
    assert.match(problem?.message ?? '', says);
    assert.doesNotMatch(problem?.message ?? '', /p4ss|token-1/);
    assert.ok(!requests.some((request) => request.line === 'GET /'), 'nobody follows');
  });
}

test('a look says that nobody answers, and that Glance alone does not', async () => {
  const closed = createServer();
  const nowhere = await listen(closed);
  await closed.close();
  const { problem } = await look({ OS_AUTH_URL: `http://${nowhere}/identity` });
  assert.match(problem?.message ?? '', /^Cannot ask Keystone at \S+: ECONNREFUSED\.$/);
  answers.set(images, json({}, 503));
  const { problem: none, glanceProblem, services } = await look();
  assert.deepEqual([none, services.size], [undefined, 2]);
  assert.match(glanceProblem ?? '', /^Cannot ask Glance .*: it answered 503\.$/);
});

test('nobody waits for a cloud that is slow: who asked is told when it has answered, and it is asked once', async () => {
  await using clouds = createClouds();
  let release = () => {};
  answers.set(volumes, (request, response) => {
    release = () => json({ services: [] })(request, response);
  });
  const told: string[] = [];
  clouds.onEnd((waiter) => told.push(waiter));
  const by = (waiter: string) => clouds.look(accessWith(), all, { freshMs: 60_000, waiter });
  for (const waiter of ['one', 'other', 'one']) assert.equal(by(waiter), undefined);
  await eventually(() => assert.ok(requests.some(({ line }) => line === volumes)));
  release();
  await eventually(() => assert.deepEqual(told, ['one', 'other']));
  const first = by('one');
  assert.equal(first?.problem, undefined);
  assert.equal(by('other'), first);
  assert.equal(requests.filter(({ line }) => line === volumes).length, 1);
  assert.deepEqual(told, ['one', 'other']);
});

test('what no cloud is to blame for is thrown, and not said of the cloud', async () => {
  await using clouds = createClouds();
  const told: string[] = [];
  clouds.onEnd((waiter) => told.push(waiter));
  const misled = () => clouds.look({ ...accessWith(), authUrl: 'nowhere' }, all, { freshMs: 0, waiter: 'one' });
  assert.equal(misled(), undefined);
  await eventually(() => assert.deepEqual(told, ['one']));
  assert.throws(misled, TypeError);
});
