import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { type KubeVersion, kubeVersions } from '../../lab/kube-tools.ts';
import type { CephOpenStackHost } from '../../src/api/ceph-openstack-host.ts';
import type { Resource } from '../../src/api/resource.ts';
import { client } from '../api-objects.ts';
import { away, binding, bindingDeeds } from './binding-deeds.ts';
import { startToyLab, type ToyLab } from './kube-toy.ts';

for (const version of kubeVersions) describe(`on the ${version} Kubernetes`, () => keepsBindings(version));

function keepsBindings(version: KubeVersion): void {
  let lab: ToyLab;
  before(async () => {
    lab = await startToyLab('kube-binding', version);
  });
  after(() => lab[Symbol.asyncDispose]());
  const { start, get, apply, names, keepSecret, keepSecrets, cloud, readyCloud } = bindingDeeds(() => lab);

  test('a binding makes its children, distributes, switches, settles, and goes with all of them', async () => {
    await using _ = await start();
    await keepSecrets();
    await apply(binding());
    const found = await readyCloud();
    assert.deepEqual(await names('rbdpools'), ['cloud-backup', 'cloud-cinder-ceph', 'cloud-glance', 'cloud-nova']);
    assert.deepEqual(await names('cephclientauths'), ['cloud-backup', 'cloud-cinder-ceph', 'cloud-glance']);
    assert.deepEqual(await names('cephopenstackhosts'), ['cloud-cmp1', 'cloud-ctl1']);
    assert.deepEqual(found.status?.hosts, { total: 2, reachable: 2, distributed: 2, switched: 2, ready: 2 });
    const revisions = await get<{ items: { metadata: { name: string }; data: unknown }[] }>('controllerrevisions');
    assert.ok(revisions.items.some(({ metadata }) => metadata.name === found.status?.revision?.current));
    assert.ok(!JSON.stringify(revisions).includes('bm9ib2R5'), 'a revision holds no key');

    await eventually(async () => {
      const before = lab.proxy.requests.length;
      const since = () => lab.proxy.requests.slice(before);
      const looks = () => since().filter(({ url }) => url.includes('/secrets/fleet-ssh'));
      await eventually(() => assert.ok(looks().length >= 4));
      assert.deepEqual(
        since().filter(({ method }) => method !== 'GET'),
        [],
        'settled looks write nothing',
      );
    });

    await apply({
      apiVersion: 'cephopenstack.io/v1alpha1',
      kind: 'RbdPool',
      metadata: { name: 'cloud-nova', namespace: 'openstack' },
      spec: { cluster: { secretName: 'ceph-main' }, adoption: 'TakeOver', poolName: 'vms' },
    });
    await eventually(async () => {
      const pool = await get<Resource & { spec: { adoption: string } }>('rbdpool', 'cloud-nova');
      assert.equal(pool.spec.adoption, 'Never', 'a child that was edited is put right');
    });
    await readyCloud();

    const patch = (kind: string, name: string, spec: object) =>
      lab.kube.kubectl(['patch', kind, name, '--namespace=openstack', '--type=merge', '-p', JSON.stringify({ spec })]);
    await patch('rbdpool', 'cloud-nova', { replicated: { size: 2 } });
    await patch('cephopenstackhost', 'cloud-cmp1', { roles: ['GlanceApi', 'NovaCompute'] });
    await eventually(async () => {
      const pool = await get<Resource & { spec: { replicated?: object } }>('rbdpool', 'cloud-nova');
      const { roles } = (await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1')).spec;
      const left = [pool.spec.replicated, roles];
      assert.deepEqual(left, [undefined, ['NovaCompute']], 'what was added to a child is taken away');
    });
    await readyCloud();

    type User = Resource & { readonly spec: { access?: object; caps?: object; keyType?: string } };
    const glance = () => get<User>('cephclientauth', 'cloud-glance');
    const made = await glance();
    await patch('cephclientauth', 'cloud-glance', { access: null, caps: { mon: 'profile rbd' } });
    await eventually(async () => assert.deepEqual((await glance()).spec, made.spec, 'rights are put right, though'));
    await readyCloud();
    await patch('cephclientauth', 'cloud-glance', { keyType: 'Aes' });
    await eventually(async () => {
      const ready = (await cloud()).status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.reason, 'Conflict');
      assert.match(ready?.message ?? '', /^CephClientAuth "cloud-glance" is not as it should be in keyType,/);
    });
    await patch('cephopenstackhost', 'cloud-cmp1', { roles: ['GlanceApi', 'NovaCompute'] });
    await eventually(async () => {
      const { roles } = (await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1')).spec;
      assert.deepEqual(roles, ['NovaCompute'], 'a child that cannot be put right holds up no other');
    });
    const user = ['cephclientauth', '--namespace=openstack', 'cloud-glance'];
    await lab.kube.kubectl(['annotate', ...user, 'cephopenstack.io/abandon=true']);
    await lab.kube.kubectl(['delete', ...user, '--timeout=30s']);
    await eventually(async () => assert.deepEqual((await glance()).spec, made.spec));
    assert.notEqual((await glance()).metadata.uid, made.metadata.uid);
    await readyCloud();

    const annotated = ['annotate', 'cephopenstackhost', 'cloud-cmp1', '--namespace=openstack'];
    await lab.kube.kubectl([...annotated, 'cephopenstack.io/on-trial-from=old', 'story=theirs']);
    await eventually(async () => {
      const { annotations } = (await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1')).metadata;
      const notes = [annotations?.['cephopenstack.io/on-trial-from'], annotations?.story];
      assert.deepEqual(notes, [undefined, 'theirs'], 'a note that is too many is taken away, whoever owns it');
    });

    await keepSecrets('YW5vdGhlcg');
    await eventually(async () => {
      const now = await readyCloud();
      assert.notEqual(now.status?.revision?.current, found.status?.revision?.current, 'a new key is a new revision');
    });

    const before = (await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1')).spec.revision;
    await keepSecret('nova-ceph-client', 'nova');
    await apply(client({ access: [{ pool: 'vms', mode: 'ReadOnly' }] }, 'nova'));
    await apply(binding({ nova: { ephemeral: {}, clientRef: { name: 'nova' } } }));
    await eventually(async () => {
      const ready = (await cloud()).status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.reason, 'InvalidSpec');
      assert.match(
        ready?.message ?? '',
        /^spec\.nova\.clientRef: the user "client\.nova" may only read the pool "vms"/,
      );
    });
    assert.deepEqual((await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1')).spec.revision, before);
    await apply(client({ access: [{ poolRef: { name: 'cloud-nova' }, mode: 'ReadWrite' }] }, 'nova'));
    await readyCloud();

    away.add('cmp1');
    await apply(binding({ nova: { ephemeral: {}, hwDiskDiscard: 'Ignore' } }));
    await eventually(async () => {
      const { status } = await cloud();
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([ready?.reason, status?.hosts?.reachable], ['HostUnreachable', 1]);
    });
    away.clear();
    await readyCloud();

    await lab.kube.kubectl(['delete', 'cephclientauth', 'nova', '--namespace=openstack', '--timeout=30s']);

    await apply(binding({}, ['ctl1']));
    await eventually(async () => assert.deepEqual(await names('cephopenstackhosts'), ['cloud-ctl1']));
    await readyCloud();

    await lab.kube.kubectl(['delete', 'cephopenstackbinding', 'cloud', '--namespace=openstack', '--timeout=30s']);
    for (const kind of ['cephopenstackhosts', 'cephclientauths', 'rbdpools', 'controllerrevisions']) {
      await eventually(async () => assert.deepEqual(await names(kind), []));
    }
  });

  test('a binding goes under foreground deletion too, and one in mode Plan makes children in mode Plan', async () => {
    await using _ = await start();
    await keepSecrets();
    await apply(binding({ mode: 'Plan' }));
    await eventually(async () => assert.equal((await names('rbdpools')).length, 4));
    const pools = await get<{ items: { spec: { mode: string } }[] }>('rbdpools');
    assert.deepEqual(new Set(pools.items.map(({ spec }) => spec.mode)), new Set(['Plan']));
    await apply(binding());
    await readyCloud();
    await lab.kube.kubectl([
      'delete',
      'cephopenstackbinding',
      'cloud',
      '--namespace=openstack',
      '--cascade=foreground',
      '--timeout=30s',
    ]);
    for (const kind of ['cephopenstackhosts', 'cephclientauths', 'rbdpools']) {
      await eventually(async () => assert.deepEqual(await names(kind), []));
    }
  });

  test('a revision that somebody replaced by another of its name, while nobody looked, is made anew', async () => {
    await keepSecrets();
    const operator = await start();
    await apply(binding());
    const name = (await readyCloud()).status?.revision?.current ?? assert.fail('no revision');
    await operator[Symbol.asyncDispose]();
    type Revision = Pick<Resource, 'metadata'> & { readonly data: unknown };
    const { metadata, ...made } = await get<Revision>('controllerrevision', name);
    const { uid, resourceVersion: _, ...named } = metadata;
    const data = JSON.parse(JSON.stringify(made.data).replaceAll('volumes', 'vms'));
    assert.notDeepEqual(data, made.data);
    const replace = ['replace', '--force', '--namespace=openstack', '-f', '-'];
    await lab.kube.kubectl(replace, { input: JSON.stringify({ ...made, metadata: named, data }) });
    const forged = await get<Revision>('controllerrevision', name);
    assert.deepEqual(forged.data, data);

    await using __ = await start();
    await eventually(async () => {
      const now = await get<Revision>('controllerrevision', name);
      assert.deepEqual(now.data, made.data);
      assert.ok(![uid, forged.metadata.uid].includes(now.metadata.uid));
    });
    const host = await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1');
    assert.equal(host.spec.revision?.current, name);
    await readyCloud();
    await lab.kube.kubectl(['delete', 'cephopenstackbinding', 'cloud', '--namespace=openstack', '--timeout=30s']);
  });

  test('a binding goes under a deletion that leaves its children, too', async () => {
    await using _ = await start();
    await keepSecrets();
    await apply(binding());
    await readyCloud();
    const remove = ['delete', 'cephopenstackbinding', 'cloud', '--namespace=openstack'];
    await lab.kube.kubectl([...remove, '--cascade=orphan', '--timeout=30s']);
    await eventually(async () => assert.deepEqual(await names('cephopenstackhosts'), []));
  });

  test('a binding that is being deleted tells its children, which are going already, what it says by now', async () => {
    await using _ = await start();
    await keepSecrets();
    await apply(binding({ deletionPolicy: 'Delete' }));
    await readyCloud();
    away.add('cmp1');
    const remove = ['delete', 'cephopenstackbinding', 'cloud', '--namespace=openstack'];
    await lab.kube.kubectl([...remove, '--cascade=foreground', '--wait=false']);
    await eventually(async () => assert.deepEqual(await names('cephopenstackhosts'), ['cloud-cmp1']));
    const policy = JSON.stringify({ spec: { deletionPolicy: 'Retain' } });
    await lab.kube.kubectl([
      'patch',
      'cephopenstackbinding',
      'cloud',
      '--namespace=openstack',
      '--type=merge',
      '-p',
      policy,
    ]);
    await eventually(async () => {
      const host = await get<CephOpenStackHost>('cephopenstackhost', 'cloud-cmp1');
      assert.notEqual(host.metadata.deletionTimestamp, undefined);
      assert.equal(host.spec.hostRemoval, 'Retain');
    });
    away.clear();
    for (const kind of ['cephopenstackbindings', 'cephopenstackhosts', 'cephclientauths', 'rbdpools']) {
      await eventually(async () => assert.deepEqual((await get<{ items: unknown[] }>(kind)).items, []));
    }
  });

  test('a binding that is abandoned abandons its children, and takes them up again with itself', async () => {
    await using _ = await start();
    await keepSecrets();
    await apply(binding({ deletionPolicy: 'Delete' }));
    await readyCloud();
    const annotate = (annotation: string): Promise<string> =>
      lab.kube.kubectl(['annotate', 'cephopenstackbinding', 'cloud', '--namespace=openstack', annotation]);
    const children = async (): Promise<readonly Resource[]> => {
      const kinds = ['cephopenstackhosts', 'cephclientauths', 'rbdpools'];
      const lists = await Promise.all(kinds.map((kind) => get<{ items: Resource[] }>(kind)));
      return lists.flatMap(({ items }) => items);
    };
    const abandoned = async (expected: boolean): Promise<void> =>
      eventually(async () => {
        const all = await children();
        assert.equal(all.length, 4 + 3 + 2);
        for (const { kind, metadata } of all) {
          const is = metadata.annotations?.['cephopenstack.io/abandon'] === 'true';
          assert.equal(is, expected, `${kind} ${metadata.name}`);
          if (expected) assert.deepEqual(metadata.finalizers ?? [], [], `${kind} ${metadata.name}`);
        }
      });
    const before = await children();
    await annotate('cephopenstack.io/abandon=true');
    await abandoned(true);
    assert.deepEqual(
      (await children()).map(({ spec }) => spec),
      before.map(({ spec }) => spec),
      'nothing else of them changes',
    );
    await annotate('cephopenstack.io/abandon-');
    await abandoned(false);
    await readyCloud();
    await annotate('cephopenstack.io/abandon=true');
    await abandoned(true);
    await lab.kube.kubectl(['delete', 'cephopenstackbinding', 'cloud', '--namespace=openstack', '--timeout=30s']);
    await eventually(async () => assert.deepEqual(await children(), []));
  });
}
