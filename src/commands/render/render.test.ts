import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { asJson } from './as-json.ts';
import { asText } from './as-text.ts';
import {
  assertGolden,
  bindingOf,
  controller,
  debian,
  documents,
  faults,
  poolOf,
  rendered,
  secretOf,
  userOf,
} from './input.fixture.ts';
import { render } from './render.ts';

const examples = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples');
const example = (name: string) => ({ name, text: readFileSync(join(examples, name), 'utf8') });

describe('render() of the quickstart', () => {
  for (const release of ['2025.1', 'queens', 'juno'] as const) {
    it(`says what hosts of ${release} get`, () => {
      const result = render([example('quickstart.yaml')], debian(release));
      assert.ok('rendering' in result);
      assertGolden(`quickstart-${release}.txt`, asText(result.rendering));
      if (release !== '2025.1') return;
      assertGolden(`quickstart-${release}.json.txt`, asJson(result.rendering));
    });
  }
});

describe('render() of a back end in another cluster', () => {
  it('says what hosts get of each', () => {
    const result = render([example('two-clusters.yaml')], debian('2025.1'));
    assert.ok('rendering' in result);
    assertGolden('two-clusters-2025.1.txt', asText(result.rendering));
    assert.deepEqual(
      result.rendering.notes.map((note) => /"openstack\/(\S+)"/.exec(note)?.[1]),
      ['ceph-main', 'fleet-ssh'],
    );
  });

  it('judges its pool and user by the policy of its own Secret', () => {
    const [, binding = ''] = example('two-clusters.yaml').text.split('---\n');
    const found = faults([binding, secretOf('ceph-east', 'pools: [none]')], debian('2025.1'));
    assert.ok(found.length > 0 && found.every((fault) => fault.includes('cloud-two-cinder-east')), found.join('\n'));
  });

  it('refuses the hosts whose release cannot', () => {
    const [fault, ...others] = faults([example('two-clusters.yaml').text], debian('newton'));
    assert.match(fault ?? '', /NovaCompute of newton .*"east" in another cluster/);
    assert.deepEqual(others, []);
  });
});

