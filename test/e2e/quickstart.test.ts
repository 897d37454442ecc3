import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { quickstartHosts, startWorld, type World } from '../../lab/world.ts';
import { derivedSecretUuid } from '../../src/openstack/libvirt.ts';
import { assertAsRendered } from './as-rendered.ts';
import { guideOptions } from './guide-options.ts';
import { metric } from './metrics.ts';
import { sampleProcesses } from './process-samples.ts';
import { filesWith, findSecrets, knownSecrets, type Planted, plantPasswords } from './secrets.ts';
import { cephChanges, pools, user, users } from './seen-ceph.ts';
import {
  complaintsAbout,
  fileOn,
  installed,
  keepLibvirtUp,
  keyOn,
  libvirtSecretsOn,
  optionsOn,
  traceOf,
  unitOn,
} from './seen-host.ts';
import { allReady, applyQuickstart, events, kinds, operatorWrites, refusedRequests, soon } from './story.ts';

/* From a bare world to a wired one, as the README has it; then how it stays so, what it leaves, and by which rights. */

const units = ['glance-api', 'cinder-volume', 'cinder-backup', 'nova-compute', 'libvirtd'] as const;
const validated = [
  {
    host: 'ctl1',
    file: '/etc/glance/glance-api.conf',
    namespaces: ['glance.api', 'glance.store', 'glance.multi_store'],
    own: ['rbd'],
  },
  { host: 'ctl1', file: '/etc/cinder/cinder.conf', namespaces: ['cinder'], own: ['ceph'] },
  { host: 'cmp1', file: '/etc/nova/nova.conf', namespaces: ['nova.conf'], own: [] },
] as const;

let world: World;
let planted: Planted;
let operatorHome: string;
let brokerTmpBefore: readonly string[] = [];
let complaintsBefore: readonly (readonly string[])[];
let processes: Awaited<ReturnType<typeof sampleProcesses>>;
/** In the arguments of a process that lives for 50 ms. */
const canary = 'seen-by-the-sampler';
const startedBefore = new Map<string, string>();

before(async () => {
  world = await startWorld({ hosts: quickstartHosts });
  await keepLibvirtUp(world.host('cmp1'));
  planted = await plantPasswords(world);
  operatorHome = await mkdtemp(join(tmpdir(), 'operator-home-'));
  complaintsBefore = await complaints();
  for (const unit of units) startedBefore.set(unit, (await unitOn(hostOf(unit), `${unit}.service`)).invocation);
  processes = await sampleProcesses();
  await world.host('cmp1').run(`: ${canary}; sleep 0.05`);
});
after(async () => {
  await processes?.stop();
  await world?.[Symbol.asyncDispose]();
  await rm(operatorHome, { recursive: true, force: true });
});

function hostOf(unit: (typeof units)[number]) {
  return world.host(unit === 'nova-compute' || unit === 'libvirtd' ? 'cmp1' : 'ctl1');
}

async function complaints() {
  return Promise.all(
    validated.map(({ host, file, namespaces, own }) => complaintsAbout(world.host(host), file, namespaces, own)),
  );
}

