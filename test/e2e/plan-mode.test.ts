import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { quickstart } from '../../lab/quickstart.ts';
import { quickstartHosts, startWorld, type World } from '../../lab/world.ts';
import { shownAs } from './health.ts';
import { assertDone, planned, planOf } from './planned.ts';
import { installPlugin, type Plugin } from './plugin.ts';
import { cephChanges, pools, users } from './seen-ceph.ts';
import { keepLibvirtUp, traceOf } from './seen-host.ts';
import { allReady, applyQuickstart, objects, readyOf, refusedRequests, type Seen } from './story.ts';
import { heldBack, seen } from './waiting.ts';

/* A cloud that is planned before it is wired, and again before it is changed. */

const units = ['glance-api', 'cinder-volume', 'cinder-backup', 'nova-compute'] as const;
const hostOf = (unit: (typeof units)[number]) => (unit === 'nova-compute' ? 'cmp1' : 'ctl1');

const settings = { glance: { chunkSizeMB: 8 }, nova: { ephemeral: {}, hwDiskDiscard: 'Unmap' } };

let world: World;
let plugin: Plugin;

before(async () => {
  world = await startWorld({ hosts: quickstartHosts });
  await keepLibvirtUp(world.host('cmp1'));
  await world.startOperator({ CEPH_LOOK_SECONDS: '3', HOST_LOOK_SECONDS: '5' });
  plugin = await installPlugin(world);
});
after(() => world?.[Symbol.asyncDispose]());
after(() => plugin?.[Symbol.dispose]());

/** All that could be changed in Ceph and on hosts, as text that compares. */
async function trace(): Promise<readonly string[]> {
  return [
    ...(await cephChanges(world.ceph, 'client.openstack-operator')),
    ...(await pools(world.ceph)).keys(),
    ...(await users(world.ceph)).keys(),
    ...(await Promise.all([...world.hosts.values()].map(traceOf))).flat(),
  ];
}

test('a binding in mode Plan', async (t) => {
  let plan: readonly string[];
  let said: readonly Seen[];
  const before = await trace();

  await t.test('lists all that wiring a bare cloud takes', async () => {
    await applyQuickstart(world, { ...settings, mode: 'Plan' });
    plan = await planned(
      world,
      ...['images', 'volumes', 'backups', 'vms'].map((pool) => new RegExp(`^RbdPool ".*": Create pool "${pool}"`)),
      ...['glance', 'cinder', 'cinder-backup'].map(
        (user) => new RegExp(`^CephClientAuth ".*": Create user "client\\.${user}" with .*profile rbd pool=`),
      ),
      /^On cmp1, ctl1: Write \/etc\/ceph\/ceph\.conf\.$/,
      /^On cmp1, ctl1: Write .*client\.cinder\.keyring with the key of client\.cinder, which is not created yet\.$/,
      /^On ctl1: Write .*client\.glance\.keyring with the key of client\.glance, which is not created yet\.$/,
      /^On cmp1: Set the value of libvirt's secret .* to the key of client\.cinder, which is not created yet\.$/,
      /^On (cmp1|ctl1): Install .*python3-rbd/,
      /^On ctl1: Set .*rbd_store_pool.* of \/etc\/glance\/glance-api\.conf\.$/,
      /^On ctl1: Set .*rbd_pool.* of \/etc\/cinder\/cinder\.conf\.$/,
      /^On cmp1: Set .*images_rbd_pool.* of \/etc\/nova\/nova\.conf\.$/,
      ...units.map((unit) => new RegExp(`^On ${hostOf(unit)}: Restart ${unit}\\.service\\.$`)),
    );
    assert.ok(plan.length <= 64);
    assert.doesNotMatch(plan.join('\n'), /And \d+ more/);
    said = await objects(world);
    for (const object of said) assert.equal(readyOf(object)?.reason, 'ChangesPlanned', object.metadata.name);
  });

  await t.test('is told by kubectl cephopenstack: a tree, and the plan, ending with 3', async () => {
    const tree = await plugin.run('status');
    assert.equal(tree.code, 0, tree.stderr);
    assert.match(tree.stdout, /^CephOpenStackBinding openstack\/\S+ \(mode: Plan\) {2}Planned: ChangesPlanned: /);
    for (const kind of ['RbdPool', 'CephClientAuth', 'CephOpenStackHost']) {
      assert.match(tree.stdout, new RegExp(`^[├└]─ ${kind} .* {2}Planned: ChangesPlanned: `, 'm'));
    }
    const { code, stdout } = await plugin.run('plan');
    assert.equal(code, 3);
    for (const line of plan) assert.ok(stdout.includes(`  ${line}\n`), line);
  });

  await t.test('is shown by Argo CD as Suspended, with all of its children', async () => {
    await shownAs(world, 'Suspended');
  });

  await t.test('changes nothing in Ceph and on hosts', async () => {
    assert.deepEqual(await trace(), before);
  });

  await t.test('does just that when it is enforced', async () => {
    await applyQuickstart(world, settings);
    await shownAs(world, 'Progressing', 'cephopenstackbindings');
    // As people wait, and Flux.
    await world.kubectl(['wait', '--for=condition=Ready', 'cephopenstackbinding/cloud', '--timeout=300s']);
    await allReady(world);
    await shownAs(world, 'Healthy');
    assertDone(world, said);
    const revisions = await objects(world, 'controllerrevisions');
    assert.deepEqual(
      revisions.filter(({ metadata }) => metadata.name.includes('-plan-')),
      [],
    );
  });
});