describe('render()', () => {
  it('judges by the policies of Secrets that are in the input', () => {
    const full = example('binding-full.yaml').text.replace('fleet-lenient', 'fleet-ssh');
    assert.deepEqual(
      faults([full, example('ssh.yaml').text], debian(undefined)).map((fault) =>
        /: ([^:]+): The policy in the Secret "[^"]*" does not allow the (.*?):/.exec(fault)?.slice(1),
      ),
      [
        ['CephOpenStackBinding "openstack/cloud-full"', 'option "workers" in [DEFAULT] of glance-api.conf'],
        ['Host cmp1', 'host address "2001'],
        ['Host cmp2', 'host address "cmp2.cloud.example.org"'],
      ],
    );
  });

  it('gives the values that the user knows, and names those that nobody said', () => {
    const fsid = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
    const cinder = controller('  cinder: {}\n');
    const known = rendered(
      [cinder],
      debian('2025.1', { fsids: new Map([['', fsid]]), monHosts: new Map([['ceph-main', 'm']]) }),
    );
    assert.deepEqual(known.placeholders, []);
    assert.equal(known.hosts[0]?.files[0]?.content, `[global]\nfsid = ${fsid}\nmon_host = m\n`);
    const uuid = known.hosts[0]?.options.find(({ name }) => name === 'rbd_secret_uuid')?.value ?? '';
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    const unknown = rendered([cinder]);
    assert.deepEqual(
      unknown.placeholders.map(({ placeholder, option }) => `${placeholder} ${option}`),
      ['<fsid:ceph-main> --fsid', '<libvirt-secret:ceph-main:client.cinder> --fsid', '<mon-host:ceph-main> --mon-host'],
    );
  });

  it('takes values for each connection, of whatever the input holds, but not by a name that two namespaces have', () => {
    const elsewhere = poolOf('p').replace('ceph-main', 'ceph-east');
    const monHosts = new Map([
      ['ceph-main', 'm'],
      ['ceph-east', 'e'],
    ]);
    const cinder = controller('  cinder: {}\n');
    assert.equal(rendered([cinder, elsewhere], debian('2025.1', { monHosts })).placeholders.length, 2);
    const twice = [cinder, cinder.replace('namespace: openstack', 'namespace: other').replace('.11', '.12')];
    assert.throws(
      () => rendered(twice, debian('2025.1', { monHosts: new Map([['ceph-main', 'm']]) })),
      /^UsageError: --mon-host is for "ceph-main", of which openstack, other have one each: render them apart\.$/,
    );
  });

  it('gives each service of a mixed host the options of its own release', () => {
    const binding = bindingOf(
      '  hosts: [{name: all, address: 10.0.0.1, roles: [GlanceApi, CinderVolume, CinderBackup, NovaCompute]}]\n  glance: {}\n  cinder: {}\n  cinderBackup: {}\n  nova: {}\n',
    );
    // One keyring is read by two services, and that is as many as there may be.
    const [host] = rendered([binding], debian('ocata', { releases: { nova: 'newton' } })).hosts;
    assert.deepEqual(host?.releases, { cinder: 'ocata', glance: 'ocata', nova: 'newton' });
    assert.deepEqual(
      host.files.map(({ path, owner, group, mode }) => `${path} ${owner}:${group} ${mode}`),
      [
        '/etc/ceph/ceph.conf root:root 0644',
        '/etc/ceph/ceph.client.cinder-backup.keyring cinder:cinder 0640',
        '/etc/ceph/ceph.client.cinder.keyring cinder:nova 0640',
        '/etc/ceph/ceph.client.glance.keyring glance:glance 0640',
      ],
    );
  });

  it("uses another family's names of packages and units", () => {
    const redhat = { distribution: 'rocky-9', family: 'redhat', initSystem: 'systemd' };
    const [host] = rendered([controller('  cinder: {}\n')], debian('2025.1', redhat)).hosts;
    assert.deepEqual(host?.restarts.units, ['openstack-cinder-volume.service']);
  });

  it('takes names from the pools and users that a binding refers to, be they of another binding', () => {
    const north = controller('  cinder: {backends: [{name: ssd, poolRef: {name: fast}, clientRef: {name: own}}]}\n');
    const pools = documents(
      poolOf('fast', ', poolName: Fast_1'),
      userOf('own', 'clientName: cinder-x, access: [{pool: Fast_1, mode: ReadWrite}]'),
    );
    const { hosts, users } = rendered([north, pools]);
    assert.deepEqual(
      hosts[0]?.options.filter(({ name }) => ['rbd_pool', 'rbd_user'].includes(name)).map(({ value }) => value),
      ['Fast_1', 'cinder-x'],
    );
    assert.deepEqual(users[0]?.caps.osd, 'profile rbd pool=Fast_1');
    const south = controller(
      '  cinder: {backends: [{name: ceph, poolRef: {name: cloud-cinder-ceph}, clientRef: {name: cloud-cinder-ceph}}]}\n',
      'south',
    ).replace('10.0.0.11', '10.0.0.12');
    assert.equal(rendered([controller('  cinder: {}\n'), south]).hosts.length, 2);
  });

  it('takes Lists, passes over what is not ours, and renders a child from its binding only', () => {
    const { users, pools } = rendered([controller('  cinder: {}\n')]);
    const owner = { kind: 'CephOpenStackBinding', name: 'cloud', controller: true, uid: 'u', apiVersion: 'x' };
    const meta = {
      name: 'cloud-cinder-ceph',
      namespace: 'openstack',
      ownerReferences: [owner],
      labels: { 'cephopenstack.io/binding': 'cloud' },
    };
    const child = {
      apiVersion: 'cephopenstack.io/v1alpha1',
      kind: 'RbdPool',
      metadata: meta,
      spec: { cluster: { secretName: 'ceph-main' }, poolName: 'old' },
    };
    const list = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [child, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }],
    });
    const again = rendered([`${list}\n---\n${controller('  cinder: {}\n')}---\n`]);
    assert.deepEqual(again.pools, pools);
    assert.deepEqual(again.users, users);
  });

  it('never shows a key', () => {
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: ceph-main, namespace: openstack}\nstringData: {userID: op, userKey: not-to-be-seen}\n`;
    const text = JSON.stringify(rendered([documents(secret, controller('  cinder: {}\n'))]));
    assert.ok(!text.includes('not-to-be-seen'));
    assert.ok(text.includes('key = ***'));
  });
});
