import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import type { RbdPool } from '../../api/rbd-pool.ts';
import { legacyCaps, profileCaps } from '../../ceph/access-caps.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { wantCaps } from './access.ts';
import {
  cephClient,
  emptyWorld,
  entity,
  hold,
  key,
  owner,
  type Spec,
  see,
  sentences,
  volumes,
  worldWith,
} from './client.fixture.ts';
import { planClient } from './plan.ts';

const erasureCoded = { dataChunks: 2, codingChunks: 1 } as const;
const pools = [...emptyWorld.pools, cephPool({ id: 5, name: 'volumes-data', type: 'erasure' })];
const access: Spec['access'] = [{ poolRef: { name: 'volumes' }, mode: 'ReadWrite' }];
const both = 'profile rbd pool=volumes, profile rbd pool=volumes-data';

/** As the pool's controller left it. */
function told(status: 'True' | 'False', reason: 'Converged' | 'WrongPoolType', observedGeneration = 1): RbdPool {
  const conditions = [{ type: 'Ready', observedGeneration, status, reason, message: '' }] as const;
  return { ...volumes, status: { observedGeneration, conditions } };
}

const declaring = { ...volumes, metadata: { ...volumes.metadata, name: 'other' } };

for (const [what, had, spec, rbdPools, isKept] of [
  ['an RbdPool was not looked at', both, { access }, [volumes], true],
  ['an RbdPool says WrongPoolType', both, { access }, [told('False', 'WrongPoolType')], true],
  ['an RbdPool was Ready before it was changed', both, { access }, [told('True', 'Converged', 0)], true],
  ['the caps of before are for all pools', 'allow *', { access }, [volumes], true],
  [
    'the caps of before are in the style of 2014',
    'allow rwx pool=volumes, allow rwx pool=volumes-data',
    { access },
    [volumes],
    true,
  ],
  ['the caps of before cannot be read', 'zzz', { access }, [volumes], true],
  ['every RbdPool is Ready', both, { access }, [told('True', 'Converged')], false],
  ['it had none', 'profile rbd pool=images', { access }, [volumes], false],
  ['it had but a namespace there', 'profile rbd pool=volumes-data namespace=a', { access }, [volumes], false],
  [
    'an RbdPool declares the pool for its own data',
    both,
    { access },
    [volumes, { ...declaring, spec: { ...volumes.spec, poolName: 'volumes', erasureCoded } }],
    false,
  ],
  ['the user names its pools itself', both, { access: [{ pool: 'volumes', mode: 'ReadWrite' }] }, [volumes], false],
  ['the plan tells it only', both, { access, mode: 'Plan' }, [volumes], false],
] as const) {
  test(`planClient() ${isKept ? 'keeps' : 'takes away'} rights to a pool that may have data, when ${what}`, () => {
    const user = { entity, key: key(0), caps: { mon: 'profile rbd', osd: had, mgr: had } };
    const world = worldWith({ pools, user });
    const wanted = wantCaps(cephClient(spec), parsePolicy({}), owner, rbdPools, { pools, records: new Map() });
    const steps = sentences(spec, world, { wanted });
    const { reason, message = '' } = hold(spec, world, { wanted }) ?? {};
    if (isKept) {
      assert.deepEqual([steps, reason], [[], 'WaitingForPool']);
      assert.match(message, /reach the pool "volumes-data", where .* when RbdPool "volumes" is Ready\.$/);
    } else {
      assert.equal(reason, undefined);
      assert.match(
        steps.flat().join(),
        /^Change the caps of user "client\.cinder" .* to .* osd "profile rbd pool=volumes"/,
      );
    }
  });
}

const data = [
  { pool: 'volumes', mode: 'ReadWrite' },
  { pool: 'volumes-data', mode: 'ReadWrite' },
] as const;
const images = { pool: 'images', mode: 'ReadOnly' } as const;
const added: Spec['access'] = [...access, images];

for (const [what, spec, had, after] of [
  ['gives what is new', {}, profileCaps(data), profileCaps([data[0], images, data[1]])],
  [
    'gives what is new in the style of 2014',
    { capsStyle: 'Legacy' },
    legacyCaps(data),
    legacyCaps([data[0], images, data[1]]),
  ],
  ['leaves caps of the other style', {}, legacyCaps(data), undefined],
  ['leaves a grant that was added by hand', {}, { ...profileCaps(data), osd: 'allow *' }, undefined],
  ['leaves a subsystem that was added by hand', {}, { ...profileCaps(data), mds: 'allow *' }, undefined],
  ['leaves caps that cannot be read', {}, { ...profileCaps(data), osd: 'zzz' }, undefined],
] as const) {
  test(`planClient() ${what}, while it keeps rights to a pool that may have data`, () => {
    const resource = cephClient({ access: added, ...spec });
    const known = [...pools, cephPool({ id: 6, name: 'images' })];
    const world = worldWith({ pools: known, user: { entity, key: key(0), caps: had } });
    const wanted = wantCaps(resource, parsePolicy({}), owner, [volumes], { pools: known, records: new Map() });
    const { stages, hold: waits } = planClient(resource, see(resource, world, { wanted }));
    const [step, ...more] = stages.flat();
    assert.deepEqual([step?.verb === 'set-caps' ? step.caps : step, more], [after, []]);
    assert.equal(waits?.reason, 'WaitingForPool');
    const settled = worldWith({ pools: known, user: { entity, key: key(0), caps: after ?? had } });
    assert.deepEqual(planClient(resource, see(resource, settled, { wanted })).stages.flat(), []);
  });
}

test('planClient() adds nothing beside a pool that the policy does not allow, while it keeps rights to it', () => {
  const world = worldWith({ pools, user: { entity, key: key(0), caps: profileCaps(data) } });
  const resource = cephClient({ access: [...access, { pool: 'volumes', namespace: 'a', mode: 'ReadWrite' }] });
  for (const [allowed, count] of [
    [['volumes*'], 1],
    [['volumes'], 0],
  ] as const) {
    const policy = parsePolicy({ pools: allowed });
    const wanted = wantCaps(resource, policy, owner, [volumes], { pools, records: new Map() });
    assert.equal(planClient(resource, see(resource, world, { policy, wanted })).stages.flat().length, count);
  }
});
