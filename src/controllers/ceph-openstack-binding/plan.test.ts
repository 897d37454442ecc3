import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '../../api/ceph-openstack-host.ts';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { describeStep } from './steps.ts';
import { World } from './world.fixture.ts';

const two = { ctl1: ['GlanceApi', 'CinderVolume', 'CinderBackup'], cmp1: ['NovaCompute'] } as const;

function settled(spec: Record<string, unknown>): World {
  const world = new World(spec);
  world.settle();
  return world;
}

function hold(world: World) {
  return world.plan().hold;
}

test('planBinding() makes the guide’s pools, with their shares', () => {
  const { children } = settled(specWith(two));
  const pools = [...children.RbdPool.values()].map(({ metadata, spec }) => [
    metadata.name,
    spec.poolName,
    spec.placementGroups,
  ]);
  const share = (targetSizeRatio: string) => ({ targetSizeRatio, bulk: true, whenAdopted: 'Leave' });
  assert.deepEqual(pools, [
    ['cloud-glance', 'images', share('0.07')],
    ['cloud-cinder-ceph', 'volumes', share('0.53')],
    ['cloud-backup', 'backups', share('0.25')],
    ['cloud-nova', 'vms', share('0.15')],
  ]);
});

test('planBinding() asks for the same placement groups whatever is adopted, and has those that are written enforced', () => {
  const glance = { pool: { placementGroups: { targetSizeRatio: '0.1' } } };
  const groupsUnder = (adoption: string) =>
    [...settled(specWith(two, { adoption, glance })).children.RbdPool.values()].map(({ spec }) => spec.placementGroups);
  assert.deepEqual(groupsUnder('IfUnowned')[0], { targetSizeRatio: '0.1' });
  assert.deepEqual(groupsUnder('IfUnowned'), groupsUnder('Never'));
});

test('planBinding() makes the guide’s users, with access to what each needs', () => {
  const { children } = settled(specWith(two));
  const users = [...children.CephClientAuth.values()].map(({ metadata, spec }) => [
    metadata.name,
    spec.clientName,
    (spec.access as { poolRef: { name: string }; mode: string }[]).map(
      ({ poolRef, mode }) => `${poolRef.name} ${mode}`,
    ),
  ]);
  assert.deepEqual(users, [
    ['cloud-glance', 'glance', ['cloud-glance ReadWrite']],
    ['cloud-cinder-ceph', 'cinder', ['cloud-cinder-ceph ReadWrite', 'cloud-nova ReadWrite', 'cloud-glance ReadOnly']],
    ['cloud-backup', 'cinder-backup', ['cloud-backup ReadWrite']],
  ]);
});

test('planBinding() hands down adoption, deletionPolicy and mode', () => {
  const world = settled(specWith(two, { adoption: 'IfUnowned', deletionPolicy: 'Delete', mode: 'Plan' }));
  for (const kind of ['RbdPool', 'CephClientAuth'] as const) {
    for (const { spec } of world.children[kind].values()) {
      assert.deepEqual([spec.adoption, spec.deletionPolicy, spec.mode], ['IfUnowned', 'Delete', 'Plan']);
    }
  }
  assert.deepEqual([world.host('ctl1').spec.adoption, world.host('ctl1').spec.hostRemoval], ['IfUnowned', 'Clean']);
});

test('planBinding() distributes to all before it switches one, canary first', () => {
  const world = settled(specWith(two));
  const [name] = world.revisions.keys();
  assert.match(name ?? '', /^cloud-[0-9a-f]{10}$/);
  assert.deepEqual(world.history, [
    `ctl1 lays out ${name}`,
    `cmp1 lays out ${name}`,
    `ctl1 switches to ${name}`,
    `cmp1 switches to ${name}`,
  ]);
  assert.equal(hold(world), undefined);
  const { fields, conditions } = bindingStatus(world.binding, world.observed());
  assert.deepEqual(fields.hosts, { total: 2, reachable: 2, distributed: 2, switched: 2, ready: 2 });
  assert.deepEqual(fields.revision, { current: name });
  assert.deepEqual(
    conditions.map(({ type, status }) => `${type}=${status}`),
    ['Distributed=True', 'CopyOnWrite=True'],
  );
});

test('planBinding() names a host that is away, and does the others', () => {
  const world = new World(specWith(two));
  world.machine('cmp1').power = 'off';
  world.settle();
  assert.equal(world.host('ctl1').status?.switched, [...world.revisions.keys()][0]);
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['HostUnreachable', false]);
  assert.match(hold(world)?.message ?? '', /1 of 2 hosts is not ready. Host cmp1:/);
  world.machine('cmp1').power = 'on';
  world.settle();
  assert.equal(hold(world), undefined);
  const last = [...world.revisions.keys()].at(-1);
  const its = world.history.filter((line) => line.startsWith('cmp1'));
  assert.deepEqual(its, [`cmp1 lays out ${last}`, `cmp1 switches to ${last}`]);
});