test('the quickstart turns a bare world into a wired one', async (t) => {
  assert.equal((await pools(world.ceph)).size, 0, 'the cluster has pools before');
  assert.deepEqual(await installed(world.host('ctl1'), 'ceph-common', 'python3-rbd'), []);
  brokerTmpBefore = await readdir(join(world.brokerRoot, 'tmp'));
  await world.startOperator({ TMPDIR: operatorHome, HOME: operatorHome });

  await applyQuickstart(world);
  await allReady(world);

  await t.test('four pools are for RBD, bear the shares of the guide, and are marked', async () => {
    const found = await pools(world.ceph);
    assert.deepEqual([...found.keys()].filter((name) => name !== '.mgr').sort(), [
      'backups',
      'images',
      'vms',
      'volumes',
    ]);
    const shares = { images: 0.07, volumes: 0.53, backups: 0.25, vms: 0.15 };
    for (const [name, share] of Object.entries(shares)) {
      const pool = found.get(name);
      assert.equal(pool?.options.target_size_ratio, share, name);
      assert.match(pool?.flags_names ?? '', /\bbulk\b/, name);
      assert.deepEqual(Object.keys(pool?.application_metadata ?? {}), ['rbd'], name);
      assert.match(pool?.application_metadata.rbd?.['cephopenstack.io'] ?? '', /^lab\.[0-9a-f]+$/, name);
      // What `rbd pool init` leaves.
      assert.match(await world.ceph.rados(['--pool', name, 'ls']), /^rbd_info$/m, name);
    }
  });

  await t.test('three users have the caps that their work needs, and no more', async () => {
    const found = await users(world.ceph);
    const mine = [...found.keys()].filter((entity) => /^client\.(glance|cinder|nova)/.test(entity)).sort();
    assert.deepEqual(mine, ['client.cinder', 'client.cinder-backup', 'client.glance']);
    const grants = (entity: string, daemon: string) => found.get(entity)?.caps[daemon]?.split(/,\s*/).sort();
    const expected = {
      'client.glance': ['profile rbd pool=images'],
      'client.cinder': ['profile rbd pool=vms', 'profile rbd pool=volumes', 'profile rbd-read-only pool=images'],
      'client.cinder-backup': ['profile rbd pool=backups'],
    };
    for (const [entity, osd] of Object.entries(expected)) {
      assert.equal(found.get(entity)?.caps.mon, 'profile rbd', entity);
      assert.deepEqual(grants(entity, 'osd'), osd, entity);
      assert.deepEqual(grants(entity, 'mgr'), osd, entity);
    }
  });

  await t.test('the packages that were missing are installed', async () => {
    const wanted = ['ceph-common', 'python3-rados', 'python3-rbd'];
    assert.deepEqual(await installed(world.host('ctl1'), ...wanted), wanted);
    assert.deepEqual(await installed(world.host('cmp1'), ...wanted, 'qemu-block-extra'), [
      ...wanted,
      'qemu-block-extra',
    ]);
  });

  await t.test('keyrings hold the keys in force, readable by their services only', async () => {
    const expected = [
      ['ctl1', 'glance', 'glance:glance'],
      ['ctl1', 'cinder', 'cinder:cinder'],
      ['ctl1', 'cinder-backup', 'cinder:cinder'],
      ['cmp1', 'cinder', 'nova:nova'],
    ] as const;
    for (const [host, name, owner] of expected) {
      const path = `/etc/ceph/ceph.client.${name}.keyring`;
      const file = await fileOn(world.host(host), path);
      assert.deepEqual({ owner: file?.owner, mode: file?.mode }, { owner, mode: '640' }, `${host}: ${path}`);
      const { key } = await user(world.ceph, `client.${name}`);
      assert.ok((await keyOn(world.host(host), path))?.equals(key), `${host}: ${path} holds another key`);
    }
    for (const host of world.hosts.values()) {
      const present = (await host.run('ls /etc/ceph')).trim().split('\n');
      const known = expected.filter(([name]) => name === host.name).map(([, name]) => `ceph.client.${name}.keyring`);
      assert.deepEqual(present.filter((name) => name !== 'rbdmap').sort(), [...known, 'ceph.conf'].sort());
    }
  });

  await t.test('ceph.conf lets a service reach its pool', async () => {
    for (const [host, name, pool] of [
      ['ctl1', 'glance', 'images'],
      ['ctl1', 'cinder', 'volumes'],
      ['ctl1', 'cinder-backup', 'backups'],
      ['cmp1', 'cinder', 'vms'],
    ] as const) {
      const conf = await fileOn(world.host(host), '/etc/ceph/ceph.conf');
      assert.deepEqual({ owner: conf?.owner, mode: conf?.mode }, { owner: 'root:root', mode: '644' });
      const owner = host === 'cmp1' ? 'nova' : name === 'glance' ? 'glance' : 'cinder';
      await world.host(host).run(`su -s /bin/sh ${owner} -c 'rbd --id ${name} --pool ${pool} ls'`);
    }
  });

  await t.test('the services have the options of the guide, as their release reads them', async () => {
    const uuid = derivedSecretUuid(world.ceph.fsid, 'cinder');
    const glance = await optionsOn(world.host('ctl1'), '/etc/glance/glance-api.conf');
    const cinder = await optionsOn(world.host('ctl1'), '/etc/cinder/cinder.conf');
    const nova = await optionsOn(world.host('cmp1'), '/etc/nova/nova.conf', '/etc/nova/nova-compute.conf');
    for (const [options, wanted] of [
      [glance, guideOptions.glance],
      [cinder, guideOptions.cinder],
      [nova, guideOptions.nova],
    ] as const) {
      for (const [section, name, value] of wanted) {
        assert.equal(options(section, name), value === 'UUID' ? uuid : value, `${section}/${name}`);
      }
    }
  });

  await t.test('hosts and users are as `render` says that the binding makes them', () => assertAsRendered(world));

  await t.test('oslo-config-validator finds nothing new to complain about', async () => {
    assert.deepEqual(await complaints(), complaintsBefore);
  });

  await t.test("libvirt has cinder's key under the UUID that both services name", async () => {
    const secrets = await libvirtSecretsOn(world.host('cmp1'));
    const { key } = await user(world.ceph, 'client.cinder');
    const uuid = derivedSecretUuid(world.ceph.fsid, 'cinder');
    assert.deepEqual([...secrets.keys()], [uuid]);
    assert.equal(secrets.get(uuid)?.usage, 'ceph client.cinder secret');
    assert.ok(secrets.get(uuid)?.value?.equals(key), 'the value is another key');
  });

  await t.test('the services were restarted, and run; libvirt was left alone', async () => {
    for (const unit of units) {
      const { state, invocation } = await unitOn(hostOf(unit), `${unit}.service`);
      assert.equal(state, 'active', unit);
      const restarted = invocation !== startedBefore.get(unit);
      assert.equal(restarted, unit !== 'libvirtd', `${unit} ${restarted ? 'was' : 'was not'} restarted`);
    }
  });
});

