import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { guideModel } from '../../openstack/model.fixture.ts';
import type { GlanceModel } from '../../openstack/model.ts';
import { deleted, hostObject } from './host.fixture.ts';
import { desiredFor, Machine, settle } from './machine.fixture.ts';
import { planHost } from './plan.ts';

const file = '/etc/glance/glance-api.conf';
const roles: readonly Role[] = ['GlanceApi'];
const host = hostObject(roles);
const oneStore = guideModel.glance ?? assert.fail();
const [rbd] = oneStore.stores;
const two: GlanceModel = { ...oneStore, layout: 'multi', stores: [rbd, { ...rbd, name: 'fast', pool: 'images-fast' }] };

function machineWith(text: string, images = 0): Machine {
  const machine = new Machine(roles);
  machine.put(file, text, 'root', 'glance', '0640');
  machine.localImages = images;
  return machine;
}

for (const [what, glance, text, images, expected] of [
  [
    'images lie in files, which one store would hide',
    oneStore,
    '',
    2,
    /^ImagesWouldBeOrphaned .*the images in files in .*\(2\)/,
  ],
  [
    'images lie in files, which two would hide',
    two,
    '[glance_store]\nstores = rbd,file\n',
    2,
    /enabled_backends = file:file into/,
  ],
  ['images lie in files that Glance no longer read', two, '[glance_store]\nstores = rbd\n', 2, undefined],
  ['images lie in files, and the one store is beside them', oneStore, '[glance_store]\nstores = file\n', 2, undefined],
  ['images lie in files, and their store has a name', two, '[DEFAULT]\nenabled_backends = file:file\n', 2, undefined],
  [
    'there is a store of another kind',
    two,
    '[glance_store]\nstores = swift,rbd\n',
    0,
    /what the store "swift" holds .* swift:swift/,
  ],
  [
    'there is a store of that name',
    two,
    '[DEFAULT]\nenabled_backends = fast:file\n',
    0,
    /^Conflict .*"fast:file" .*"fast" another name/,
  ],
  ['nothing is there', two, '', 0, undefined],
] as const) {
  test(`planHost() ${expected === undefined ? 'names the stores' : 'refuses to name the stores'}, when ${what}`, () => {
    const machine = machineWith(text, images);
    settle(machine, host, desiredFor(roles, { glance }));
    const { hold } = planHost(host, machine.look(desiredFor(roles, { glance })));
    if (expected === undefined) assert.equal(hold, undefined);
    else assert.match(`${hold?.reason} ${hold?.message}`, expected);
    assert.equal(machine.text(file).includes('rbd_store_pool'), expected === undefined);
  });
}

const stands = (machine: Machine) => machine.text(file).replaceAll(/^# theirs\n|\n(?=\n)/gm, '');

test('planHost() goes from one store to several and back, never writes both layouts, and gives all back', () => {
  const before = '[DEFAULT]\nx = 1\n\n[glance_store]\nstores = rbd\ndefault_store = rbd\nrbd_store_pool = old\n';
  const machine = machineWith(before);
  settle(machine, host, desiredFor(roles));
  assert.match(stands(machine), /\[glance_store\]\nstores = rbd\ndefault_store = rbd\nrbd_store_pool = images\n/);
  settle(machine, host, desiredFor(roles, { glance: two }));
  const several = stands(machine);
  assert.match(several, /enabled_backends = rbd:rbd,fast:rbd\n/);
  assert.match(several, /\[glance_store\]\ndefault_backend = rbd\n/);
  assert.match(several, /\[fast\]\nrbd_store_user = glance\nrbd_store_pool = images-fast\n/);
  assert.doesNotMatch(several, /^(stores|default_store) =/m);
  settle(machine, host, desiredFor(roles));
  assert.match(stands(machine), /enabled_backends = rbd:rbd\n/);
  assert.doesNotMatch(stands(machine), /fast/);
  settle(machine, deleted(host));
  assert.equal(machine.text(file), before);
});

test('planHost() leaves the stores of others, and makes the first of ours the default', () => {
  const before = '[DEFAULT]\nenabled_backends = files:file\n\n[glance_store]\ndefault_backend = files\n';
  const machine = machineWith(before, 7);
  settle(machine, host, desiredFor(roles, { glance: two }));
  assert.match(machine.text(file), /enabled_backends = files:file,rbd:rbd,fast:rbd\n/);
  assert.match(machine.text(file), /default_backend = rbd\n/);
  settle(machine, deleted(host));
  assert.equal(machine.text(file), before);
});
