import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import { type CephOpenStackBinding, parseCephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { type CephOpenStackHost, type PoolUse, parseCephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { type Policy, parsePolicy } from '../../api/policy.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { legacyCaps, profileCaps } from '../../ceph/access-caps.ts';
import type { Caps } from '../../ceph/caps.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { wantCaps } from './access.ts';
import { cephClient, entity, key, owner, type Spec, see, volumes, worldWith } from './client.fixture.ts';
import { planClient } from './plan.ts';
import { clientStatus } from './status.ts';
import { keepUsed } from './still-used.ts';

const pools = [
  cephPool(),
  cephPool({ id: 2, name: 'vms' }),
  cephPool({ id: 3, name: 'vms-data', type: 'erasure' }),
  cephPool({ id: 4, name: 'images' }),
];
const vms: RbdPool = { ...volumes, metadata: { ...volumes.metadata, name: 'vms' } };
const codedVms: RbdPool = { ...vms, spec: { ...vms.spec, erasureCoded: { dataChunks: 2, codingChunks: 1 } } };

function host(hostName: string, poolUses?: readonly PoolUse[], switched?: string): CephOpenStackHost {
  return parseCephOpenStackHost({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackHost',
    metadata: { ...volumes.metadata, name: `cloud-${hostName}` },
    spec: { bindingName: 'cloud', hostName, address: '10.0.0.9', roles: ['NovaCompute'], ssh: { secretName: 'ssh' } },
    status: { ...(poolUses === undefined ? {} : { poolUses }), ...(switched === undefined ? {} : { switched }) },
  });
}

const use = (pool: string, by: PoolUse['by'], as = entity): PoolUse => ({ entity: as, pool, by });
const wired = (name: string, ...uses: readonly PoolUse[]) => host(name, uses, 'cloud-1');

const access: Spec['access'] = [{ pool: 'volumes', mode: 'ReadWrite' }];
const declared = profileCaps([{ pool: 'volumes', mode: 'ReadWrite' }]);
const write = (...names: readonly string[]) => names.map((pool) => ({ pool, mode: 'ReadWrite' as const }));
const shared = profileCaps(write('volumes', 'vms'));

const table: readonly (readonly [
  what: string,
  had: Caps,
  hosts: readonly CephOpenStackHost[],
  rbdPools: readonly RbdPool[],
  after: Caps,
  says: RegExp | undefined,
])[] = [
  ['no host uses the pool', shared, [wired('cmp1')], [vms], declared, undefined],
  [
    'a guest uses the pool',
    shared,
    [wired('cmp1', use('vms', ['Guests']))],
    [vms],
    shared,
    /guests on cmp1 \(restart them hard/,
  ],
  [
    'guests use the pool, and services do',
    shared,
    [wired('cmp2', use('vms', ['Guests', 'Services'])), wired('cmp1', use('vms', ['Guests']))],
    [vms],
    shared,
    /"vms", used by guests on cmp1, cmp2 \(.*\), and services on cmp2, until/,
  ],
  ['a guest uses another pool', shared, [wired('cmp1', use('volumes', ['Guests']))], [vms], declared, undefined],
  [
    'another user has the guest',
    shared,
    [wired('cmp1', use('vms', ['Guests'], 'client.nova'))],
    [vms],
    declared,
    undefined,
  ],
  [
    'a host of another namespace uses it',
    shared,
    [elsewhere(wired('cmp1', use('vms', ['Guests'])))],
    [vms],
    declared,
    undefined,
  ],
  ['a host is not configured yet', shared, [host('cmp1', [])], [vms], shared, /perhaps cmp1, which/],
  ['a host has not told', shared, [host('cmp1', undefined, 'cloud-1')], [vms], shared, /perhaps cmp1, which/],
  ['a host is not configured yet, and nobody declares the pool', shared, [host('cmp1', [])], [], declared, undefined],
  [
    'a guest uses a pool that nobody declares',
    profileCaps(write('volumes', 'vms', 'vms-data')),
    [wired('cmp1', use('vms', ['Guests']))],
    [],
    profileCaps(write('volumes', 'vms', 'vms-data')),
    /"vms-data", used by guests on cmp1/,
  ],
  [
    'a guest uses a pool whose data are in another',
    profileCaps(write('volumes', 'vms', 'vms-data', 'images')),
    [wired('cmp1', use('vms', ['Guests']))],
    [codedVms],
    profileCaps(write('volumes', 'vms', 'vms-data')),
    /"vms-data", used by guests on cmp1/,
  ],
  [
    'a guest uses the pool, and the caps are for all of them',
    { mon: 'allow *', osd: 'allow *' },
    [wired('cmp1', use('vms', ['Guests']))],
    [vms],
    shared,
    /"vms"/,
  ],
  [
    'a guest only reads there',
    profileCaps([...write('volumes'), { pool: 'images', mode: 'ReadOnly' }]),
    [wired('cmp1', use('images', ['Guests']))],
    [],
    profileCaps([...write('volumes'), { pool: 'images', mode: 'ReadOnly' }]),
    /"images"/,
  ],
  ['the caps cannot be read', { osd: 'zzz' }, [wired('cmp1', use('vms', ['Guests']))], [vms], shared, /"vms"/],
  [
    'there are caps of a kind that nobody reads',
    { ...shared, mds: 'allow' },
    [wired('cmp1', use('vms', ['Guests']))],
    [vms],
    shared,
    /"vms"/,
  ],
  [
    'a configured host has not told, and nobody declares the pool',
    shared,
    [host('cmp1', undefined, 'cloud-1')],
    [],
    shared,
    /perhaps cmp1, which/,
  ],
];

function elsewhere(one: CephOpenStackHost): CephOpenStackHost {
  return { ...one, metadata: { ...one.metadata, namespace: 'other' } };
}

interface Around {
  readonly policy?: Policy;
  readonly bindings?: readonly CephOpenStackBinding[];
  readonly status?: CephClientAuth['status'];
  readonly nowMs?: number;
}

function look(
  spec: Spec,
  had: Caps,
  hosts: readonly CephOpenStackHost[],
  rbdPools: readonly RbdPool[],
  { policy = parsePolicy({}), bindings = [], status, nowMs = 0 }: Around = {},
) {
  const resource = { ...cephClient(spec), ...(status === undefined ? {} : { status }) };
  const derived = wantCaps(resource, policy, owner, rbdPools, { pools, records: new Map() });
  const around = { bindings, hosts, rbdPools, pools };
  const wanted = keepUsed(resource, policy, derived, had, around, { nowMs, graceMs: 1_000 });
  const observed = see(resource, worldWith({ pools, user: { entity, key: key(0), caps: had } }), { wanted, policy });
  const plan = planClient(resource, observed);
  const steps = plan.stages.flat().flatMap((step) => (step.verb === 'set-caps' ? [step.caps] : []));
  const { fields, conditions } = clientStatus(resource, observed);
  const condition = conditions.find(({ type }) => type === 'RightsKept');
  return { caps: steps[0] ?? had, condition, hold: plan.hold, keptRights: fields.keptRights };
}

for (const [what, had, hosts, rbdPools, after, says] of table) {
  test(`planClient() ${says === undefined ? 'takes away' : 'keeps'} what is not declared any more, when ${what}`, () => {
    const seen = look({ access }, had, hosts, rbdPools);
    assert.deepEqual(seen.caps, after);
    assert.equal(seen.hold, undefined);
    if (says === undefined) assert.equal(seen.condition, undefined);
    else {
      assert.equal(seen.condition?.status, 'True');
      assert.match(seen.condition.message, says);
    }
    // What was kept is no drift.
    assert.deepEqual(look({ access }, seen.caps, hosts, rbdPools).caps, seen.caps);
  });
}

const guest = [wired('cmp1', use('vms', ['Guests']))];

test('planClient() keeps what guests use in the style that is wanted, and beside what is new', () => {
  const both: Spec['access'] = [...access, { pool: 'images', mode: 'ReadOnly' }];
  const { caps } = look({ access: both, capsStyle: 'Legacy' }, shared, guest, [vms]);
  assert.deepEqual(caps, legacyCaps([...write('volumes'), { pool: 'images', mode: 'ReadOnly' }, ...write('vms')]));
});

test('planClient() takes away to the letter, and tells in a plan what would go in the end', () => {
  assert.deepEqual(look({ access, mode: 'Plan' }, shared, guest, [vms]).caps, declared);
  const policy = parsePolicy({ rawCaps: true });
  assert.deepEqual(look({ caps: { ...declared } }, shared, guest, [vms], { policy }).caps, declared);
});

test('planClient() leaves the caps alone when guests use a pool that the policy does not allow', () => {
  const seen = look({ access }, shared, guest, [vms], { policy: parsePolicy({ pools: ['volumes'] }) });
  assert.deepEqual(seen.caps, shared);
  assert.equal(seen.hold?.reason, 'PolicyForbids');
  assert.match(seen.hold.message, /"client\.cinder" .* "vms", used by guests on cmp1 .* allow the pool/);
});

test('planClient() takes a right away when no host has told of its use for a while', () => {
  const used = look({ access }, shared, guest, [vms]);
  assert.deepEqual(used.keptRights, [{ pool: 'vms' }]);
  const status = (keptRights: unknown) => ({ keptRights }) as CephClientAuth['status'];
  // The guest is between two hosts, or gone.
  const left = look({ access }, shared, [wired('cmp1')], [vms], { status: status(used.keptRights), nowMs: 5_000 });
  assert.deepEqual([left.caps, left.keptRights], [shared, [{ pool: 'vms', unusedSince: '1970-01-01T00:00:05.000Z' }]]);
  assert.match(left.condition?.message ?? '', /"vms", until each host was looked at once more/);
  const later = { status: status(left.keptRights), nowMs: 5_999 };
  assert.deepEqual(look({ access }, shared, [wired('cmp1')], [vms], later).keptRights, left.keptRights);
  assert.deepEqual(look({ access }, shared, guest, [vms], later).keptRights, [{ pool: 'vms' }]);
  const gone = look({ access }, shared, [wired('cmp1')], [vms], { ...later, nowMs: 6_000 });
  assert.deepEqual([gone.caps, gone.keptRights, gone.condition], [declared, undefined, undefined]);
});

test('planClient() takes nothing away before the hosts of a binding have objects', () => {
  const hosts = [{ name: 'cmp1', address: '10.0.0.9', roles: ['NovaCompute'] }];
  const cluster = { secretName: 'ceph-main' };
  const binding = parseCephOpenStackBinding({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackBinding',
    metadata: { ...volumes.metadata, name: 'cloud' },
    spec: { cluster, ssh: { secretName: 'ssh' }, hosts, nova: {} },
  });
  const seen = look({ access }, shared, [], [vms], { bindings: [binding] });
  assert.deepEqual([seen.caps, seen.keptRights], [shared, [{ pool: 'vms' }]]);
  assert.deepEqual(look({ access }, shared, [wired('cmp1')], [vms], { bindings: [binding] }).caps, declared);
});
