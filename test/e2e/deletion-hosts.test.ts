import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { installation, operatorName, quickstartHosts, startWorld } from '../../lab/world.ts';
import { unusedRights } from './rights.ts';
import { pools, users } from './seen-ceph.ts';
import { fileOn, libvirtSecretsOn, unitOn } from './seen-host.ts';
import { allReady, applyQuickstart, objects, refusedRequests, soon } from './story.ts';
import { abandon, gone, heldBack, ready, remove } from './waiting.ts';

/* A binding that is deleted, in every way that Kubernetes has and with parts of the world away. */

const world = await startWorld({ hosts: quickstartHosts, policy: { delete: true } });
after(() => world[Symbol.asyncDispose]());
const { ceph } = world;
const [controller, compute] = [world.host('ctl1'), world.host('cmp1')];

const files = [
  [controller, '/etc/glance/glance-api.conf'],
  [controller, '/etc/cinder/cinder.conf'],
  [compute, '/etc/nova/nova.conf'],
] as const;
const contents = async () =>
  Promise.all(files.map(async ([host, path]) => (await fileOn(host, path))?.content.reveal()));
const Delete = { deletionPolicy: 'Delete' };
const guidePools = ['backups', 'images', 'vms', 'volumes'];
const guideUsers = ['client.cinder', 'client.cinder-backup', 'client.glance'];
const poolNames = async () => [...(await pools(ceph)).keys()].filter((name) => !name.startsWith('.')).sort();
const userNames = async () => [...(await users(ceph)).keys()].filter((name) => guideUsers.includes(name)).sort();
const records = async () =>
  Object.keys(JSON.parse(await ceph.ceph(['config-key', 'dump', '--format=json']))).filter((key) =>
    key.startsWith('cephopenstack/'),
  );

let operator: OperatorProcess;
let bare: readonly (string | undefined)[];

before(async () => {
  bare = await contents();
  operator = await world.startOperator({ CEPH_LOOK_SECONDS: '5', HOST_LOOK_SECONDS: '10' });
});

async function nothingLeftOnHosts(): Promise<void> {
  assert.deepEqual(await contents(), bare);
  for (const host of [controller, compute]) {
    const left = await host.run('ls -A /etc/ceph /var/lib/ceph-openstack-operator 2>/dev/null || true');
    assert.doesNotMatch(left, /keyring|ceph\.conf|manifest/);
  }
  assert.equal((await libvirtSecretsOn(compute)).size, 0);
}

/** The quickstart's binding, Ready. Both hosts are switched at once. */
async function wired(fields: Readonly<Record<string, unknown>>): Promise<void> {
  await applyQuickstart(world, { rollout: { canary: 0 }, ...fields });
  await allReady(world);
}

/** The binding goes with everything that it made; the world is as bare as it was. */
async function allUndone(): Promise<void> {
  await gone(world, 'cob', 'cloud', { timeoutMs: 120_000 });
  await soon(world, 'all objects are gone', async () => assert.deepEqual(await objects(world), []));
  assert.deepEqual(await poolNames(), []);
  assert.deepEqual(await userNames(), []);
  assert.deepEqual(await records(), []);
  await nothingLeftOnHosts();
}

