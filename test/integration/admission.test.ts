import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { type KubeVersion, kubeVersions } from '../../lab/kube-tools.ts';
import { hostileObjects } from '../hostile-values.ts';
import { badBindings, badClients, badHosts, badPools } from './admission-cases.ts';
import { type Door, kinds, startDoor } from './admission-door.ts';
import { emptied, oldObjects, transitions } from './admission-transitions.ts';
import { goodObjects } from './admitted-cases.ts';

for (const version of kubeVersions) {
  describe(`on the ${version} Kubernetes`, () => holdsTheContract(version));
}

function holdsTheContract(version: KubeVersion): void {
  let door: Door;
  before(async () => {
    door = await startDoor(version);
  });
  after(() => door[Symbol.asyncDispose]());

  describe('admission refuses', () => {
    for (const { what, object, says } of [...badPools, ...badClients, ...badBindings, ...badHosts]) {
      it(`${object.kind}: ${what}`, async () => {
        const answer = await door.send('POST', object);
        assert.ok([400, 422].includes(answer.code), `${answer.code} ${answer.message}`);
        assert.ok(answer.message.includes(says), answer.message);
        assert.ok(answer.causes.length <= 1, answer.message);
      });
    }
  });

  describe('admission takes', () => {
    for (const [what, object] of Object.entries(goodObjects)) {
      it(`${object.kind}: ${what}`, async () => {
        const answer = await door.send('POST', object);
        assert.equal(answer.code, 201, answer.message);
      });
    }
  });

  describe('admission holds to what was written', () => {
    for (const { what, from, to, says } of transitions) {
      it(`${from.kind}: ${what}`, async () => {
        const made = await door.send('POST', from, { keep: true });
        assert.equal(made.code, 201, made.message);
        try {
          const answer = await door.send('PUT', await door.withVersion(to));
          if (says === undefined) assert.equal(answer.code, 200, answer.message);
          else {
            assert.equal(answer.code, 422, answer.message);
            assert.ok(answer.message.includes(says), answer.message);
            assert.equal(answer.causes.length, 1, answer.message);
          }
        } finally {
          await door.send('DELETE', from, { keep: true });
        }
      });
    }
  });

  describe('server-side apply', () => {
    for (const [full, empty] of emptied) {
      it(`takes ${JSON.stringify(empty.spec)} after ${JSON.stringify(full.spec)}`, async () => {
        const apply = ['apply', '--server-side', '-f', '-'];
        try {
          await door.kube.kubectl(apply, { input: JSON.stringify(full) });
          await door.kube.kubectl(apply, { input: JSON.stringify(empty) });
          const { kind, metadata } = empty;
          const printed = await door.kube.kubectl(['get', kind, metadata.name, '-n', metadata.namespace, '-o=json']);
          const { spec } = JSON.parse(printed);
          for (const [field, value] of Object.entries(empty.spec)) assert.deepEqual(spec[field], value);
        } finally {
          await door.send('DELETE', full, { keep: true });
        }
      });
    }
  });

  describe('admission leaves alone what stood before a rule', () => {
    for (const { what, from, to, says } of oldObjects) {
      it(`${from.kind}: ${what}`, async () => {
        await door.withoutNewRules(from.kind, async () => {
          await eventually(async () => assert.equal((await door.send('POST', from, { keep: true })).code, 201));
        });
        try {
          // The API server learns of its rules in its own time: until then it refuses nothing.
          await eventually(async () => assert.equal((await door.send('POST', from)).code, 422));
          const answer = await door.send('PUT', await door.withVersion(to));
          assert.equal(answer.code, says === undefined ? 200 : 422, answer.message);
          assert.ok(answer.message.includes(says ?? ''), answer.message);
        } finally {
          await door.send('DELETE', from, { keep: true });
        }
      });
    }
  });

  describe('admission refuses hostile values', () => {
    for (const kind of kinds) {
      it(`in every string field of ${kind.kind}`, async () => {
        for (const { what, object, field } of hostileObjects(kind)) {
          const answer = await door.send('POST', object);
          assert.equal(answer.code, 422, `${what}: ${answer.message.slice(0, 500)}`);
          const about = answer.causes.map((cause) => cause.field.replaceAll('[a]', '.a'));
          assert.ok(about.includes(field), `${what}: complaints about ${about.join(', ')}, not about ${field}`);
        }
      });
    }
  });
}
