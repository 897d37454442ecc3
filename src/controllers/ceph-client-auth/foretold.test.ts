import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephClientAuthSpecInput } from '../../api/ceph-client-auth.ts';
import { parsePolicy } from '../../api/policy.ts';
import { parseRbdPool, type RbdPool } from '../../api/rbd-pool.ts';
import type { Condition } from '../../api/resource.ts';
import { wantCaps } from './access.ts';
import { cephClient, cluster, emptyWorld, entity, key, owner, see, type World, worldWith } from './client.fixture.ts';
import type { ObservedClient } from './observed.ts';
import { clientStatus } from './status.ts';

const noPools = { pools: [], records: new Map() };

/** An RbdPool whose pool Ceph does not have. */
function unmadePool(spec: object = {}, status: object = {}, metadata: object = {}): RbdPool {
  const plan = ['Create pool "volumes".'];
  const conditions: readonly Condition[] = [{ type: 'Ready', status: 'False', reason: 'ChangesPlanned', message: '' }];
  const pool = parseRbdPool({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'RbdPool',
    metadata: {
      ...{ name: 'volumes', namespace: owner.namespace, uid: 'uid-volumes', generation: 2, resourceVersion: '1' },
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { cluster: { secretName: 'ceph-main' }, mode: 'Plan', ...spec },
  });
  return { ...pool, status: { observedGeneration: 2, plan, conditions, ...status } };
}

const stalled: readonly Condition[] = [{ type: 'Stalled', status: 'True', reason: 'PolicyForbids', message: '' }];

type Spec = Partial<CephClientAuthSpecInput>;
const byReference: Spec = { mode: 'Plan', access: [{ poolRef: { name: 'volumes' }, mode: 'ReadWrite' }] };
const byName: Spec = { mode: 'Plan', access: [{ pool: 'volumes', mode: 'ReadWrite' }] };

const pools: readonly (readonly [name: string, spec: Spec, pool: RbdPool, counts: boolean])[] = [
  ['a pool that says it would be made', byReference, unmadePool(), true],
  ['one that is named as Ceph would', byName, unmadePool(), true],
  ['one under another name in Ceph', byReference, unmadePool({ poolName: 'other' }), true],
  ['not one by a name that it would not have', byName, unmadePool({ poolName: 'other' }), false],
  ['not for a user that is to be made', { ...byReference, mode: 'Enforce' }, unmadePool(), false],
  ['not for a named one that is to be made', { ...byName, mode: 'Enforce' }, unmadePool(), false],
  ['not one that is not in mode Plan itself', byReference, unmadePool({ mode: 'Enforce' }), false],
  ['not one that was not looked at', byReference, unmadePool({}, { observedGeneration: 1 }), false],
  ['not one that would do nothing', byReference, unmadePool({}, { plan: [] }), false],
  ['not one that a person has to mend', byReference, unmadePool({}, { conditions: stalled }), false],
  ['not one that is going', byReference, unmadePool({}, {}, { deletionTimestamp: '2026-01-02T00:00:00Z' }), false],
  ['not one of another namespace', byName, unmadePool({}, {}, { namespace: 'other' }), false],
  ['not one of another cluster', byName, unmadePool({ cluster: { secretName: 'other' } }), false],
];

for (const [name, spec, pool, counts] of pools) {
  test(`wantCaps() counts as made: ${name}`, () => {
    const wanted = wantCaps(cephClient(spec), parsePolicy({}), owner, [pool], noPools);
    if (counts) assert.ok('caps' in wanted && wanted.caps.osd?.startsWith('profile rbd pool='));
    else assert.ok('hold' in wanted && wanted.hold.reason === 'WaitingForPool');
  });
}

const settled = worldWith();
const fingerprint = settled.user?.key.fingerprint();
const statuses: readonly (readonly [
  name: string,
  spec: Spec,
  world: World,
  more: Partial<ObservedClient>,
  foretold: object | undefined,
])[] = [
  ['a user to be made, whose key is not known', { mode: 'Plan' }, emptyWorld, {}, cluster],
  ['nothing of it in mode Enforce', {}, emptyWorld, {}, undefined],
  ['nothing of one that is settled', { mode: 'Plan' }, settled, {}, undefined],
  ['nothing of one that waits', { mode: 'Plan' }, { ...emptyWorld, pools: [] }, {}, undefined],
  ['nothing of one that is refused', { mode: 'Plan' }, emptyWorld, { rival: 'older' }, undefined],
  [
    'nothing of one that nobody lets us adopt',
    { mode: 'Plan' },
    worldWith({ record: undefined, secret: undefined }),
    {},
    undefined,
  ],
  [
    'a user to be adopted, with its key',
    { mode: 'Plan', adoption: 'IfUnowned' },
    worldWith({ record: undefined, secret: undefined }),
    {},
    { ...cluster, keyFingerprint: fingerprint },
  ],
  [
    'a user to be put back, with the key of its Secret',
    { mode: 'Plan' },
    worldWith({ user: undefined }),
    {},
    { ...cluster, keyFingerprint: fingerprint },
  ],
  [
    'a Secret to be corrected',
    { mode: 'Plan' },
    worldWith({
      user: { entity, key: key(7), caps: settled.user?.caps ?? {} },
      record: { ...owner, keyFingerprint: key(7).fingerprint() },
    }),
    {},
    { ...cluster, keyFingerprint: key(7).fingerprint() },
  ],
];

for (const [name, spec, world, more, foretold] of statuses) {
  test(`clientStatus() foretells ${name}`, () => {
    const resource = cephClient(spec);
    assert.deepEqual(clientStatus(resource, see(resource, world, more)).fields.foretold, foretold);
  });
}