test('planBinding() does not restart others, when a host of another kind joins', () => {
  const world = settled(specWith({ ctl1: two.ctl1 }));
  world.history.length = 0;
  world.change(specWith(two));
  world.machine('cmp1').release = '2024.1';
  world.settle();
  assert.equal(hold(world), undefined);
  const [first, second] = [...world.revisions.values()];
  assert.ok(first && second);
  assert.equal(world.history.filter((line) => line.startsWith('cmp1 switches')).length, 1);
  assert.equal(world.host('ctl1').spec.revision?.current, second.name, 'it goes on without a wave');
});

test('planBinding() only distributes, when a key or the monitors change', () => {
  for (const change of [
    (world: World) => world.keys.set('cinder', 'another'),
    (world: World) => (world.monHosts['ceph-main'] = '10.0.0.9'),
  ]) {
    const world = settled(specWith({ ...two, cmp2: ['NovaCompute'], cmp3: ['NovaCompute'] }));
    const before = world.host('cmp1').spec.revision?.current;
    change(world);
    world.converge();
    assert.equal(world.host('cmp1').spec.revision?.current, before, 'nothing is switched before it is laid out');
    world.work();
    world.converge();
    const currents = ['ctl1', 'cmp1', 'cmp2', 'cmp3'].map((name) => world.host(name).spec.revision?.current);
    assert.deepEqual(new Set(currents), new Set([[...world.revisions.keys()].at(-1)]), 'all at once, without a wave');
  }
});

