import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import type { ManifestHost } from '../../hosts/manifest.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { listsMachine } from './ownership.ts';
import { planHost } from './plan.ts';

const compute: readonly Role[] = ['NovaCompute'];
const host = hostObject(compute);
const desired = desiredFor(compute);

function wired(): Machine {
  const machine = new Machine(compute);
  settle(machine, host, desired);
  return machine;
}

function manifestOf(machine: Machine) {
  assert.ok(machine.manifest !== undefined, 'no manifest');
  return machine.manifest;
}

/** The same machine under another name or place of its binding. */
function comeAs(machine: Machine, as: ManifestHost, former: Machine['former']): void {
  machine.owner = { ...machine.owner, host: as };
  machine.former = former;
  machine.restarts = [];
}

const h2 = { name: 'h2', address: 'h1.example' };

test('planHost() refuses a second host of its binding on one machine, and names the first', () => {
  const machine = wired();
  comeAs(machine, h2, 'lists-it');
  const { hold, stages } = planHost(host, machine.look(desired));
  assert.deepEqual(stages, []);
  assert.equal(hold?.reason, 'Conflict');
  assert.match(hold?.message ?? '', /is host "h1" \(192\.0\.2\.1\) of this binding already: take "h2" or "h1" off/);
});

test('planHost() undoes nothing on a machine for a second name that is taken off again', () => {
  const machine = wired();
  const before = new Map([...machine.files].map(([path, file]) => [path, file.text]));
  comeAs(machine, h2, 'lists-it');
  assert.deepEqual(planHost(deleted(host), machine.look()), { stages: [] });
  assert.deepEqual(new Map([...machine.files].map(([path, file]) => [path, file.text])), before);
});

test('planHost() goes on under a new name with one write of the manifest, and no restart', () => {
  for (const as of [h2, { name: 'h1', address: '192.0.2.9' }, { name: 'h1', address: '192.0.2.1', port: 22 }]) {
    const machine = wired();
    comeAs(machine, as, 'let-go');
    const steps = settle(machine, host, desired);
    assert.deepEqual(
      steps.map(({ verb }) => verb),
      ['write-manifest'],
    );
    assert.deepEqual(manifestOf(machine).owner.host, as);
  }
});

test('planHost() cleans a machine under its new name', () => {
  const machine = wired();
  comeAs(machine, h2, 'let-go');
  settle(machine, deleted(host));
  assert.equal(machine.manifest, undefined);
  assert.equal(machine.secrets.size, 0);
});

test('planHost() takes a manifest without a name as its own, and names itself at the next write only', () => {
  const machine = wired();
  const { host: _, ...nameless } = machine.owner;
  machine.manifest = { ...manifestOf(machine), owner: nameless };
  assert.deepEqual(planHost(host, machine.look(desired, desired)), { stages: [] });
  assert.equal(manifestOf(machine).owner.host, undefined);
  const later = { ...desired, switch: { ...desired.switch, options: desired.switch.options.slice(0, -1) } };
  settle(machine, host, later);
  assert.deepEqual(manifestOf(machine).owner.host, machine.owner.host);
});

const cloud = { installation: 'lab', namespace: 'openstack', name: 'cloud' };
const own = { ...cloud, host: h2 };
const h1 = { name: 'h1', address: '192.0.2.1' };
const tables: readonly {
  readonly name: string;
  readonly hosts: readonly ManifestHost[];
  readonly owner?: Parameters<typeof listsMachine>[1];
  readonly lists: boolean;
}[] = [
  { name: 'the first of two names', hosts: [h1, h2], lists: true },
  { name: 'the first of two names, with a port by now', hosts: [{ ...h1, port: 22 }, h2], lists: true },
  { name: 'a former name', hosts: [h2], lists: false },
  { name: 'a name that moved to another machine', hosts: [{ ...h1, address: '192.0.2.7' }, h2], lists: false },
  { name: 'a manifest without a name', hosts: [h1, h2], owner: cloud, lists: false },
  {
    name: 'another binding by our address',
    hosts: [{ ...h2, name: 'x' }],
    owner: { ...cloud, name: 'b' },
    lists: true,
  },
  { name: 'another binding by its own', hosts: [h1], owner: { ...cloud, name: 'b', host: h1 }, lists: true },
  { name: 'another binding that let go', hosts: [], owner: { ...cloud, name: 'b', host: h1 }, lists: false },
];

for (const { name, hosts, owner = { ...cloud, host: h1 }, lists } of tables) {
  test(`listsMachine() says ${lists} of ${name}`, () => {
    assert.equal(listsMachine(hosts, owner, own), lists);
  });
}