describe('a binding with deletionPolicy Delete', () => {
  it('goes under foreground deletion: hosts, then users, then pools, and the hosts have their former values', async () => {
    await wired(Delete);
    assert.deepEqual(await poolNames(), guidePools);
    const from = operator.log.length;
    await remove(world, 'cob', 'cloud', 'foreground');
    await allUndone();
    assert.deepEqual(kindsLetGo(from), order);
    for (const unit of ['glance-api', 'cinder-volume', 'cinder-backup']) {
      assert.equal((await unitOn(controller, unit)).state, 'active');
    }
  });

  it('goes under background deletion alike; for a host that is away it waits, and says so', async () => {
    await wired(Delete);
    await compute.powerOff();
    const from = operator.log.length;
    await remove(world, 'cob', 'cloud', 'background');
    await heldBack(world, 'coh', 'cloud-cmp1', 'HostUnreachable', /cmp1/, { timeoutMs: 90_000 });
    await heldBack(world, 'cob', 'cloud', ['DeletionBlocked', 'Deleting'], /cloud-cmp1/);
    // The one that answers is done meanwhile; nothing that the other still uses is gone.
    await gone(world, 'coh', 'cloud-ctl1');
    assert.deepEqual(await poolNames(), guidePools);
    assert.deepEqual(await userNames(), guideUsers);
    await compute.start();
    await allUndone();
    assert.deepEqual(kindsLetGo(from), order);
  });

  it('waits while pools hold volumes or images, which are named, and while Ceph is away', async () => {
    await wired(Delete);
    await ceph.rbd(['create', 'volumes/volume-1', '--size', '8M']);
    await ceph.rbd(['create', 'images/picture-1', '--size', '8M']);
    await soon(world, 'the volume is seen', async () => {
      assert.equal((await world.get('rbdpool', 'cloud-cinder-ceph')).status.usage.images, 1);
    });
    await remove(world, 'cob', 'cloud');
    await heldBack(world, 'coh', 'cloud-ctl1', 'VolumesWouldBeOrphaned', /volume/, { timeoutMs: 90_000 });
    await heldBack(world, 'cob', 'cloud', 'DeletionBlocked', /cloud-ctl1.*volume/);
    await ceph.rbd(['rm', '--no-progress', 'volumes/volume-1']);
    // What is left is the image; the others go meanwhile.
    const says = /^Waiting for the pools cloud-glance to go\..*"images".*picture-1/;
    await heldBack(world, 'cob', 'cloud', 'DeletionBlocked', says, { timeoutMs: 120_000 });
    assert.deepEqual(await poolNames(), ['images']);
    await ceph.stopMon();
    await heldBack(world, 'rbdpool', 'cloud-glance', 'CephUnreachable', /./, { timeoutMs: 90_000 });
    await heldBack(world, 'cob', 'cloud', ['DeletionBlocked', 'Deleting'], /cloud-glance/);
    await ceph.startMon();
    await ceph.rbd(['rm', '--no-progress', 'images/picture-1']);
    await allUndone();
  });

  const order = ['CephOpenStackHost', 'CephClientAuth', 'RbdPool'];
  /** The binding itself may say so a moment before its last child does. */
  const kindsLetGo = (from: number): readonly string[] =>
    operator.log
      .slice(from)
      .flatMap((line) => /"kind":"(\w+)".*"Let go\."/.exec(line)?.[1] ?? [])
      .filter((kind) => kind !== 'CephOpenStackBinding')
      .filter((kind, index, all) => kind !== all[index - 1]);
});

describe('a binding with deletionPolicy Retain', () => {
  it('goes with the host and Ceph away, and leaves all as it is', async () => {
    await wired({});
    const before = await contents();
    await compute.powerOff();
    await ceph.stopMon();
    await remove(world, 'cob', 'cloud');
    await gone(world, 'cob', 'cloud', { timeoutMs: 90_000 });
    await soon(world, 'all objects are gone', async () => assert.deepEqual(await objects(world), []));
    await Promise.all([compute.start(), ceph.startMon()]);
    assert.deepEqual(await poolNames(), guidePools);
    assert.deepEqual(await userNames(), guideUsers);
    assert.deepEqual(await contents(), before);
  });

  it('is taken up again by one of the same name with no restart', async () => {
    const units = ['glance-api', 'cinder-volume', 'cinder-backup'];
    const runs = async () => Promise.all(units.map(async (unit) => (await unitOn(controller, unit)).invocation));
    const before = [await runs(), await contents()];
    await wired(Delete);
    assert.deepEqual([await runs(), await contents()], before);
  });
});

