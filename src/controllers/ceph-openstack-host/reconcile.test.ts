import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSshKey } from '../../../lab/ssh-key.ts';
import { Waiting } from '../../errors.ts';
import type { SshConnection } from '../../hosts/ssh-access.ts';
import { createCache, createStore } from '../../kube/cache.ts';
import { controllerRevisionKind, type KubeObject, secretKind } from '../../kube/kinds.ts';
import { watchedKinds } from '../../kube/watched.ts';
import { Secret } from '../../secret.ts';
import { digest } from '../canonical.ts';
import { hostObject } from './host.fixture.ts';
import { hostKind } from './reconcile.ts';

const data = { roles: [] };
const name = `cloud-${digest(data)}`;

/** A host that is told a revision, of which Kubernetes holds this. */
function hostTold(content: unknown) {
  const stores = new Map(watchedKinds.map(({ kind }) => [kind.plural, createStore()]));
  const times = { uid: 'r', resourceVersion: '1', creationTimestamp: '' };
  const metadata = { name, namespace: 'openstack', ...times };
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision: 1, data: content };
  stores.get(controllerRevisionKind.plural)?.put(revision);
  const host = hostObject(['NovaCompute'], { revision: { current: name } });
  stores.get('cephopenstackhosts')?.put(host);
  const { registration } = hostKind({
    secrets: { readSecret: async () => ({ 'ssh-privatekey': new Secret(newSshKey().privateKey) }) },
    cache: createCache(stores),
    ssh: { connection: () => ({}) as SshConnection },
    ...{ namespaces: [], installation: 'lab', lookEveryMs: 1_000 },
  });
  const connect = () => registration.reconciler.connect(host, new AbortController().signal);
  const secret = registration.watches?.find(({ kind }) => kind === secretKind);
  return { connect, wokenBy: (object: KubeObject) => secret?.map(object) };
}

test('a host uses no revision whose content is not what it is named after', async () => {
  const sound = (await hostTold(data).connect()) as { readonly current?: { readonly name: string } };
  assert.equal(sound.current?.name, name);
  for (const content of [{ roles: [{ role: 'NovaCompute' }] }, { roles: 7 }, {}]) {
    const { connect, wokenBy } = hostTold(content);
    await assert.rejects(connect, (error) => {
      assert.ok(error instanceof Waiting);
      assert.deepEqual([error.reason, error.message.includes('somebody changed it')], ['WaitingForRevision', true]);
      return true;
    });
    const metadata = { name: 'any', namespace: 'openstack', uid: 's', resourceVersion: '1', creationTimestamp: '' };
    assert.deepEqual(wokenBy({ apiVersion: 'v1', kind: 'Secret', metadata }), []);
  }
});
