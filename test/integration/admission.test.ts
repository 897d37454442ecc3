import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { after, describe, it } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { eventually } from '../../lab/eventually.ts';
import { startKube } from '../../lab/kube.ts';
import { cephClientAuthKind } from '../../src/api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../src/api/ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from '../../src/api/ceph-openstack-host.ts';
import { customResourceDefinition } from '../../src/api/generate-crd.ts';
import { rbdPoolKind } from '../../src/api/rbd-pool.ts';
import type { ApiObject } from '../api-objects.ts';
import { hostileObjects } from '../hostile-values.ts';
import { badBindings, badClients, badHosts, badPools } from './admission-cases.ts';
import { oldObjects, transitions } from './admission-transitions.ts';
import { goodObjects } from './admitted-cases.ts';

const kinds = [rbdPoolKind, cephClientAuthKind, cephOpenStackBindingKind, cephOpenStackHostKind];

const kube = await startKube({ name: 'admission' });
const login = new KubeConfig();
login.loadFromFile(kube.kubeconfig);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
after(async () => {
  agent.destroy();
  await kube[Symbol.asyncDispose]();
});

await kube.kubectl(['apply', '--server-side', '-f', 'crds']);
await kube.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
await kube.kubectl(['create', 'namespace', 'openstack']);

interface Answer {
  readonly code: number;
  readonly message: string;
  /** Each complaint, with the field it is about. */
  readonly causes: readonly { readonly field: string; readonly message: string }[];
}

/** Sends an object, strictly: an unknown field is refused too. Nothing is kept unless `keep` says so. */
async function send(
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

describe('admission refuses', () => {
  for (const { what, object, says } of [...badPools, ...badClients, ...badBindings, ...badHosts]) {
    it(`${object.kind}: ${what}`, async () => {
      const answer = await send('POST', object);
      assert.ok([400, 422].includes(answer.code), `${answer.code} ${answer.message}`);
      assert.ok(answer.message.includes(says), answer.message);
      assert.ok(answer.causes.length <= 1, answer.message);
    });
  }
});

describe('admission takes', () => {
  for (const [what, object] of Object.entries(goodObjects)) {
    it(`${object.kind}: ${what}`, async () => {
      const answer = await send('POST', object);
      assert.equal(answer.code, 201, answer.message);
    });
  }
});

describe('admission holds to what was written', () => {
  for (const { what, from, to, says } of transitions) {
    it(`${from.kind}: ${what}`, async () => {
      const made = await send('POST', from, { keep: true });
      assert.equal(made.code, 201, made.message);
      try {
        const answer = await send('PUT', await withVersion(to));
        if (says === undefined) assert.equal(answer.code, 200, answer.message);
        else {
          assert.equal(answer.code, 422, answer.message);
          assert.ok(answer.message.includes(says), answer.message);
          assert.equal(answer.causes.length, 1, answer.message);
        }
      } finally {
        await send('DELETE', from, { keep: true });
      }
    });
  }
});

describe('admission leaves alone what stood before a rule', () => {
  for (const { what, from, to, says } of oldObjects) {
    it(`${from.kind}: ${what}`, async () => {
      await withoutNewRules(from.kind, async () => {
        await eventually(async () => assert.equal((await send('POST', from, { keep: true })).code, 201));
      });
      try {
        // The API server learns of its rules in its own time: until then it refuses nothing.
        await eventually(async () => assert.equal((await send('POST', from)).code, 422));
        const answer = await send('PUT', await withVersion(to));
        assert.equal(answer.code, says === undefined ? 200 : 422, answer.message);
        assert.ok(answer.message.includes(says ?? ''), answer.message);
      } finally {
        await send('DELETE', from, { keep: true });
      }
    });
  }
});

/** The rules of the definition that only the API server knows, since objects were let in before there were any. */
const newRules = /write cinder for client.cinder|write the port in port|must be four numbers/;

async function withoutNewRules(kind: string, run: () => Promise<void>): Promise<void> {
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

async function withVersion(object: ApiObject): Promise<ApiObject> {
  const printed = await kube.kubectl(['get', object.kind, object.metadata.name, '-n', 'openstack', '-o', 'json']);
  return { ...object, metadata: { ...object.metadata, ...JSON.parse(printed).metadata } };
}

describe('admission refuses hostile values', () => {
  for (const kind of kinds) {
    it(`in every string field of ${kind.kind}`, async () => {
      for (const { what, object, field } of hostileObjects(kind)) {
        const answer = await send('POST', object);
        assert.equal(answer.code, 422, `${what}: ${answer.message.slice(0, 500)}`);
        const about = answer.causes.map((cause) => cause.field.replaceAll('[a]', '.a'));
        assert.ok(about.includes(field), `${what}: complaints about ${about.join(', ')}, not about ${field}`);
      }
    });
  }
});
