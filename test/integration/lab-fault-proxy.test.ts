import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { after, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../../lab/fault-proxy.ts';
import { type Kube, startKube } from '../../lab/kube.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const isList = ({ url, isWatch }: { url: string; isWatch: boolean }) => url.startsWith(configMaps) && !isWatch;

let kube: Kube;
let proxy: FaultProxy;
let kubeconfig: string;

before(async () => {
  kube = await startKube({ name: 'lab-proxy' });
  proxy = await startFaultProxy(kube);
  await kube.kubectl(['create', 'serviceaccount', 'reader']);
  await kube.kubectl([
    'create',
    'clusterrolebinding',
    'reader',
    '--clusterrole=view',
    '--serviceaccount=default:reader',
  ]);
  kubeconfig = await proxy.kubeconfig(await kube.serviceAccountKubeconfig('default', 'reader'));
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await kube[Symbol.asyncDispose]();
});

test('passes requests and the bearer token on, when no fault is on', async () => {
  assert.equal(await kube.kubectl([`--kubeconfig=${kubeconfig}`, 'auth', 'can-i', 'list', 'configmaps']), 'yes\n');
  await assert.rejects(kube.kubectl([`--kubeconfig=${kubeconfig}`, 'get', 'secrets']), /default:reader/);
});

test('kubeconfig() refuses a login by certificate', async () => {
  await assert.rejects(proxy.kubeconfig(kube.kubeconfig), /logs in by certificate/);
});

test('inject() answers with a status, as often as it was told', async () => {
  using injected = proxy.inject({ kind: 'status', code: 429, retryAfterSeconds: 7 }, { match: isList, times: 1 });
  const refused = await open(configMaps);
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.headers['retry-after'], '7');
  assert.equal(JSON.parse(await text(refused)).reason, 'TooManyRequests');
  assert.equal((await open(configMaps)).statusCode, 200);
  assert.equal(injected.hits, 1);
});

test('inject() lets nothing fail any more, when it is disposed of', async () => {
  proxy.inject({ kind: 'status', code: 500 })[Symbol.dispose]();
  assert.equal((await open(configMaps)).statusCode, 200);
});

test('inject() cuts a connection, and swallows a request', async () => {
  {
    using _ = proxy.inject({ kind: 'drop' });
    await assert.rejects(open(configMaps), /hang up|ECONNRESET/);
  }
  using swallowed = proxy.inject({ kind: 'half-open' });
  await assert.rejects(open(configMaps, 300), /timed out/);
  assert.equal(swallowed.hits, 1);
});

test('inject() ends a list in the middle of its JSON', async () => {
  using _ = proxy.inject({ kind: 'truncate' });
  const body = await text(await open(configMaps));
  assert.ok(body.length > 0);
  assert.throws(() => JSON.parse(body), SyntaxError);
});

test('inject() tells a list and a watch each in its own way that the version is gone', async () => {
  using _ = proxy.inject({ kind: 'gone' });
  assert.equal((await open(configMaps)).statusCode, 410);
  const watch = await open(`${configMaps}?watch=true`);
  assert.equal(watch.statusCode, 200);
  const event = JSON.parse(await text(watch));
  assert.equal(event.type, 'ERROR');
  assert.equal(event.object.code, 410);
});

test('disturb() breaks a watch that is open', async () => {
  for (const [fault, last] of [
    ['gone', /"type":"ERROR".*"code":410/],
    ['truncate', /"kind":"Conf$/],
    ['end', /^$/],
  ] as const) {
    const watch = await openWatch();
    assert.equal(proxy.disturb(fault), 1);
    assert.match((await text(watch)).split('\n').filter(Boolean).at(-1) ?? '', last);
  }
  const dropped = await openWatch();
  assert.equal(proxy.disturb('drop'), 1);
  await assert.rejects(text(dropped), /aborted/);
});

test('disturb() keeps a watch open and silent, when it is half-open', async () => {
  const [silent, lively] = await Promise.all([openWatch('silent'), openWatch('lively')]);
  const seen = { silent: '', lively: '' };
  silent.on('data', (chunk) => (seen.silent += chunk));
  lively.on('data', (chunk) => (seen.lively += chunk));
  assert.equal(
    proxy.disturb('half-open', ({ url }) => url.includes('silent')),
    1,
  );

  await kube.kubectl(['create', 'configmap', 'news']);
  await eventually(() => assert.match(seen.lively, /news/));
  assert.equal(seen.silent, '');
  assert.equal(silent.destroyed, false);
  silent.destroy();
  lively.destroy();
});

test('dropAll() closes every connection', async () => {
  const watch = await openWatch();
  proxy.dropAll();
  await assert.rejects(text(watch), /aborted/);
  await eventually(() => assert.equal(proxy.connections().open, 0));
});

/** A watch from now on, which is known to be open. */
async function openWatch(mark = ''): Promise<IncomingMessage> {
  const list = JSON.parse(await text(await open(configMaps)));
  return open(`${configMaps}?watch=true&resourceVersion=${list.metadata.resourceVersion}&mark=${mark}`);
}

async function open(path: string, timeoutMs = 10_000): Promise<IncomingMessage> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8'));
  const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64');
  const headers = { authorization: `Bearer ${config.users[0].user.token}` };
  const request = get(`${proxy.server}${path}`, { ca, headers, agent: false });
  const timer = setTimeout(() => request.destroy(new Error('timed out')), timeoutMs);
  try {
    const [response] = await once(request, 'response');
    return response;
  } finally {
    clearTimeout(timer);
  }
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