describe('a host that is taken off the binding', () => {
  it('is given back where hostRemoval says so, and the others stay as they are', async () => {
    const fields = { ...Delete, hostRemoval: 'Clean' };
    await wired(fields);
    const { hosts } = (await world.get('cob', 'cloud')).spec;
    const run = (await unitOn(controller, 'cinder-volume')).invocation;
    const one = hosts.filter((host: { name: string }) => host.name !== 'cmp1');
    await applyQuickstart(world, { ...fields, rollout: { canary: 0 }, hosts: one });
    await gone(world, 'coh', 'cloud-cmp1', { timeoutMs: 90_000 });
    assert.deepEqual((await contents())[2], bare[2]);
    assert.equal((await libvirtSecretsOn(compute)).size, 0);
    await ready(world, 'cob', 'cloud');
    assert.equal((await unitOn(controller, 'cinder-volume')).invocation, run);
    await wired(Delete);
  });
});

describe('the whole namespace', () => {
  before(async () => {
    // For all namespaces: rights that lie in a namespace go with it, its Secrets alike.
    await operator.stop();
    const values = `installation=${installation},watchAllNamespaces=true,replicas=0,crds.enabled=false`;
    const chart = ['charts/ceph-openstack-operator', '--namespace', operatorName, '--set', values];
    await world.kube.helm(['upgrade', operatorName, ...chart]);
    operator = await world.startOperator({ WATCH_NAMESPACES: '', CEPH_LOOK_SECONDS: '5', HOST_LOOK_SECONDS: '10' });
    await wired(Delete);
  });

  it('goes with its Secrets first: what cannot be undone any more is named, and can be abandoned', async () => {
    await world.kube.kubectl(['delete', 'namespace', world.namespace, '--wait=false']);
    await soon(world, 'the Secrets are gone', async () => {
      assert.equal(await world.get('secret', 'fleet-ssh'), undefined);
      assert.equal(await world.get('secret', 'ceph-main'), undefined);
    });
    const left = () => objects(world);
    // Whatever had gone before its Secret was gone is undone in good order.
    for (;;) {
      const remaining = (await left()).filter(({ kind }) => kind !== 'CephOpenStackBinding');
      if (remaining.length === 0) break;
      for (const { kind, metadata } of remaining) {
        if ((await world.get(kind, metadata.name)) === undefined) continue;
        const isWaiting = kind !== 'CephOpenStackHost' && remaining.some((other) => other.kind === 'CephOpenStackHost');
        const reasons = isWaiting ? (['ConnectionGone', 'DeletionBlocked'] as const) : (['ConnectionGone'] as const);
        await heldBack(world, kind, metadata.name, reasons, /Secret|used by|cloud/);
      }
      for (const { kind, metadata } of remaining) await abandon(world, kind, metadata.name);
      for (const { kind, metadata } of remaining) await gone(world, kind, metadata.name);
    }
    await soon(world, 'the namespace is gone', async () => {
      const found = await world.kube.kubectl(['get', 'namespace', world.namespace, '--ignore-not-found']);
      assert.equal(found, '');
    });
    // Nothing was contacted, so all of it stands.
    assert.deepEqual(await poolNames(), guidePools);
    assert.deepEqual(await userNames(), guideUsers);
  });

  it('nothing was asked of Kubernetes that the chart does not allow', async () => {
    // A namespace that is on its way out refuses new objects, events among them, whoever asks.
    const refused = (await refusedRequests(world)).filter((line) => !line.startsWith('create '));
    assert.deepEqual(refused, []);
  });

  it('nothing is allowed by the chart that was not needed', async () => {
    // What other stories have need of, and this one has not.
    const elsewhere = [
      // A Secret of ours that was changed, and an event that is told again.
      'patch secrets.',
      'patch events.events.k8s.io',
      // More versions than are kept.
      'delete controllerrevisions.apps',
      'get controllerrevisions.apps',
      // A conflict with whoever writes at the same moment.
      'get cephopenstackbindings.cephopenstack.io',
      // Never a request of its own: the API server looks for it in another (see test/integration/chart.test.ts).
      'update cephclientauths/finalizers.cephopenstack.io',
      'update cephopenstackbindings/finalizers.cephopenstack.io',
    ];
    const unused = await unusedRights(world);
    assert.deepEqual(
      unused.filter((right) => !elsewhere.includes(right)),
      [],
    );
  });
});
