import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackBinding } from '../api/ceph-openstack-binding.ts';
import type { RbdPool } from '../api/rbd-pool.ts';
import { poolsKnownAs, poolsPerhapsKnownAs } from './clusters-on-hosts.ts';
import { imagesIn } from './images-in.ts';

const volumesIn = (secretName: string, images: number) =>
  ({
    metadata: { name: `volumes-${secretName}`, namespace: 'openstack' },
    spec: { cluster: { secretName }, poolName: 'volumes' },
    status: { usage: { images } },
  }) as RbdPool;
const pools = [volumesIn('main', 0), volumesIn('east', 5), volumesIn('west', 9)];

for (const [what, path, conf, expected] of [
  ['its own ceph.conf', undefined, '/etc/ceph/ceph.conf', 0],
  ['its own, of another name', '/etc/ceph/prod.conf', '/etc/ceph/prod.conf', 0],
  ['its own of before', '/etc/ceph/prod.conf', '/etc/ceph/ceph.conf', 0],
  ['another cluster’s', undefined, '/etc/ceph/east.conf', 5],
  ['the third one’s', undefined, '/etc/ceph/west.conf', 9],
] as const) {
  test(`poolsKnownAs() has the images counted of the cluster that hosts know by ${what}`, () => {
    const cephConf = path === undefined ? {} : { cephConf: { path } };
    const binding = { spec: { cluster: { secretName: 'main' }, ...cephConf } } as CephOpenStackBinding;
    assert.equal(imagesIn(poolsKnownAs(conf, binding, pools), 'volumes').images, expected);
  });
}

for (const [what, isThere, conf, expected] of [
  ['the binding’s own ceph.conf', true, '/etc/ceph/ceph.conf', 0],
  ['another cluster’s', true, '/etc/ceph/east.conf', 5],
  ['none', true, '', 9],
  ['one that the binding does not know', true, '/etc/ceph/old.conf', 9],
  ['one of a binding that is gone', false, '/etc/ceph/ceph.conf', 9],
] as const) {
  test(`poolsPerhapsKnownAs() has the most images counted that may be meant by ${what}`, () => {
    const binding = { spec: { cluster: { secretName: 'main' } } } as CephOpenStackBinding;
    assert.equal(imagesIn(poolsPerhapsKnownAs(conf, isThere ? binding : undefined, pools), 'volumes').images, expected);
  });
}
