import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator';
import { pino } from 'pino';
import { eventually } from '../../lab/eventually.ts';
import { type Kube, startKube } from '../../lab/kube.ts';
import { BaseOperator } from '../../src/kube/base-operator.ts';
import { isConflict } from '../../src/kube/kube-error.ts';
import { pool } from '../api-objects.ts';

/** What the framework offers to those who extend it, made callable. */
class OpenOperator extends BaseOperator {
  readonly events: ResourceEvent[] = [];

  protected override async init(): Promise<void> {
    await this.watchResource('cephopenstack.io', 'v1alpha1', 'rbdpools', async (event) => {
      this.events.push(event);
      throw new Error('A handler that throws ends nothing.');
    });
  }
  override async stop(): Promise<void> {
    this.watching.abort();
    await Promise.all(this.reflectors.map((reflector) => reflector.ended));
    await this.transport.close();
  }
  register(file: string) {
    return this.registerCustomResourceDefinition(file);
  }
  uri(namespace?: string) {
    return this.getCustomResourceApiUri('cephopenstack.io', 'v1alpha1', 'rbdpools', namespace);
  }
  status(meta: ResourceMeta, status: unknown) {
    return this.setResourceStatus(meta, status);
  }
  patchStatus(meta: ResourceMeta, status: unknown) {
    return this.patchResourceStatus(meta, status);
  }
  finalizers(meta: ResourceMeta, finalizers: string[]) {
    return this.setResourceFinalizers(meta, finalizers);
  }
}

let kube: Kube;
let operator: OpenOperator;
before(async () => {
  kube = await startKube({ name: 'kube-base-operator' });
  await kube.kubectl(['create', 'namespace', 'openstack']);
  operator = new OpenOperator(pino({ level: 'silent' }), kube.kubeconfig);
});
after(async () => {
  await operator.stop();
  await kube[Symbol.asyncDispose]();
});

const last = () => {
  const event = operator.events.at(-1);
  assert.ok(event !== undefined);
  return event;
};

test('registerCustomResourceDefinition() keeps the rules, and may be called again', async () => {
  for (const _ of [1, 2]) {
    const { group, plural } = await operator.register('crds/cephopenstack.io_rbdpools.yaml');
    assert.deepEqual([group, plural], ['cephopenstack.io', 'rbdpools']);
  }
  const crd = await kube.kubectl(['get', 'crd', 'rbdpools.cephopenstack.io', '-o', 'json']);
  assert.match(crd, /x-kubernetes-validations/);
  await kube.kubectl(['wait', '--for=condition=Established', 'crd/rbdpools.cephopenstack.io']);
});

test('getCustomResourceApiUri() names the server of the kubeconfig', () => {
  assert.equal(operator.uri('a'), `${kube.server}/apis/cephopenstack.io/v1alpha1/namespaces/a/rbdpools`);
});

test('start() watches, and a handler that throws ends nothing', async () => {
  await operator.start();
  await kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(pool({}, 'images')) });
  await eventually(() => assert.equal(last().type, 'ADDED'));
  await kube.kubectl(['label', 'rbdpool', 'images', '-n', 'openstack', 'a=b']);
  await eventually(() => assert.equal(last().type, 'MODIFIED'));
  assert.deepEqual([last().meta.name, last().meta.namespace, last().meta.kind], ['images', 'openstack', 'RbdPool']);
});

test('setResourceStatus() and patchResourceStatus() write, and throw when the object is not there', async () => {
  await operator.status(last().meta, { poolID: 7, observedGeneration: 1 });
  await operator.patchStatus(last().meta, { poolID: 8 });
  await eventually(() => {
    const object = last().object as unknown as { status: unknown };
    assert.deepEqual(object.status, { poolID: 8, observedGeneration: 1 });
  });
  const missing = { ...last().meta, name: 'missing' };
  await assert.rejects(operator.status(missing, {}), { code: 404 });
  await assert.rejects(operator.patchStatus(missing, {}), { code: 404 });
});

test('setResourceFinalizers() refuses to write over what it has not seen', async () => {
  const { meta } = last();
  await kube.kubectl(['label', 'rbdpool', 'images', '-n', 'openstack', 'c=d']);
  await assert.rejects(operator.finalizers(meta, ['cephopenstack.io/finalizer']), isConflict);
  await eventually(() => assert.notEqual(last().meta.resourceVersion, meta.resourceVersion));
  await operator.finalizers(last().meta, ['cephopenstack.io/finalizer']);
  await eventually(() => assert.deepEqual(last().object.metadata?.finalizers, ['cephopenstack.io/finalizer']));
  await operator.finalizers(last().meta, []);
  await kube.kubectl(['delete', 'rbdpool', 'images', '-n', 'openstack']);
  await eventually(() => assert.equal(last().type, 'DELETED'));
});
