import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ProxyAgent, request } from 'undici';
import { type AptProxy, startAptProxy } from '../../lab/apt-proxy.ts';

let store: string;
let mirror: Server;
let site: string;
let proxy: AptProxy;
let asked: string[];
let client: ProxyAgent;

beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'apt-proxy-'));
  asked = [];
  mirror = createServer((incoming, response) => {
    asked.push(incoming.url ?? '');
    response.writeHead(incoming.url?.includes('missing') ? 404 : 200).end(`${incoming.url} ${asked.length}`);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/debian`;
  proxy = await startAptProxy({ sites: [site], store });
  client = new ProxyAgent({ uri: proxy.url, proxyTunnel: false });
});
afterEach(async () => {
  await client.close();
  await proxy[Symbol.asyncDispose]();
  mirror.closeAllConnections();
  mirror.close();
  await rm(store, { recursive: true });
});

async function get(url: string): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await request(url, { dispatcher: client });
  return { status: statusCode, text: await body.text() };
}

test('startAptProxy() asks the mirror once for a package, also when many want it', async () => {
  const wanted = Array.from({ length: 5 }, () => get(`${site}/pool/a.deb`));
  for (const answer of await Promise.all(wanted)) {
    assert.deepEqual(answer, { status: 200, text: '/debian/pool/a.deb 1' });
  }
  assert.deepEqual(asked, ['/debian/pool/a.deb']);
});

test('startAptProxy() gives what it has when the mirror is gone', async () => {
  await get(`${site}/dists/trixie/InRelease`);
  const [name, aWeekAgo] = [
    join(store, new URL(site).host, 'debian/dists/trixie/InRelease'),
    Date.now() / 1000 - 604_800,
  ];
  await utimes(name, aWeekAgo, aWeekAgo);
  mirror.closeAllConnections();
  await new Promise((resolve) => mirror.close(resolve));
  assert.deepEqual(await get(`${site}/dists/trixie/InRelease`), {
    status: 200,
    text: '/debian/dists/trixie/InRelease 1',
  });
});

test('startAptProxy() asks again for an entry file that is older than a day', async () => {
  await get(`${site}/dists/trixie/InRelease`);
  const [name, twoDaysAgo] = [
    join(store, new URL(site).host, 'debian/dists/trixie/InRelease'),
    Date.now() / 1000 - 172_800,
  ];
  await utimes(name, twoDaysAgo, twoDaysAgo);
  assert.equal((await get(`${site}/dists/trixie/InRelease`)).text, '/debian/dists/trixie/InRelease 2');
});

test('startAptProxy() passes on that a file is missing', async () => {
  assert.equal((await get(`${site}/pool/missing.deb`)).status, 404);
});

test('startAptProxy() fetches from its own sites only', async () => {
  assert.equal((await get('http://127.0.0.1:9/debian/pool/a.deb')).status, 403);
  assert.equal((await get(`${site}/../etc/passwd`)).status, 403);
  assert.equal((await get(`${site}-other/a`)).status, 403);
  assert.deepEqual(asked, []);
});