test('planBinding() stops after the first host that fails, and goes back by the spec alone', () => {
  const computes = Object.fromEntries(
    Array.from({ length: 5 }, (_, index) => [`cmp${index}`, ['NovaCompute'] as Role[]]),
  );
  const world = settled(specWith(computes));
  const before = world.host('cmp0').spec.revision?.current;
  world.change(specWith(computes, { nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
  world.converge();
  const after = [...world.revisions.keys()].at(-1) ?? '';
  world.machine('cmp0').breaksAt = after;
  world.settle();
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['RolloutPaused', true]);
  assert.match(
    hold(world)?.message ?? '',
    /^Stopped after cmp0\. .* Not switched: 4 of 5 hosts \(cmp1, cmp2, cmp3, cmp4\)\.$/,
  );
  for (const name of ['cmp1', 'cmp2', 'cmp3', 'cmp4']) assert.equal(world.host(name).spec.revision?.current, before);
  world.change(specWith(computes));
  world.settle();
  assert.equal(hold(world), undefined);
  assert.equal(world.host('cmp0').spec.revision?.current, before, 'the revision of before has its name still');
});

test('planBinding() refuses only the host whose release is another', () => {
  const world = new World(specWith(two, { openstack: { release: 'Epoxy'.toLowerCase() } }));
  world.machine('cmp1').release = 'zed';
  world.settle();
  assert.equal(world.host('ctl1').status?.switched, [...world.revisions.keys()][0]);
  assert.equal(world.host('cmp1').spec.revision, undefined);
  assert.equal(hold(world)?.reason, 'ReleaseMismatch');
  assert.match(hold(world)?.message ?? '', /Host cmp1: Its nova is of zed and the binding says 2025.1/);
});

test('planBinding() tells a host that leaves what becomes of it, and deletes it', () => {
  const world = settled(specWith(two, { deletionPolicy: 'Delete', hostRemoval: 'Retain' }));
  world.change(specWith({ ctl1: two.ctl1 }, { deletionPolicy: 'Delete', hostRemoval: 'Retain' }));
  world.settle();
  assert.ok(world.history.includes('host cmp1 is let go with Retain'));
  assert.equal(hold(world), undefined);
});

test('planBinding() takes users and pools of a dropped section back, once no host has them', () => {
  const world = settled(specWith(two));
  const { cinderBackup: _, ...rest } = specWith({ ...two, ctl1: ['GlanceApi', 'CinderVolume'] });
  world.change(rest);
  world.settle();
  const gone = world.history.filter((line) => line.endsWith('is gone'));
  assert.deepEqual(gone, ['CephClientAuth cloud-backup is gone', 'RbdPool cloud-backup is gone']);
  assert.ok(
    world.history.indexOf(gone[0] ?? '') > world.history.findLastIndex((line) => line.startsWith('ctl1 lays out')),
  );
});

test('planBinding() honours references and makes nothing for them', () => {
  const world = new World(specWith(two, { glance: { poolRef: { name: 'pictures' }, clientRef: { name: 'reader' } } }));
  world.settle();
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['WaitingForPool', false]);
  assert.match(hold(world)?.message ?? '', /RbdPool "pictures" does not exist: create it/);
  world.intrude('RbdPool', 'pictures', { poolName: 'p' });
  world.intrude('CephClientAuth', 'reader', { clientName: 'r', access: [{ pool: 'p', mode: 'ReadWrite' }] });
  world.settle();
  assert.equal(hold(world), undefined);
  assert.ok(!world.children.RbdPool.has('cloud-glance'));
  const glance = [...world.revisions.values()]
    .flatMap(({ data }) => data.roles)
    .find((role) => role.role === 'GlanceApi');
  assert.deepEqual(
    glance?.access.map(({ pool, entity }) => [pool, entity]),
    [['p', 'client.r']],
  );
});

test('planBinding() leaves an object of the same name that is not its own', () => {
  const world = new World(specWith(two));
  world.intrude('RbdPool', 'cloud-glance', { poolName: 'theirs' });
  world.settle();
  assert.deepEqual([hold(world)?.reason, hold(world)?.stalled], ['AlreadyExists', true]);
  assert.equal(world.children.RbdPool.get('cloud-glance')?.spec.poolName, 'theirs');
});

test('planBinding() leaves a host that another binding has', () => {
  const world = new World(specWith(two));
  world.claimedByOthers.set('cmp1', 'openstack/other');
  world.settle();
  assert.equal(hold(world)?.reason, 'Conflict');
  assert.match(hold(world)?.message ?? '', /The binding "openstack\/other" has its address/);
  assert.ok(!world.children.CephOpenStackHost.has('cloud-cmp1'));
  assert.equal(world.host('ctl1').status?.switched, [...world.revisions.keys()][0]);
});

test('planBinding() repairs a child that somebody edited, and takes away what they added to its spec', () => {
  const world = settled(specWith(two));
  const pool = world.children.RbdPool.get('cloud-glance') ?? assert.fail();
  pool.spec = { ...pool.spec, adoption: 'TakeOver', quota: { maxBytes: '1Gi' } };
  assert.deepEqual(world.plan().stages.flat().map(describeStep), ['Change RbdPool "cloud-glance".']);
  pool.spec = { ...pool.spec, adoption: 'Never' };
  assert.deepEqual(world.plan().stages.flat().map(describeStep), ['Change RbdPool "cloud-glance".']);
  world.settle();
  assert.equal(world.children.RbdPool.get('cloud-glance')?.spec.quota, undefined);
  const labelled = world.children.RbdPool.get('cloud-glance') ?? assert.fail();
  labelled.metadata = { ...labelled.metadata, labels: { ...labelled.metadata.labels, team: 'a' } };
  assert.deepEqual(world.plan().stages.flat(), []);
});

test('planBinding() makes a revision anew whose content somebody changed, and no host switches', () => {
  const world = settled(specWith(two));
  const [name = assert.fail()] = world.revisions.keys();
  const [history, told, uid] = [world.history.length, world.host('ctl1').spec.revision, world.revisions.get(name)?.uid];
  world.altered.add(name);
  assert.deepEqual(world.plan().stages.flat().map(describeStep), [
    `Delete ControllerRevision "${name}", whose content somebody changed.`,
    `Create ControllerRevision "${name}".`,
  ]);
  world.settle();
  assert.deepEqual([world.altered.size, [...world.revisions.keys()]], [0, [name]]);
  assert.notEqual(world.revisions.get(name)?.uid, uid);
  assert.deepEqual([world.history.length, world.host('ctl1').spec.revision], [history, told]);
});

test('planBinding() keeps two revisions beside those in use', () => {
  const world = settled(specWith(two));
  for (let size = 1; size <= 15; size++) {
    world.change(specWith(two, { glance: { chunkSizeMB: size } }));
    world.settle();
  }
  assert.equal(world.revisions.size, 3);
  assert.ok(world.revisions.has(world.host('ctl1').spec.revision?.current ?? ''));
});

for (const [how, spec, expected] of [
  ['Retain', {}, 'Retain'],
  ['Delete', { deletionPolicy: 'Delete' }, 'Clean'],
] as const) {
  test(`planBinding() deletes hosts, then users, then pools, when deletionPolicy is ${how}`, () => {
    const world = settled(specWith(two, spec));
    world.history.length = 0;
    world.delete();
    world.settle();
    assert.deepEqual(world.history, [
      `host ctl1 is let go with ${expected}`,
      `host cmp1 is let go with ${expected}`,
      'CephClientAuth cloud-glance is gone',
      'CephClientAuth cloud-cinder-ceph is gone',
      'CephClientAuth cloud-backup is gone',
      'RbdPool cloud-glance is gone',
      'RbdPool cloud-cinder-ceph is gone',
      'RbdPool cloud-backup is gone',
      'RbdPool cloud-nova is gone',
    ]);
    assert.deepEqual(world.plan(), { stages: [] });
  });
}

test('planBinding() waits for a host that is away when it is to be cleaned, and says so', () => {
  const world = settled(specWith(two, { deletionPolicy: 'Delete' }));
  world.machine('cmp1').power = 'off';
  world.delete();
  world.settle();
  assert.equal(hold(world)?.reason, 'DeletionBlocked');
  assert.match(
    hold(world)?.message ?? '',
    /Waiting for the hosts cloud-cmp1 to go. CephOpenStackHost "cloud-cmp1": It says HostUnreachable/,
  );
  assert.equal(world.children.RbdPool.size, 4, 'pools stay while a host has them');
});