test('no key and no password is anywhere but where it belongs', async (t) => {
  const samples = await processes.stop();
  const secrets = await knownSecrets(world, planted);

  await t.test('no process on operator or hosts had one in its arguments or environment', () => {
    assert.ok(samples.length > 100, `only ${samples.length} processes were seen`);
    assert.ok(
      samples.some((sample) => sample.includes(canary)),
      'a short-lived process of a host was not seen',
    );
    assert.deepEqual(findSecrets(samples, secrets), []);
  });

  await t.test('the log at debug level has none', () => {
    const log = world.operators.flatMap((operator) => operator.log);
    assert.ok(log.length > 20, 'the operator said next to nothing');
    assert.deepEqual(findSecrets(log, secrets), []);
  });

  await t.test('no status, event or revision has one', async () => {
    const told = await world.kubectl(['get', `${kinds},controllerrevisions,configmaps`, '-o', 'yaml']);
    assert.deepEqual(findSecrets([...told.split('\n'), JSON.stringify(await events(world))], secrets), []);
  });

  await t.test('files on the hosts hold them only where the services read them', async () => {
    const services = ['/etc/glance/glance-api.conf', '/etc/cinder/cinder.conf', '/etc/nova/nova.conf'];
    for (const host of world.hosts.values()) {
      const found = await filesWith(host, secrets);
      assert.ok(found.includes('/etc/ceph/ceph.client.cinder.keyring'), `the search on ${host.name} finds nothing`);
      const strangers = found.filter(
        (path) =>
          !services.includes(path) &&
          !/^\/etc\/ceph\/ceph\.client\.[a-z-]+\.keyring$/.test(path) &&
          !/^\/(etc|var\/lib)\/libvirt\/secrets\/[0-9a-f-]+\.base64$/.test(path),
      );
      assert.deepEqual(strangers, [], host.name);
      const journal = (await host.run('journalctl --no-pager --quiet')).split('\n');
      assert.deepEqual(findSecrets(journal, secrets), [], `journal of ${host.name}`);
      assert.equal((await host.run('ls -A /tmp /var/tmp /root | grep -iE "key|secret|xml" || true')).trim(), '');
    }
  });

  await t.test('the operator left no file of its own', async () => {
    assert.deepEqual(await readdir(operatorHome), []);
    // The project itself may lie below /tmp.
    assert.deepEqual(await readdir(join(world.brokerRoot, 'tmp')), brokerTmpBefore);
  });
});

test('a settled world is left alone', async () => {
  await world.operators.at(-1)?.stop();
  const look = async (): Promise<readonly string[]> => [
    ...(await cephChanges(world.ceph, 'client.openstack-operator')),
    ...(await Promise.all([...world.hosts.values()].map(traceOf))).flat(),
    ...(await operatorWrites(world)),
  ];
  const before = new Set(await look());
  const operator = await world.startOperator({ CEPH_LOOK_SECONDS: '2', HOST_LOOK_SECONDS: '6' });

  // As many as ten minutes have at a minute between two looks at Ceph and ten minutes between two at hosts, and twice that.
  const wanted = { rbdpool: 4 * 20, cephclientauth: 3 * 20, cephopenstackhost: 2 * 2, cephopenstackbinding: 2 };
  await soon(
    world,
    'enough looks were made',
    async () => {
      for (const [controller, count] of Object.entries(wanted)) {
        const looks = await metric(operator, 'controller_runtime_reconcile_total', { controller });
        assert.ok(looks >= count, `${looks} of ${count} looks by ${controller}`);
      }
    },
    { timeoutMs: 120_000 },
  );

  const now = new Set(await look());
  assert.deepEqual(
    { gone: [...before].filter((line) => !now.has(line)), new: [...now].filter((line) => !before.has(line)) },
    { gone: [], new: [] },
  );
  assert.equal(await metric(operator, 'cephopenstack_steps_total'), 0);
  await allReady(world, { timeoutMs: 1_000 });
});

test('nothing that the operator asked of Kubernetes was refused', async () => {
  assert.deepEqual(await refusedRequests(world), []);
});
