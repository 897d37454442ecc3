import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { load } from 'js-yaml';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { startWorld } from '../../lab/world.ts';
import { cephClientAuthKind } from '../../src/api/ceph-client-auth.ts';
import { cephOpenStackBindingKind } from '../../src/api/ceph-openstack-binding.ts';
import { cephOpenStackHostKind } from '../../src/api/ceph-openstack-host.ts';
import { rbdPoolKind } from '../../src/api/rbd-pool.ts';
import type { KindDefinition } from '../../src/api/resource.ts';
import { type ApiObject, binding, client, pool } from '../api-objects.ts';
import { hostileObjects, hostileValues } from '../hostile-values.ts';
import { pools, users } from './seen-ceph.ts';
import { fileOn, optionsOn, traceOf } from './seen-host.ts';
import { allReady, isReady, objects, readyOf, soon } from './story.ts';
import { heldBack, ready } from './waiting.ts';

/*
 * Values that want to be more than one value. Whatever admission would refuse is sent past it, as an older or a
 * tampered definition would let it through: the operator refuses it by itself. Secrets have no admission at all. What is
 * free text by nature arrives to the letter and is never run.
 */

const world = await startWorld({
  hosts: [{ name: 'ctl1', layer: 'controller', roles: ['GlanceApi'] }],
  policy: { rawCaps: true, extraConfig: { 'glance-api.conf': { DEFAULT: ['*'] } } },
});
after(() => world[Symbol.asyncDispose]());
const { ceph } = world;
const host = world.host('ctl1');
let operator: OperatorProcess;

const kinds = [rbdPoolKind, cephClientAuthKind, cephOpenStackBindingKind, cephOpenStackHostKind];
const inCeph = async () => [[...(await pools(ceph)).keys()], [...(await users(ceph)).keys()]];

before(async () => {
  operator = await world.startOperator({ CEPH_LOOK_SECONDS: '2', HOST_LOOK_SECONDS: '5' });
});

function nothingWasRun(): void {
  assert.ok(!existsSync('/tmp/owned'), 'a value was run as a command on the operator’s machine');
}

describe('free text', () => {
  const hostile = `$(touch /tmp/owned) \`touch /tmp/owned\` "double" 'single' ../../etc/passwd \\ # ; % {} $HOME é`;

  it('arrives in a service’s file to the letter, and runs nowhere', async () => {
    await world.apply(
      binding(
        {
          hosts: [{ name: 'ctl1', address: host.address, roles: ['GlanceApi'] }],
          cinder: undefined,
          cinderBackup: undefined,
          nova: undefined,
          extraConfig: { 'glance-api.conf': { DEFAULT: { story_of_a_value: hostile } } },
        },
        'cloud',
      ),
    );
    await allReady(world);
    const text = (await fileOn(host, '/etc/glance/glance-api.conf'))?.content.reveal() ?? '';
    assert.ok(text.split('\n').includes(`story_of_a_value = ${hostile}`), text);
    const option = await optionsOn(host, '/etc/glance/glance-api.conf');
    assert.equal(option('DEFAULT', 'story_of_a_value'), hostile);
    assert.equal(await fileOn(host, '/tmp/owned'), undefined);
    nothingWasRun();
  });

  it('in caps is refused by Ceph, in a sentence, and by nobody else', async () => {
    await world.apply(client({ access: undefined, caps: { mon: `allow r, ${hostile}` } }, 'cinder-raw'));
    await heldBack(world, 'cephclientauth', 'cinder-raw', ['Failed', 'InvalidSpec']);
    assert.ok(!(await users(ceph)).has('client.cinder-raw'));
    await world.kubectl(['delete', 'cephclientauth', 'cinder-raw', '--timeout=30s']);
    nothingWasRun();
  });
});

