import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../lab/hosts.ts';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { quickstartHosts, startWorld } from '../../lab/world.ts';
import { Secret } from '../../src/secret.ts';
import { client, pool } from '../api-objects.ts';
import { cephCommands, pools, users } from './seen-ceph.ts';
import { fileOn, libvirtSecretsOn, unitOn } from './seen-host.ts';
import { applyQuickstart, isReady, objects, refusedRequests } from './story.ts';
import { remove } from './waiting.ts';

/*
 * The operator is killed as soon as one step is done, started again, killed after the next one, and so on until there
 * is none left to do. So each step of the quickstart, and of its deletion, is the last one of some process.
 */

/** Far more than there are steps: whoever does the same ones again and again never ends. */
const mostKills = 250;
const policy = { delete: true };
const world = await startWorld({ hosts: quickstartHosts, policy });
after(() => world[Symbol.asyncDispose]());
const { ceph } = world;
const [controller, compute] = [world.host('ctl1'), world.host('cmp1')];
const services = [
  [controller, 'glance-api'],
  [controller, 'cinder-volume'],
  [controller, 'cinder-backup'],
  [compute, 'nova-compute'],
] as const;
const files = [
  [controller, '/etc/glance/glance-api.conf'],
  [controller, '/etc/cinder/cinder.conf'],
  [compute, '/etc/nova/nova.conf'],
] as const;
const contents = async () =>
  Promise.all(files.map(async ([host, path]) => (await fileOn(host, path))?.content.reveal()));
const entity = 'client.openstack-operator';

/** A step that was done, or an object that was let go. */
function stepIn(line: string): string | undefined {
  if (!line.includes('"verb":') && !line.includes('"Let go."')) return undefined;
  const { kind, name, verb, msg } = JSON.parse(line);
  return `${kind}/${name} ${verb ?? ''}: ${msg}`;
}

/** Starts the operator over and over, each time until it has done one step; the steps, once `settled` holds and none is left. */
async function killedAfterEachStep(settled: () => Promise<boolean>): Promise<readonly string[]> {
  const steps: string[] = [];
  while (steps.length < mostKills) {
    const operator = await world.startOperator({
      // The lease of one that was killed would have to run out each time.
      LEADER_ELECTION: 'false',
      CEPH_LOOK_SECONDS: '2',
      HOST_LOOK_SECONDS: '5',
    });
    const step = await oneStep(operator, settled);
    await operator.kill();
    if (step === undefined) return steps;
    steps.push(step);
  }
  throw new Error(`Not settled after ${mostKills} kills; the last steps were:\n${steps.slice(-20).join('\n')}`);
}

async function oneStep(operator: OperatorProcess, settled: () => Promise<boolean>): Promise<string | undefined> {
  const done = Promise.withResolvers<string>();
  let isOver = false;
  operator.onLine((line) => {
    const step = stepIn(line);
    if (step === undefined) return;
    isOver = true;
    done.resolve(step);
  });
  for (const line of operator.log) {
    const step = stepIn(line);
    if (step !== undefined) return step;
  }
  const rest = (async () => {
    const until = performance.now() + 240_000;
    while (!isOver && performance.now() < until) {
      // It must come up first, and asking costs as much as what is asked for.
      await Promise.race([sleep(1_500), done.promise]);
      if (!isOver && (await settled())) return undefined;
    }
    if (isOver) return done.promise;
    throw new Error(`Neither a step nor the end within 240 s:\n${operator.log.slice(-20).join('\n')}`);
  })();
  return Promise.race([done.promise, rest]);
}

async function startsOf(host: Host, unit: string): Promise<number> {
  const text = await host.run(`journalctl --quiet -o json --output-fields INVOCATION_ID UNIT=${unit}.service`);
  return new Set([...text.matchAll(/"INVOCATION_ID":"([0-9a-f]{32})"/g)].map((match) => match[1])).size;
}

/** Temporary files, of whatever transaction. */
async function leftOvers(host: Host): Promise<string> {
  const state = '/var/lib/ceph-openstack-operator';
  return host.run(
    `find /etc /var/lib -name '.ceph-openstack-operator.*'; ls -d /run/ceph-openstack-operator.* ${state}/work.* ${state}/pending 2>/dev/null || true`,
  );
}

