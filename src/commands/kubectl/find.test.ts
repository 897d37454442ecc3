import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../command.ts';
import { findObject } from './find.ts';
import { cloud } from './objects.fixture.ts';
import { nameOf } from './objects.ts';

const objects = cloud(2);
const found: readonly (readonly [word: string, name: string])[] = [
  ['cloud', 'CephOpenStackBinding openstack/cloud'],
  ['cob/cloud', 'CephOpenStackBinding openstack/cloud'],
  ['rbdpool/cloud-glance', 'RbdPool openstack/cloud-glance'],
  ['CephClientAuth/cloud-glance', 'CephClientAuth openstack/cloud-glance'],
  ['cloud-cmp1', 'CephOpenStackHost openstack/cloud-cmp1'],
  ['cmp1', 'CephOpenStackHost openstack/cloud-cmp1'],
  ['cephopenstackhosts/cmp2', 'CephOpenStackHost openstack/cloud-cmp2'],
];
for (const [word, name] of found) {
  test(`findObject() takes ${word} for ${name}`, () => {
    assert.equal(nameOf(findObject(objects, word, 'namespace "openstack"')), name);
  });
}

const refused: readonly (readonly [word: string, says: string])[] = [
  ['other', 'There is no object of ours "other" in namespace "openstack".'],
  ['rbdpool/cloud-glance/x', 'There is no RbdPool "cloud-glance/x" in namespace "openstack".'],
  ['coh/cloud', 'There is no CephOpenStackHost "cloud" in namespace "openstack".'],
  [
    'pod/cloud',
    '"pod" is no kind of ours; there are: CephOpenStackBinding, RbdPool, CephClientAuth, CephOpenStackHost.',
  ],
  [
    'cloud-glance',
    '"cloud-glance" is CephClientAuth openstack/cloud-glance and RbdPool openstack/cloud-glance: say KIND/NAME, or the namespace.',
  ],
];
for (const [word, says] of refused) {
  test(`findObject() refuses ${word}`, () => {
    assert.throws(() => findObject(objects, word, 'namespace "openstack"'), new UsageError(says));
  });
}
