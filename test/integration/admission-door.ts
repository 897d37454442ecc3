import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { type Kube, startKube } from '../../lab/kube.ts';
import type { KubeVersion } from '../../lab/kube-tools.ts';
import { cephClientAuthKind } from '../../src/api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../src/api/ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from '../../src/api/ceph-openstack-host.ts';
import { customResourceDefinition } from '../../src/api/generate-crd.ts';
import { rbdPoolKind } from '../../src/api/rbd-pool.ts';
import type { ApiObject } from '../api-objects.ts';

export const kinds = [rbdPoolKind, cephClientAuthKind, cephOpenStackBindingKind, cephOpenStackHostKind];

interface Answer {
  readonly code: number;
  readonly message: string;
  /** Each complaint, with the field it is about. */
  readonly causes: readonly { readonly field: string; readonly message: string }[];
}

/** An API server with our definitions, which lets objects in or not. */
export interface Door extends AsyncDisposable {
  readonly kube: Kube;
  /** Sends an object, strictly: an unknown field is refused too. Nothing is kept unless `keep` says so. */
  send(method: 'POST' | 'PUT' | 'DELETE', object: ApiObject, options?: { keep?: boolean }): Promise<Answer>;
  /** Runs something while the definition of a kind lacks the rules that came after its first objects. */
  withoutNewRules(kind: string, run: () => Promise<void>): Promise<void>;
  /** The object as a change of the one that is there. */
  withVersion(object: ApiObject): Promise<ApiObject>;
}

export async function startDoor(version: KubeVersion): Promise<Door> {
  await using started = new AsyncDisposableStack();
  const kube = started.use(await startKube({ name: 'admission', version }));
  const login = new KubeConfig();
  login.loadFromFile(kube.kubeconfig);
  const agent = started.adopt(new Agent({ keepAlive: true, maxSockets: 8 }), (one) => one.destroy());
  await kube.kubectl(['apply', '--server-side', '-f', 'crds']);
  await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  await kube.kubectl(['create', 'namespace', 'openstack']);
  const running = started.move();
  return {
    kube,
    send: (...request) => send({ kube, login, agent }, ...request),
    withoutNewRules: (kind, run) => withoutNewRules(kube, kind, run),
    withVersion: (object) => withVersion(kube, object),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function send(
  { kube, login, agent }: { kube: Kube; login: KubeConfig; agent: Agent },
  method: 'POST' | 'PUT' | 'DELETE',
  { kind, metadata, ...rest }: ApiObject,
  options: { keep?: boolean } = {},
): Promise<Answer> {
  const plural = kinds.find((known) => known.kind === kind)?.plural;
  const name = method === 'POST' ? '' : `/${metadata.name}`;
  const query = `fieldValidation=Strict${options.keep ? '' : '&dryRun=All'}`;
  const url = new URL(`/apis/cephopenstack.io/v1alpha1/namespaces/openstack/${plural}${name}?${query}`, kube.server);
  const tls: { cert?: Buffer; key?: Buffer; ca?: Buffer } = {};
  await login.applyToHTTPSOptions(tls);
  const body = method === 'DELETE' ? '' : JSON.stringify({ kind, metadata, ...rest });
  return await new Promise((resolve, reject) => {
    const call = request(
      url,
      { ...tls, agent, method, headers: { 'content-type': 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const status = JSON.parse(Buffer.concat(chunks).toString());
          resolve({
            code: response.statusCode ?? 0,
            message: status.message ?? '',
            causes: (status.details?.causes ?? []).filter(isComplaint),
          });
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** A wrong type keeps the API server from checking rules, which it says as if it were another complaint. */
function isComplaint(cause: { message: string }): boolean {
  return !cause.message.includes('some validation rules were not checked');
}

/** The rules of the definition that only the API server knows, since objects were let in before there were any. */
const newRules = /write cinder for client.cinder|write the port in port|must be four numbers/;

async function withoutNewRules(kube: Kube, kind: string, run: () => Promise<void>): Promise<void> {
  const definition = kinds.find((known) => known.kind === kind);
  assert.ok(definition);
  const whole = JSON.stringify(customResourceDefinition(definition));
  const older = JSON.stringify(JSON.parse(whole), (key, value) =>
    key === 'x-kubernetes-validations'
      ? value.filter(({ message }: { message: string }) => !newRules.test(message))
      : value,
  );
  const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
  await kube.kubectl(apply, { input: older });
  try {
    await run();
  } finally {
    await kube.kubectl(apply, { input: whole });
  }
}

async function withVersion(kube: Kube, object: ApiObject): Promise<ApiObject> {
  const printed = await kube.kubectl(['get', object.kind, object.metadata.name, '-n', 'openstack', '-o', 'json']);
  return { ...object, metadata: { ...object.metadata, ...JSON.parse(printed).metadata } };
}
