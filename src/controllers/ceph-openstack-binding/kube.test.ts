import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../kube/client.ts';
import type { KubeObject, Manifest } from '../../kube/kinds.ts';
import { isRefused, KubeError } from '../../kube/kube-error.ts';
import { needManifest } from './children.ts';
import { bindingKube } from './kube.ts';
import { attemptOf } from './refusals.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

type Spec = Record<string, unknown>;
type User = KubeObject & { readonly spec: Spec };

const signal = new AbortController().signal;
const { binding } = new World(specWith({ ctl1: ['GlanceApi'] }));
const own = { access: [{ pool: 'images', mode: 'ReadWrite' }] };
const manifest = needManifest(binding, { objectName: 'cloud-glance', cluster: 'ceph-main', own } as never);

/** An API server with one user, whose rules are those of its schema; server-side apply leaves fields of others. */
function serverWith(added: Spec) {
  const merged = (spec: Spec, change: Spec): Spec =>
    Object.fromEntries(Object.entries({ ...spec, ...change }).filter(([, value]) => value !== null));
  const metadata = { ...manifest.metadata, uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  let user: User = { apiVersion: '', kind: 'CephClientAuth', metadata, spec: merged(manifest.spec, added) };
  const refuse = (message: string): never => {
    throw new KubeError(message, { code: 422, reason: 'Invalid' });
  };
  const write = async (change: Spec): Promise<User> => {
    const spec = merged(user.spec, change);
    if ('access' in spec && 'caps' in spec) refuse('access and caps exclude each other');
    if ('keyType' in user.spec && spec.keyType !== user.spec.keyType) refuse('keyType is never changed in place');
    const generation = (user.metadata.generation ?? 0) + 1;
    user = { ...user, spec, metadata: { ...user.metadata, generation, resourceVersion: String(generation) } };
    return user;
  };
  const client = {
    get: async () => user,
    apply: (_: unknown, { spec }: Manifest) => write(spec as Spec),
    mergePatch: (_: unknown, __: unknown, { spec }: { spec: Spec }) => write(spec),
  };
  const seen = user;
  const cache = { get: () => seen, list: () => [seen] };
  const kube = bindingKube(client as unknown as Client, cache as never);
  return { kube, spec: () => user.spec, user: () => user };
}

test('apply() puts access in place of the caps that exclude it', async () => {
  const { kube, spec } = serverWith({ caps: { mon: 'profile rbd' }, access: null });
  await kube.apply('CephClientAuth', manifest, signal);
  assert.deepEqual(spec(), manifest.spec);
  assert.equal(kube.refused().size, 0);
});

test('apply() takes away a field that somebody added', async () => {
  const { kube, spec } = serverWith({ secret: { name: 'theirs' } });
  await kube.apply('CephClientAuth', manifest, signal);
  assert.deepEqual(spec(), manifest.spec);
});

for (const [what, added] of [
  ['a field', { keyType: 'Aes' }],
  ['a field beside one that excludes what is wanted', { keyType: 'Aes', caps: { mon: 'x' }, access: null }],
] as const) {
  test(`apply() remembers why ${what} cannot be taken away, of the child as it is then`, async () => {
    const { kube, user } = serverWith(added);
    await assert.rejects(kube.apply('CephClientAuth', manifest, signal), isRefused);
    const [found] = kube.clients('openstack');
    assert.deepEqual(found?.metadata, user().metadata, 'and the next plan sees just that child');
    const message = kube.refused().get(attemptOf('CephClientAuth', manifest, found));
    assert.equal(message, 'keyType is never changed in place');
  });
}
