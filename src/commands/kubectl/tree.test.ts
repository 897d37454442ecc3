import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Reason } from '../../api/conditions.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { cloud, object } from './objects.fixture.ts';
import { renderHosts, renderTree } from './tree.ts';

const refused = {
  status: 'False',
  reason: 'SshRefused',
  message: 'The host\u001b[2J refused\nthe login.',
  abnormal: 'Stalled',
} as const;

test('renderTree() lists what a binding made below it, and what stands alone after it', () => {
  const own = object('RbdPool', 'scratch') as RbdPool;
  const objects = cloud(2, { cmp2: refused });
  assert.equal(
    renderTree({ ...objects, pools: [...objects.pools, own] }),
    `CephOpenStackBinding openstack/cloud  Ready
│  2 hosts: 2 reachable, 2 laid out, 2 switched, 2 Ready; revision cloud-abc
├─ RbdPool cloud-glance (images)  Ready
├─ CephClientAuth cloud-glance (client.glance)  Ready
├─ CephOpenStackHost cloud-cmp1 (10.0.0.1; NovaCompute)  Ready
└─ CephOpenStackHost cloud-cmp2 (10.0.0.2; NovaCompute)  Stalled: SshRefused: The host [2J refused the login.
RbdPool openstack/scratch (scratch)  Ready
`,
  );
});

test('renderTree() counts the hosts of a large cloud, and lists those that are not Ready', () => {
  const lines = renderTree(cloud(500, { cmp7: refused })).split('\n');
  assert.equal(lines.length, 7);
  assert.deepEqual(lines.slice(4, 6), [
    '├─ CephOpenStackHosts: 1 Stalled, 499 Ready',
    '└─ CephOpenStackHost cloud-cmp7 (10.0.0.7; NovaCompute)  Stalled: SshRefused: The host [2J refused the login.',
  ]);
});

test('renderTree() and renderHosts() print nothing that moves the cursor or turns the text', () => {
  const odd = 'a\u001b[2J\u2028b\u202ec\nd';
  const host = object('CephOpenStackHost', 'cmp1', {
    spec: { address: odd, roles: [odd] },
    status: { switched: odd, facts: { distribution: odd, releases: { nova: odd } } },
    told: { status: 'False', reason: odd as Reason, message: odd },
  }) as CephOpenStackHost;
  const cloudWith = cloud(1);
  const [binding] = cloudWith.bindings;
  assert.ok(binding?.status);
  const objects = {
    ...cloudWith,
    bindings: [{ ...binding, status: { ...binding.status, revision: { next: odd } } }],
    pools: [object('RbdPool', 'scratch', { spec: { poolName: odd } }) as RbdPool],
  };
  const tree = renderTree(objects);
  assert.ok(tree.includes('RbdPool openstack/scratch (a [2J b c d)'), tree);
  for (const text of [tree, renderHosts([host])]) assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\nd/u);
});

test('renderTree() of nothing is empty', () => {
  assert.equal(renderTree({ bindings: [], pools: [], clients: [], hosts: [] }), '');
});

test('renderHosts() aligns a line for each host, and counts them', () => {
  assert.equal(
    renderHosts(cloud(2, { cmp2: refused }).hosts),
    `HOST                  ADDRESS   ROLES        DISTRIBUTION  RELEASE  REVISION  STATE    MESSAGE
openstack/cloud-cmp1  10.0.0.1  NovaCompute  -             -        -         Ready
openstack/cloud-cmp2  10.0.0.2  NovaCompute  -             -        -         Stalled  SshRefused: The host [2J refused the login.
2 hosts: 1 Stalled, 1 Ready.
`,
  );
});
