import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { guideModel } from '../../openstack/model.fixture.ts';
import { Secret } from '../../secret.ts';
import { hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import type { SeenHost } from './observed.ts';
import { planHost } from './plan.ts';

const compute: readonly Role[] = ['NovaCompute'];

/** A key that looks like one and opens nothing. */
function keyOfType(type: 1 | 2): Secret {
  const length = type === 1 ? 16 : 32;
  const bytes = Buffer.alloc(12 + length, 7);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(length, 10);
  return new Secret(bytes.toString('base64'));
}

/** A compute that is laid out, with this librados, and where access with such a key ended as said. */
function look(librados: string, type: 1 | 2, access: 'opened' | 'refused' | 'not looked at'): SeenHost {
  const machine = new Machine(compute);
  const key = keyOfType(type);
  machine.keys = new Map([
    ['cloud-cinder-ceph-client', { key, keyring: new Secret(`[client.cinder]\n\tkey = ${key.reveal()}\n`) }],
  ]);
  const rendered = desiredFor(compute, { verifyAccess: access !== 'not looked at' }, machine.keys);
  settle(machine, hostObject(compute), undefined, rendered);
  const seen = machine.look(undefined, rendered);
  const [check] = rendered.access;
  const looked = check === undefined ? [] : [proofOf(check, access === 'opened')];
  const packages = { ...seen.facts.packages, librados2: { version: librados, status: 'installed' } };
  return { ...seen, facts: { ...seen.facts, packages, access: looked } };
}

function proofOf(check: SeenHost['facts']['access'][number]['check'], ok: boolean) {
  return ok ? ({ check, ok } as const) : ({ check, ok, problem: 'login: invalid argument.', asked: true } as const);
}

for (const [what, seen, reason] of [
  ['an old librados is refused with a new type of key', look('2:18.2.7+ds-1', 2, 'refused'), 'KeyTypeUnsupported'],
  ['an old librados is refused with an old type of key', look('2:18.2.7+ds-1', 1, 'refused'), 'AccessDenied'],
  ['a new librados is refused', look('20.2.4-0.el9', 2, 'refused'), 'AccessDenied'],
  ['a distribution has mended an old librados', look('2:18.2.7+ds-1+deb13u9', 2, 'opened'), undefined],
  ['nothing is proved and librados is old', look('2:18.2.7+ds-1', 2, 'not looked at'), 'KeyTypeUnsupported'],
  ['nothing is proved and librados is new', look('2:20.2.4-1', 2, 'not looked at'), undefined],
] as const) {
  test(`planHost() says ${reason ?? 'nothing'} of access, when ${what}`, () => {
    const { hold } = planHost(hostObject(compute), seen);
    assert.equal(hold?.reason, reason);
    assert.equal(hold?.stalled ?? false, reason === 'KeyTypeUnsupported');
    if (reason === 'AccessDenied')
      assert.match(hold?.message ?? '', /; compare what "ceph auth get client\.cinder" prints/);
    if (reason === 'KeyTypeUnsupported') assert.match(hold?.message ?? '', /18\.2\.7.* client\.cinder.*aes256k/);
  });
}

for (const [cluster, reason, says] of [
  ['ceph-east', 'KeyTypeUnsupported', /log in as client\.cinder,/],
  ['ceph', 'AccessDenied', /nova as client\.cinder on pool volumes with \/etc\/ceph\/ceph\.conf: login/],
] as const) {
  test(`planHost() judges a user by its key in its own cluster, when ${cluster} refuses it`, () => {
    const machine = new Machine(compute);
    const keys = [keyOfType(1), keyOfType(2)] as const;
    machine.keys = new Map(
      ['cloud-cinder-ceph-client', 'east-ceph-client'].map((name, index) => {
        const key = keys[index] ?? keys[0];
        return [name, { key, keyring: new Secret(`[client.cinder]\n\tkey = ${key.reveal()}\n`) }];
      }),
    );
    const [here] = guideModel.cinder?.backends ?? [];
    assert.ok(here !== undefined);
    const conf = { path: '/etc/ceph/ceph-east.conf', content: '[global]\nfsid = e\n' };
    const client = { ...here.client, secretName: 'east-ceph-client' };
    const libvirtSecret = { uuid: '8d3ae4a0-6d3e-4f52-a4a4-3f0f7b0c5d11', keep: [] };
    const backends = [here, { ...here, name: 'east', section: 'east', conf, client, libvirtSecret }];
    const rendered = desiredFor(compute, { cinder: { backends } }, machine.keys);
    settle(machine, hostObject(compute), undefined, rendered);
    const seen = machine.look(undefined, rendered);
    const access = rendered.access.map((check) => proofOf(check, check.conf !== `/etc/ceph/${cluster}.conf`));
    const packages = { ...seen.facts.packages, librados2: { version: '2:18.2.7+ds-1', status: 'installed' } };
    const { hold } = planHost(hostObject(compute), { ...seen, facts: { ...seen.facts, packages, access } });
    assert.equal(hold?.reason, reason);
    assert.match(hold?.message ?? '', says);
  });
}
