import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../api/policy.ts';
import { type Owner, poolMark, poolMarkKey } from '../../ceph/marks.ts';
import { cephPool } from '../../ceph/pool.fixture.ts';
import { wantCaps } from './access.ts';
import { cephClient, owner, type Spec, volumes } from './client.fixture.ts';

const erasureCoded = { dataChunks: 2, codingChunks: 1 } as const;
const withData = { ...volumes, spec: { ...volumes.spec, erasureCoded } };
const marked = (whose: Owner) => ({ rbd: { [poolMarkKey]: poolMark(whose) } });
const pool = cephPool({ applications: marked({ ...owner, name: 'volumes' }) });
const data = cephPool({
  id: 5,
  name: 'volumes-data',
  type: 'erasure',
  applications: marked({ ...owner, name: 'volumes', part: 'data' }),
});

function wanted(spec: Spec, pools = [pool, data], policy = parsePolicy({})) {
  return wantCaps(cephClient(spec), policy, owner, [withData], { pools, records: new Map() });
}

const both = 'profile rbd pool=volumes, profile rbd pool=volumes-data';
const poolRef = { name: 'volumes' };
for (const [name, spec, osd] of [
  ['read and write', { access: [{ poolRef, mode: 'ReadWrite' }] }, both],
  [
    'read only, in a namespace',
    { access: [{ poolRef, mode: 'ReadOnly', namespace: 'a' }] },
    'profile rbd-read-only pool=volumes namespace=a, profile rbd-read-only pool=volumes-data namespace=a',
  ],
  [
    'in the style of 2014',
    { access: [{ poolRef, mode: 'ReadWrite' }], capsStyle: 'Legacy' },
    'allow class-read object_prefix rbd_children, allow rwx pool=volumes, allow rwx pool=volumes-data',
  ],
  [
    'by the names of both',
    {
      access: [
        { pool: 'volumes', mode: 'ReadWrite' },
        { pool: 'volumes-data', mode: 'ReadWrite' },
      ],
    },
    both,
  ],
  ['by the name of one', { access: [{ pool: 'volumes', mode: 'ReadWrite' }] }, 'profile rbd pool=volumes'],
] as const) {
  test(`wantCaps() gives both pools of an RbdPool with erasureCoded: ${name}`, () => {
    const found = wanted(spec as unknown as Spec);
    assert.equal('caps' in found && found.caps.osd, osd);
  });
}

const access: Spec = { access: [{ poolRef, mode: 'ReadWrite' }] };

test('wantCaps() waits for the erasure-coded pool too', () => {
  const found = wanted(access, [pool]);
  assert.equal('hold' in found && found.hold.reason, 'WaitingForPool');
  assert.match('hold' in found ? found.hold.message : '', /RbdPool "volumes" has not made its pool "volumes-data" yet/);
});

test('wantCaps() gives no erasure-coded pool that the policy does not allow', () => {
  const found = wanted(access, [pool, data], parsePolicy({ pools: ['volumes'] }));
  assert.equal('hold' in found && found.hold.reason, 'PolicyForbids');
});