const lone = async () => [await pools(ceph), await users(ceph)] as const;

describe('one resource alone, whose steps come one after the other', () => {
  it('a pool with all that a pool can have is made once, step by step', async (test) => {
    await world.apply(
      pool(
        {
          deletionPolicy: 'Delete',
          replicated: { size: 2, minSize: 1, crushRule: { name: 'story', root: 'default', failureDomain: 'osd' } },
          placementGroups: { autoscale: 'Disabled', count: 16 },
          quota: { maxBytes: '1Gi', maxObjects: 1000 },
          compression: { mode: 'Aggressive', algorithm: 'zstd' },
          namespaces: ['tenant-a', 'tenant-b'],
        },
        'alone',
      ),
    );
    const steps = await killedAfterEachStep(async () => (await objects(world)).every(isReady));
    test.diagnostic(`killed ${steps.length} times`);
    const found = (await lone())[0].get('alone');
    assert.ok(found !== undefined);
    assert.deepEqual([found.size, found.min_size, found.quota_max_objects], [2, 1, 1000]);
    const created = (await cephCommands(ceph, entity)).filter((line) => line.includes('osd pool create'));
    assert.equal(created.length, 1, created.join('\n'));
    assert.equal((await ceph.rbd(['namespace', 'ls', 'alone', '--format=json'])).match(/tenant-/g)?.length, 2);
  });

  it('so is a user with its Secret, whose key stays the same', async (test) => {
    const access = [{ poolRef: { name: 'alone' }, mode: 'ReadWrite' }];
    await world.apply(client({ deletionPolicy: 'Delete', access }, 'cinder-alone'));
    const keys = new Set<string>();
    const steps = await killedAfterEachStep(async () => {
      const key = (await lone())[1].get('client.cinder-alone')?.key.fingerprint();
      if (key !== undefined) keys.add(key);
      return (await objects(world)).every(isReady);
    });
    test.diagnostic(`killed ${steps.length} times`);
    assert.equal(keys.size, 1);
    const { data } = await world.get('secret', 'cinder-alone-ceph-client');
    const key = new Secret(Buffer.from(data.userKey, 'base64').toString());
    assert.ok((await lone())[1].get('client.cinder-alone')?.key.equals(key));
  });

  it('both are taken away again, step by step', async (test) => {
    await remove(world, 'cephclientauth', 'cinder-alone');
    await remove(world, 'rbdpool', 'alone');
    const steps = await killedAfterEachStep(async () => (await objects(world)).length === 0);
    test.diagnostic(`killed ${steps.length} times`);
    const [poolsLeft, usersLeft] = await lone();
    assert.ok(!poolsLeft.has('alone'));
    assert.ok(!usersLeft.has('client.cinder-alone'));
    assert.equal(await world.get('secret', 'cinder-alone-ceph-client'), undefined);
  });
});