describe('a connection Secret', () => {
  const good = async () => (await world.get('secret', 'ceph-main')).data as Record<string, string>;

  it('with hostile values is named as invalid, field by field, and harms nobody', async () => {
    const { monHost, userID, userKey, fsid } = await good();
    const fields: Record<string, string | undefined> = { monHost, userID, userKey, fsid };
    const names: string[] = [];
    for (const field of [...Object.keys(fields), 'policy', 'ceph.conf', 'keyring']) {
      for (const [what, value] of Object.entries(hostileValues)) {
        const name = `${field}-${what}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
        const data: Record<string, string | undefined> = { ...fields };
        if (field === 'ceph.conf') delete data.monHost;
        if (field === 'keyring') delete data.userKey;
        data[field] = Buffer.from(value).toString('base64');
        await world.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: world.namespace }, data });
        names.push(name);
      }
    }
    await world.apply(...names.map((name) => pool({ cluster: { secretName: name } }, name)));
    const before = await inCeph();
    for (const name of names) {
      const reasons = [
        'ConnectionInvalid',
        'CephUnreachable',
        'CephAccessDenied',
        'WrongCluster',
        'PolicyForbids',
      ] as const;
      const sentence = await heldBack(world, 'rbdpool', name, reasons, /./, { timeoutMs: 90_000 });
      assert.ok(sentence.length < 2_000, name);
      assert.doesNotMatch(sentence, /\p{Cc}/u, name);
      assert.ok(userKey === undefined || !sentence.includes(Buffer.from(userKey, 'base64').toString()), name);
    }
    assert.deepEqual(await inCeph(), before);
    await world.kubectl(['delete', 'rbdpool', ...names]);
    nothingWasRun();
  });
});

describe('an SSH Secret', () => {
  it('with hostile values is named as invalid, field by field, and harms nobody', async () => {
    const { data: good } = await world.get('secret', 'fleet-ssh');
    const before = await traceOf(host);
    const names: string[] = [];
    for (const field of ['ssh-privatekey', 'known_hosts', 'user', 'port', 'jump', 'policy']) {
      for (const [what, value] of Object.entries(hostileValues)) {
        const name = `${field}-${what}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
        const data = { ...good, [field]: Buffer.from(value).toString('base64') };
        await world.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: world.namespace }, data });
        const object: ApiObject = {
          ...binding({}, name),
          kind: 'CephOpenStackHost',
          spec: {
            bindingName: 'other',
            hostName: 'ctl1',
            address: host.address,
            roles: ['GlanceApi'],
            ssh: { secretName: name },
          },
        };
        await world.apply(object);
        names.push(name);
      }
    }
    for (const name of names) {
      const reasons = ['SshInvalid', 'HostKeyUnknown', 'HostUnreachable', 'ConnectionInvalid', 'SshRefused'] as const;
      const sentence = await heldBack(world, 'coh', name, reasons, /./, { timeoutMs: 90_000 });
      assert.ok(sentence.length < 2_000, name);
      assert.doesNotMatch(sentence, /\p{Cc}|PRIVATE KEY/u, name);
    }
    assert.deepEqual(await traceOf(host), before);
    await world.kubectl(['delete', 'coh', ...names]);
    nothingWasRun();
  });
});

describe('past admission', () => {
  it('no hostile value of any field is worked with: each object says so and nothing happens', async () => {
    await world.kubectl(['delete', 'cob', 'cloud', '--ignore-not-found', '--timeout=60s']);
    const [before, tracesBefore] = [await inCeph(), await traceOf(host)];
    for (const kind of kinds) await openDefinition(kind);
    const all = kinds.flatMap((kind) => numbered(kind));
    for (let from = 0; from < all.length; from += 50) await world.apply(...all.slice(from, from + 50));
    const names = new Set(all.map(({ metadata }) => metadata.name));
    const sent = async () => (await objects(world)).filter(({ metadata }) => names.has(metadata.name));
    await soon(
      world,
      'each object says that it is invalid',
      async () => {
        const wrong = (await sent())
          .filter((object) => readyOf(object)?.reason !== 'InvalidSpec')
          .map((object) => `${object.kind}/${object.metadata.name}: ${readyOf(object)?.reason}`);
        assert.deepEqual(wrong.slice(0, 10), []);
      },
      { timeoutMs: 120_000 },
    );
    for (const object of await sent()) {
      const message = readyOf(object)?.message ?? '';
      assert.ok(message.length < 2_000, object.metadata.name);
      assert.doesNotMatch(message, /\p{Cc}/u, object.metadata.name);
    }
    assert.deepEqual(await inCeph(), before);
    assert.deepEqual(await traceOf(host), tracesBefore);
    nothingWasRun();
  });

  it('and the operator works on for others', async () => {
    assert.ok(operator.running);
    await world.apply(pool({}, 'volumes'));
    assert.ok(isReady(await ready(world, 'rbdpool', 'volumes')));
  });

  /** The kind's definition without a rule: any object is taken. */
  async function openDefinition({ plural }: KindDefinition): Promise<void> {
    const file = (await readdir('crds')).find((name) => name.includes(plural)) ?? '';
    const definition = load(await readFile(`crds/${file}`, 'utf8')) as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: Record<string, unknown> } } }[] };
    };
    for (const version of definition.spec.versions) {
      const { openAPIV3Schema: schema } = version.schema;
      version.schema.openAPIV3Schema = {
        ...schema,
        properties: { ...schema.properties, spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      };
      delete (version.schema.openAPIV3Schema as Record<string, unknown>)['x-kubernetes-validations'];
    }
    await world.kube.kubectl(['replace', '-f', '-'], { input: JSON.stringify(definition) });
  }

  /** One object for each field and class of value; of great kinds, a class for each field in turn. */
  function numbered(kind: KindDefinition): readonly ApiObject[] {
    const classes = Object.keys(hostileValues);
    const all = [...hostileObjects(kind)].filter(({ what }) => !what.includes('300 KB'));
    const some = all.length > 200 ? all.filter((_, index) => index % classes.length === index % 5) : all;
    return some.map(({ object }, index) => ({
      ...object,
      metadata: { ...object.metadata, name: `${kind.plural}-${index}` },
    }));
  }
});
