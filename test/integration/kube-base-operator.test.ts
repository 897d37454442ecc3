import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { type Kube, startKube } from '../../lab/kube.ts';
import { BaseOperator } from '../../src/kube/base-operator.ts';
import { type KubeObject, poolKind } from '../../src/kube/kinds.ts';
import { isConflict } from '../../src/kube/kube-error.ts';
import { finalizer } from '../../src/kube/pass.ts';
import { pool } from '../api-objects.ts';

/** What it offers to those who extend it, made callable. */
class OpenOperator extends BaseOperator {
  protected override async init(): Promise<void> {}
  override async stop(): Promise<void> {
    await this.transport.close();
  }
  holdPool(object: KubeObject) {
    return this.hold(poolKind, object);
  }
  releasePool(object: KubeObject) {
    return this.release(poolKind, object);
  }
}

let kube: Kube;
let operator: OpenOperator;
before(async () => {
  kube = await startKube({ name: 'kube-base-operator' });
  await kube.kubectl(['create', 'namespace', 'openstack']);
  await kube.kubectl(['create', '-f', 'crds/cephopenstack.io_rbdpools.yaml']);
  await kube.kubectl(['wait', '--for=condition=Established', 'crd/rbdpools.cephopenstack.io']);
  operator = new OpenOperator(pino({ level: 'silent' }), kube.kubeconfig);
  await operator.start();
});
after(async () => {
  await operator.stop();
  await kube[Symbol.asyncDispose]();
});

const look = (name: string) => operator.client.get(poolKind, { namespace: 'openstack', name });

async function seen(name: string): Promise<KubeObject> {
  const object = await look(name);
  assert.ok(object !== undefined);
  return object;
}

async function made(name: string): Promise<KubeObject> {
  await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(pool({}, name)) });
  return await seen(name);
}

const label = (name: string, text: string) => kube.kubectl(['label', 'rbdpool', name, '-n', 'openstack', text]);

const patch = (name: string, finalizers: readonly string[]) =>
  kube.kubectl(['patch', 'rbdpool', name, '-n', 'openstack', '--type=merge', '-p', finalizersPatch(finalizers)]);

const finalizersPatch = (finalizers: readonly string[]) => JSON.stringify({ metadata: { finalizers } });

const remove = (name: string) => kube.kubectl(['delete', 'rbdpool', name, '-n', 'openstack', '--wait=false']);

test('hold() adds our finalizer to those that stand there, also when the object has changed since it was seen', async () => {
  const old = await made('images');
  await patch('images', ['example.org/another']);
  await operator.holdPool(old);
  assert.deepEqual((await seen('images')).metadata.finalizers, ['example.org/another', finalizer]);
  const { resourceVersion } = (await seen('images')).metadata;
  await operator.holdPool(old);
  assert.equal((await seen('images')).metadata.resourceVersion, resourceVersion, 'one that is there is not written');
});

test('release() takes off ours alone, and refuses to write over what it has not seen', async () => {
  const old = await seen('images');
  await label('images', 'a=b');
  await assert.rejects(operator.releasePool(old), isConflict);
  await operator.releasePool(await seen('images'));
  assert.deepEqual((await seen('images')).metadata.finalizers, ['example.org/another']);
});

test('hold() refuses an object that is being deleted, seen or not, and release() lets it go', async () => {
  const old = await made('volumes');
  await operator.holdPool(old);
  const unsuspecting = await seen('images');
  await remove('volumes');
  await remove('images');
  await assert.rejects(operator.holdPool(unsuspecting), isConflict);
  await assert.rejects(operator.holdPool(await seen('images')), isConflict);
  await patch('images', []);
  assert.equal(await look('images'), undefined);
  await operator.releasePool(await seen('volumes'));
  assert.equal(await look('volumes'), undefined);
});

test('hold() refuses another object under the same name', async () => {
  const old = await made('vms');
  await remove('vms');
  await made('vms');
  await assert.rejects(operator.holdPool(old));
  assert.equal((await seen('vms')).metadata.finalizers, undefined);
});