test('a change of a cloud at work, in mode Plan', async (t) => {
  const before = await trace();

  await t.test('lists the edits and restarts of all hosts at once', async () => {
    const changed = { glance: { chunkSizeMB: 16 }, nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } };
    await applyQuickstart(world, { ...changed, mode: 'Plan' });
    const plan = await planned(world, /glance-api\.conf/, /nova\.conf/);
    assert.deepEqual([...plan].sort(), [
      'On cmp1: Restart nova-compute.service.',
      'On cmp1: Set hw_disk_discard in [libvirt] of /etc/nova/nova.conf.',
      'On ctl1: Restart glance-api.service.',
      'On ctl1: Set rbd_store_chunk_size in [rbd] of /etc/glance/glance-api.conf.',
    ]);
  });

  await t.test('restarts and changes nothing, and leaves the hosts what they were told', async () => {
    assert.deepEqual(await trace(), before);
    const told = (await objects(world, 'cephopenstackhosts')).map(
      ({ spec }) => spec.revision as Record<string, string>,
    );
    assert.equal(new Set(told.flatMap(({ current, next }) => [current, next])).size, 1);
    for (const { current, planned: name } of told) assert.notEqual(name, current);
  });

  await t.test('is dropped without a trace', async () => {
    await applyQuickstart(world, settings);
    await allReady(world);
    assert.deepEqual(await trace(), before);
  });
});

test('kubectl cephopenstack, by somebody who may edit the namespace', async (t) => {
  const modeOf = async () => (await objects(world, 'cephopenstackbindings'))[0]?.spec.mode;
  const name = (await objects(world, 'cephopenstackbindings'))[0]?.metadata.name ?? '';

  await t.test('lists the hosts', async () => {
    const { stdout } = await plugin.run('hosts', name);
    assert.match(stdout, /^HOST +ADDRESS +ROLES /);
    assert.match(stdout, /^openstack\/\S+-cmp1 .* NovaCompute +debian-13 +2025\.1 +\S+ +Ready$/m);
    assert.match(stdout, /\n2 hosts: 2 Ready\.\n$/);
  });

  await t.test('pauses a binding, and goes on with it until all is Ready', async () => {
    assert.match((await plugin.run('pause', name)).stdout, /is paused/);
    assert.equal(await modeOf(), 'Plan');
    assert.match((await plugin.run('pause', name)).stdout, /is in mode Plan already/);
    assert.match((await plugin.run('resume', name)).stdout, /goes on/);
    assert.equal(await modeOf(), 'Enforce');
    const waited = await plugin.run('status', name, '--wait', '--timeout', '60');
    assert.deepEqual([waited.code, waited.stderr], [0, '']);
    assert.match(waited.stdout, /^├─ RbdPool \S+ \(images\) {2}Ready$/m);
  });

  await t.test('says why something is as it is, and what to do', async () => {
    await world.host('cmp1').run('systemctl stop nova-compute');
    await eventually(async () => {
      const { stdout } = await plugin.run('why', 'cmp1');
      assert.match(
        stdout,
        / is False: ServiceStopped\n.*nova-compute.*\n {4}What it means: .*\n {4}What to do: .*start it when/,
      );
    });
    await world.host('cmp1').run('systemctl start nova-compute');
    await allReady(world);
  });

  await t.test('ends with 2 and a sentence, when it does not know what is meant', async () => {
    assert.deepEqual(await plugin.run('why', 'nobody'), {
      code: 2,
      stdout: '',
      stderr: 'There is no object of ours "nobody" in namespace "openstack". See kubectl cephopenstack why --help.\n',
    });
  });
});

test('a host that is held while the cloud changes', async (t) => {
  const changed = { glance: { chunkSizeMB: 16 }, nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } };
  const optionOn = (host: string, file: string, name: string) => world.host(host).run(`grep '^${name} ' ${file}`);
  const before = await traceOf(world.host('cmp1'));

  await t.test('is left as it is, and says what it lacks, while the others follow', async () => {
    const { hosts } = (await quickstart(world)).spec;
    const held = hosts.map((host) => (host.name === 'cmp1' ? { ...host, mode: 'Plan' } : host));
    await applyQuickstart(world, { ...changed, hosts: held });
    await heldBack(world, 'cob', 'cloud', 'ChangesPlanned', /^1 of 2 hosts is not ready\. Host cmp1: It is held/);
    assert.match(await optionOn('ctl1', '/etc/glance/glance-api.conf', 'rbd_store_chunk_size'), /= 16$/m);
    assert.deepEqual(planOf(await seen(world, 'coh', 'cloud-cmp1')), [
      'Set hw_disk_discard in [libvirt] of /etc/nova/nova.conf.',
      'Restart nova-compute.service.',
    ]);
    assert.deepEqual(await traceOf(world.host('cmp1')), before);
  });

  await t.test('follows once it is let', async () => {
    await applyQuickstart(world, changed);
    await allReady(world);
    assert.match(await optionOn('cmp1', '/etc/nova/nova.conf', 'hw_disk_discard'), /= ignore$/m);
  });
});

test('nothing that the operator asked of Kubernetes was refused', async () => {
  assert.deepEqual(await refusedRequests(world), []);
});