describe('an operator that is killed after every single step', () => {
  let bare: readonly (string | undefined)[];

  it('brings the quickstart to its end', async (test) => {
    bare = await contents();
    const startsBefore = await Promise.all(services.map(([host, unit]) => startsOf(host, unit)));
    await applyQuickstart(world, { deletionPolicy: 'Delete' });
    const steps = await killedAfterEachStep(async () => {
      const found = await objects(world);
      return found.some(({ kind }) => kind === 'CephOpenStackHost') && found.every(isReady);
    });
    test.diagnostic(`killed ${steps.length} times`);
    // Some thirty; where the machine is slow, further steps are done before the signal arrives.
    assert.ok(steps.length > 12, steps.join('\n'));

    const startsNow = await Promise.all(services.map(([host, unit]) => startsOf(host, unit)));
    for (const [index, [, unit]] of services.entries()) {
      const restarts = (startsNow[index] ?? 0) - (startsBefore[index] ?? 0);
      assert.ok(restarts >= 1 && restarts <= 2, `${unit} was started ${restarts} times`);
    }
    for (const [host, unit] of services) assert.equal((await unitOn(host, unit)).state, 'active');
  });

  it('makes nothing twice', async () => {
    assert.deepEqual([...(await pools(ceph)).keys()].filter((name) => !name.startsWith('.')).sort(), [
      'backups',
      'images',
      'vms',
      'volumes',
    ]);
    // Each pool ever made has a number of its own; one was made before and is gone.
    const { pool_max: most, pools: all } = JSON.parse(await ceph.ceph(['osd', 'dump', '--format=json']));
    assert.equal(most, all.length + 1);
    const commands = await cephCommands(ceph, entity);
    for (const name of ['images', 'volumes', 'backups', 'vms']) {
      const created = commands.filter((line) => line.includes('osd pool create') && line.includes(`"${name}"`));
      assert.equal(created.length, 1, created.join('\n'));
    }
    for (const user of ['glance', 'cinder', 'cinder-backup']) {
      const made = commands.filter(
        (line) => /"auth (add|get-or-create)"/.test(line) && line.includes(`"client.${user}"`),
      );
      assert.equal(made.length, 1, made.join('\n'));
    }
    assert.equal((await libvirtSecretsOn(compute)).size, 1);
    const names = (await objects(world)).map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
    assert.deepEqual(names, [
      'CephClientAuth/cloud-backup',
      'CephClientAuth/cloud-cinder-ceph',
      'CephClientAuth/cloud-glance',
      'CephOpenStackBinding/cloud',
      'CephOpenStackHost/cloud-cmp1',
      'CephOpenStackHost/cloud-ctl1',
      'RbdPool/cloud-backup',
      'RbdPool/cloud-cinder-ceph',
      'RbdPool/cloud-glance',
      'RbdPool/cloud-nova',
    ]);
  });

  it('leaves every key where it is and every option once', async () => {
    const everybody = await users(ceph);
    for (const [name, host] of [
      ['glance', controller],
      ['cinder', controller],
      ['cinder-backup', controller],
      ['cinder', compute],
    ] as const) {
      const keyring = (await fileOn(host, `/etc/ceph/ceph.client.${name}.keyring`))?.content.reveal();
      const key = everybody.get(`client.${name}`)?.key.reveal() ?? 'none';
      assert.ok(keyring?.includes(key), `the keyring of ${name} on ${host.name} has another key`);
    }
    const texts = await contents();
    for (const [index, [, path]] of files.entries()) {
      for (const option of ['rbd_secret_uuid', 'rbd_store_pool', 'backup_ceph_pool', 'images_rbd_pool']) {
        const count = texts[index]?.match(new RegExp(`^${option} *=`, 'gm'))?.length ?? 0;
        assert.ok(count <= 1, `${path} has ${option} ${count} times`);
      }
    }
  });

  it('leaves no half-written file behind', async () => {
    assert.equal(await leftOvers(controller), '');
    assert.equal(await leftOvers(compute), '');
  });

  it('brings the deletion to its end, and the world is bare again', async (test) => {
    await remove(world, 'cob', 'cloud', 'foreground');
    const steps = await killedAfterEachStep(async () => (await objects(world)).length === 0);
    test.diagnostic(`killed ${steps.length} times`);
    assert.ok(steps.length > 15, steps.join('\n'));
    assert.deepEqual(
      [...(await pools(ceph)).keys()].filter((name) => !name.startsWith('.')),
      [],
    );
    assert.deepEqual(
      [...(await users(ceph)).keys()].filter((name) => /glance|cinder/.test(name)),
      [],
    );
    const records = Object.keys(JSON.parse(await ceph.ceph(['config-key', 'dump', '--format=json'])));
    assert.deepEqual(
      records.filter((key) => key.startsWith('cephopenstack/')),
      [],
    );
    assert.deepEqual(await contents(), bare);
    assert.equal((await libvirtSecretsOn(compute)).size, 0);
    for (const host of [controller, compute]) {
      const left = await host.run('ls -A /etc/ceph /var/lib/ceph-openstack-operator 2>/dev/null || true');
      assert.doesNotMatch(left, /keyring|ceph\.conf|manifest/);
      assert.equal(await leftOvers(host), '');
    }
    for (const [host, unit] of services) assert.equal((await unitOn(host, unit)).state, 'active');
  });

  it('asks for nothing that the chart does not allow', async () => {
    assert.deepEqual(await refusedRequests(world), []);
  });
});
