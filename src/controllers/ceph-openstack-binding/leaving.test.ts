import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abandonAnnotation } from '../../kube/pass.ts';
import { annotatedManifest } from './children.ts';
import { specWith } from './spec.fixture.ts';
import { World } from './world.fixture.ts';

const two = { ctl1: ['GlanceApi', 'CinderVolume'], cmp1: ['NovaCompute'] } as const;
const renamed = { ctl1: two.ctl1, compute1: two.cmp1 } as const;

function settled(spec: Record<string, unknown>): World {
  const world = new World(spec);
  world.settle();
  world.history.length = 0;
  return world;
}

/** Every turn of binding and children, until nothing moves. */
function eachTurn(world: World, look: () => void): void {
  for (let round = 0; round < 30; round++) {
    world.converge(1);
    look();
    world.work();
    look();
  }
  world.settle();
}

test('planBinding() keeps a machine that gets another name, and never has two objects plan for it', () => {
  const world = settled(specWith(two, { hostRemoval: 'Clean' }));
  world.change(specWith(renamed, { hostRemoval: 'Clean' }));
  eachTurn(world, () => {
    const addresses = [...world.children.CephOpenStackHost.values()].map(({ spec }) => spec.address);
    assert.equal(new Set(addresses).size, addresses.length);
  });
  assert.deepEqual(
    world.history.filter((line) => line.startsWith('host')),
    ['host cmp1 is let go with Retain'],
  );
  assert.equal(world.plan().hold, undefined);
  assert.equal(world.host('compute1').status?.switched, [...world.revisions.keys()][0]);
});

test('planBinding() spares a machine that is being cleaned and comes back under another name', () => {
  const world = settled(specWith(two, { hostRemoval: 'Clean' }));
  world.machine('cmp1').power = 'off';
  world.change(specWith({ ctl1: two.ctl1 }, { hostRemoval: 'Clean' }));
  world.settle();
  assert.ok(world.children.CephOpenStackHost.has('cloud-cmp1'), 'it cannot be cleaned');
  world.change(specWith(renamed, { hostRemoval: 'Clean' }));
  assert.match(world.plan().hold?.message ?? '', /Host compute1: Its machine is let go of as "cmp1" first/);
  world.settle();
  assert.ok(world.history.includes('host cmp1 is let go with Retain'));
  assert.equal(world.plan().hold, undefined);
});

test('planBinding() cleans a machine that leaves, though another keeps its name', () => {
  const hosts = specWith(two, { hostRemoval: 'Clean' }).hosts;
  const world = settled(specWith(two, { hostRemoval: 'Clean' }));
  const moved = hosts.slice(0, 1).map((host) => ({ ...host, name: 'ctl9', address: '10.0.9.9' }));
  world.change({ ...specWith(two, { hostRemoval: 'Clean' }), hosts: [...moved, ...hosts.slice(1)] });
  world.settle();
  assert.ok(world.history.includes('host ctl1 is let go with Clean'));
});

test('planBinding() tells a host that is going what the binding says by now', () => {
  const world = settled(specWith(two, { hostRemoval: 'Clean' }));
  world.machine('cmp1').power = 'off';
  world.change(specWith({ ctl1: two.ctl1 }, { hostRemoval: 'Clean' }));
  world.settle();
  world.change(specWith({ ctl1: two.ctl1 }, { hostRemoval: 'Retain' }));
  world.settle();
  assert.ok(world.history.includes('host cmp1 is let go with Retain'));
});

for (const [what, isForeground] of [
  ['in the background', false],
  ['in the foreground, where Kubernetes deletes all at once', true],
] as const) {
  test(`planBinding() tells a tree that is deleted ${what} what the binding says by now`, () => {
    const clean = { deletionPolicy: 'Delete', mode: 'Plan' };
    const world = settled(specWith(two, clean));
    world.machine('cmp1').power = 'off';
    const timestamp = '2026-01-01T00:00:00Z';
    for (const children of Object.values(world.children)) {
      for (const child of children.values()) if (isForeground) child.metadata.deletionTimestamp = timestamp;
    }
    world.delete();
    world.converge();
    world.lookAt('cloud-cmp1');
    assert.equal(world.plan().hold?.reason, 'DeletionBlocked');
    world.change(specWith(two, { deletionPolicy: 'Retain', mode: 'Enforce' }));
    world.delete();
    world.converge();
    for (const { spec } of [...world.children.RbdPool.values(), ...world.children.CephClientAuth.values()]) {
      assert.deepEqual([spec.deletionPolicy, spec.mode], ['Retain', 'Enforce']);
    }
    const { hostRemoval, mode } = world.host('cmp1').spec;
    assert.deepEqual([hostRemoval, mode], ['Retain', 'Enforce']);
    world.settle();
    for (const kind of Object.values(world.children)) assert.equal(kind.size, 0);
  });
}

test('planBinding() makes no child anew by telling it that it goes', () => {
  const world = settled(specWith(two, { deletionPolicy: 'Delete' }));
  world.change(specWith(two, { deletionPolicy: 'Retain' }));
  world.delete();
  const told = world
    .plan()
    .stages.flat()
    .filter((step) => 'manifest' in step);
  const children = Object.values(world.children).reduce((sum, kind) => sum + kind.size, 0);
  assert.equal(told.length, children);
  for (const { manifest } of told) assert.notEqual(manifest.metadata.uid, undefined);
});

test('planBinding() takes up its children again after it was abandoned with them', () => {
  const world = settled(specWith(two));
  const before = world.text();
  for (const [kind, verb] of [
    ['RbdPool', 'apply-pool'],
    ['CephClientAuth', 'apply-client'],
    ['CephOpenStackHost', 'apply-host'],
  ] as const) {
    for (const child of world.children[kind].values()) {
      const manifest = annotatedManifest(world.binding, child, { [abandonAnnotation]: 'true' });
      world.apply({ verb, manifest, isNew: false, hostName: '' });
      assert.deepEqual(manifest.spec, child.spec, 'nothing else changes');
    }
  }
  assert.notEqual(world.text(), before);
  world.converge();
  assert.equal(world.text(), before);
});
