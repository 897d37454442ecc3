import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Prometheus } from '../../lab/prometheus.ts';
import { quickstartHosts, startWorld, type World } from '../../lab/world.ts';
import type { Secret } from '../../src/secret.ts';
import { pool } from '../api-objects.ts';
import { type Deed, deeds } from './deeds.ts';
import { everyPanelShows, fires, scrape } from './scraped.ts';
import { user } from './seen-ceph.ts';
import { fileOn, keepLibvirtUp, unitOn } from './seen-host.ts';
import { allReady, applyQuickstart, isReady, objects, refusedRequests, sayings, soon } from './story.ts';

/* A host that is away while its cloud is wired; then everything that people do to a wired one behind its back. */

/** What a deed may look like in a pool beyond the least binding: a quota, compression, copies. */
const glance = {
  pool: {
    replicated: { size: 3, minSize: 2 },
    quota: { maxBytes: '10Gi', maxObjects: '1000' },
    compression: { mode: 'Aggressive', algorithm: 'snappy' },
  },
};
const units = { ctl1: ['glance-api', 'cinder-volume', 'cinder-backup'], cmp1: ['nova-compute', 'libvirtd'] } as const;

let world: World;
let prometheus: Prometheus;
const beganAt = Date.now() / 1000;

before(async () => {
  world = await startWorld({ hosts: quickstartHosts });
  await keepLibvirtUp(world.host('cmp1'));
  prometheus = await scrape(await world.startOperator({ CEPH_LOOK_SECONDS: '2', HOST_LOOK_SECONDS: '3' }));
});
after(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

test('a host that is down during the quickstart is named, and holds up nobody', async (t) => {
  await world.host('cmp1').powerOff();
  await applyQuickstart(world, { glance });

  await t.test('the other host is Ready, and its services use Ceph', async () => {
    await soon(
      world,
      'ctl1 is Ready',
      async () => {
        const host = (await objects(world, 'cephopenstackhosts')).find(
          ({ metadata }) => metadata.name === 'cloud-ctl1',
        );
        assert.ok(host !== undefined && isReady(host));
      },
      { timeoutMs: 240_000 },
    );
    await world.host('ctl1').run("su -s /bin/sh glance -c 'rbd --id glance --pool images ls'");
  });

  await t.test('the one that is down is named, on its own object and on the binding', async () => {
    await soon(world, 'cmp1 is named', async () => {
      const own = await sayings(world, 'CephOpenStackHost', 'cloud-cmp1');
      assert.ok(own.some((saying) => saying.includes('HostUnreachable')));
      const [binding] = await objects(world, 'cephopenstackbindings');
      assert.ok(binding !== undefined && !isReady(binding), 'the binding is Ready without cmp1');
      const said = await sayings(world, 'CephOpenStackBinding');
      assert.ok(
        said.some((saying) => saying.includes('cmp1')),
        'the binding does not name cmp1',
      );
    });
  });

  await t.test('when it is back it is brought on: first what services need, then their options', async () => {
    await world.host('cmp1').start();
    await allReady(world);
    const host = world.host('cmp1');
    const nova = await fileOn(host, '/etc/nova/nova.conf');
    for (const needed of ['/etc/ceph/ceph.conf', '/etc/ceph/ceph.client.cinder.keyring']) {
      const file = await fileOn(host, needed);
      assert.ok(file !== undefined && nova !== undefined && file.changedAt < nova.changedAt, `${needed} came too late`);
    }
    await host.run("su -s /bin/sh nova -c 'rbd --id cinder --pool vms ls'");
  });
});

test('what is changed by hand is named and put right', async (t) => {
  await allReady(world);
  const keys = new Map<string, Secret>();
  for (const entity of ['client.glance', 'client.cinder', 'client.cinder-backup']) {
    keys.set(entity, (await user(world.ceph, entity)).key);
  }
  const runs = await presentRuns();

  for (const deed of deeds) await t.test(deed.what, () => repaired(deed));

  await t.test('all keys are still the same', async () => {
    for (const [entity, key] of keys) {
      assert.ok((await user(world.ceph, entity)).key.equals(key), `${entity} has another key`);
    }
  });

  await t.test('no service was restarted for any of it', async () => {
    assert.deepEqual(await presentRuns(), runs);
  });
});

test('a service that was stopped by hand stays so, and that is said', async () => {
  const host = world.host('ctl1');
  await host.run('systemctl stop cinder-backup');
  await soon(world, 'it is said', async () => {
    const said = await sayings(world, 'CephOpenStackHost', 'cloud-ctl1');
    assert.ok(said.some((saying) => /ServicesRunning ServiceStopped: .*cinder-backup/.test(saying)));
  });
  // Through a repair, too, which is when one might start it.
  await repairOf('a change beside it', async () => {
    await host.run('rm /etc/ceph/ceph.client.cinder-backup.keyring');
    return async () => assert.ok((await fileOn(host, '/etc/ceph/ceph.client.cinder-backup.keyring')) !== undefined);
  });
  assert.equal((await unitOn(host, 'cinder-backup.service')).state, 'inactive');
  await host.run('systemctl start cinder-backup');
  await allReady(world, { timeoutMs: 60_000 });
});

test('a Prometheus that scraped all along shows it, and alerts', async (t) => {
  await t.test('the host that was down raised its alert, and raises none any more', async () => {
    const host = 'object="openstack/cloud-cmp1", reason="HostUnreachable"';
    assert.ok(await fires(prometheus, 'CephOpenStackHostUnreachable', host, 'ever'));
    assert.ok(!(await fires(prometheus, 'CephOpenStackHostUnreachable', host)));
  });

  await t.test('each kind whose drift was repaired is counted', async () => {
    const counted = await prometheus.query('cephopenstack_drift_repaired_total > 0');
    const kinds = new Set(counted.map(({ metric }) => metric.kind));
    for (const { kind } of deeds) assert.ok(kinds.has(kind), kind);
  });

  await t.test('an object that stalls raises an alert which names it', async () => {
    await world.apply(pool({ poolName: 'images' }, 'images-again'));
    await soon(world, 'the alert fires', async () => {
      const object = 'kind="RbdPool", object="openstack/images-again", reason="Conflict"';
      assert.ok(await fires(prometheus, 'CephOpenStackObjectStalled', object));
    });
  });

  await t.test('no panel of the dashboard is empty', async () => {
    const now = Date.now() / 1000;
    const range = { from: beganAt, to: now, stepSeconds: Math.ceil((now - beganAt) / 200) };
    await everyPanelShows(prometheus, range);
  });
});

test('nothing that the operator asked of Kubernetes was refused', async () => {
  assert.deepEqual(await refusedRequests(world), []);
});

/** Does it, and waits until it is undone, was named, and all is Ready again. */
async function repaired({ what, kind, names, undo }: Deed): Promise<void> {
  const before = new Set(await sayings(world, kind));
  await repairOf(what, () => undo(world));
  await soon(world, `it is named: ${what}`, async () => {
    const news = (await sayings(world, kind)).filter((saying) => !before.has(saying));
    assert.ok(
      news.some((saying) => names.test(saying)),
      `nothing matches ${names} in:\n${news.join('\n')}`,
    );
  });
  await allReady(world, { timeoutMs: 60_000 });
}

async function repairOf(what: string, undo: () => Promise<() => Promise<void>>): Promise<void> {
  const isRight = await undo();
  await soon(world, `it is put right: ${what}`, isRight, { timeoutMs: 90_000 });
}

async function presentRuns(): Promise<Readonly<Record<string, string>>> {
  const runs: Record<string, string> = {};
  for (const [host, names] of Object.entries(units)) {
    for (const name of names) runs[name] = (await unitOn(world.host(host), `${name}.service`)).invocation;
  }
  return runs;
}
