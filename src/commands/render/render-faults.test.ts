import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controller, debian, documents, faults, poolOf, secretOf, userOf } from './input.fixture.ts';

const cinder = controller('  cinder: {}\n');
const wrong: Readonly<Record<string, readonly [texts: readonly string[], says: readonly (string | RegExp)[]]>> = {
  'text that is no YAML': [['a: [1'], [/^1\.yaml, line 1: is no YAML: /]],
  'a document that is no object': [
    ['- 1'],
    ['1.yaml: is no object of Kubernetes: write apiVersion, kind and metadata.name.'],
  ],
  'nothing of ours': [
    ['# nothing'],
    ['The input holds no CephOpenStackBinding, RbdPool or CephClientAuth: give the file that does with -f.'],
  ],
  'a later version': [
    [poolOf('a').replace('v1alpha1', 'v1')],
    ['1.yaml: RbdPool "openstack/a": has the apiVersion cephopenstack.io/v1: write cephopenstack.io/v1alpha1.'],
  ],
  'another kind': [
    [poolOf('a').replace('RbdPool', 'RbdPoool')],
    ['1.yaml: RbdPoool "openstack/a": is of no known kind: write CephOpenStackBinding, RbdPool or CephClientAuth.'],
  ],
  'one object twice': [
    [documents(poolOf('a'), poolOf('a'))],
    ['1.yaml, document 2: RbdPool "openstack/a": stands in 1.yaml, document 1 already: take one of the two away.'],
  ],
  'one Secret twice': [
    [secretOf('ceph-main', 'pools: [a]'), secretOf('ceph-main', 'pools: [b]'), poolOf('a')],
    ['2.yaml: Secret "openstack/ceph-main": stands in 1.yaml already: take one of the two away.'],
  ],
  'faults of shape, all of them': [
    [documents(poolOf('A', ', quota: {maxBytes: 10TB}'), poolOf('b', ', poolname: x'))],
    [
      "1.yaml, document 1: RbdPool \"openstack/A\": metadata.name: must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.'.",
      '1.yaml, document 1: RbdPool "openstack/A": spec.quota.maxBytes: must be a whole number as Kubernetes writes quantities, such as 5000000 or 10Ti, below 8Ei.',
      /^1\.yaml, document 2: RbdPool "openstack\/b": spec\.poolname: is no field; there are adoption, /,
    ],
  ],
  'faults of shape, and what parts of an object say together': [
    [
      controller('  openstack: {release: X}\n  nova: {ephemeral: {pool: {}, poolRef: {name: p}}}\n').replace(
        '10.0.0.11',
        'ctl_1',
      ),
    ],
    [
      /spec\.hosts\[0\]\.address: must be an IPv4 address, an IPv6 address without brackets or zone, or a DNS name/,
      /spec\.openstack\.release: must be an OpenStack release as text/,
      /spec: a host has the role CinderVolume, so spec\.cinder is needed; \{\} takes the defaults\.$/,
      /spec: nova shares cinder's user: write spec\.cinder, or spec\.nova\.clientRef\.$/,
      /spec\.nova\.ephemeral: pool and poolRef exclude each other/,
    ],
  ],
  'hosts of one address, beside one that does not fit': [
    [
      controller('  cinder: {}\n').replace(
        '[{name: ctl1',
        '[{name: a, address: 10.0.0.11, roles: [CinderVolume]}, {name: b, roles: []}, {name: ctl1',
      ),
    ],
    [
      /spec\.hosts\[1\]\.address: is missing/,
      /spec\.hosts\[1\]\.roles: must have at least 1 item/,
      /has the same address as host "a"/,
    ],
  ],
  'a release that is none': [
    [controller('  openstack: {release: xylophone}\n  cinder: {}\n')],
    [/spec\.openstack\.release "xylophone" is no known release/],
  ],
  'two back ends in one section': [
    [controller('  cinder: {backends: [{name: a, section: x}, {name: b, section: x}]}\n')],
    [/Two back ends have the section "x": give each its own\.$/],
  ],
  'a section that the release does not read': [
    [controller('  cinder: {backends: [{name: a, section: DEFAULT}]}\n')],
    [/The back end "a" is in section DEFAULT, which Cinder of 2025\.1 no longer reads/],
  ],
  'a release that the binding does not expect': [
    [controller('  openstack: {release: queens}\n  cinder: {}\n')],
    [/Host ctl1: Its cinder is of 2025\.1 and the binding says queens: correct spec\.openstack\.release/],
  ],
  'references into the dark': [
    [controller('  cinder: {backends: [{name: a, poolRef: {name: p}, clientRef: {name: c}}]}\n')],
    [
      '1.yaml: CephOpenStackBinding "openstack/cloud": RbdPool "p" is not in the input: give its file as well, or correct the reference.',
      '1.yaml: CephOpenStackBinding "openstack/cloud": CephClientAuth "c" is not in the input: give its file as well, or correct the reference.',
    ],
  ],
  'two parts of a binding that come to one user': [
    [controller('  cinder: {backends: [{name: backup}]}\n  cinderBackup: {}\n')],
    [
      '1.yaml: CephOpenStackBinding "openstack/cloud": spec.cinder.backends[0].client.clientName and spec.cinderBackup.client.clientName, as written or by default, are both the user "client.cinder-backup": write another name in one of the two.',
    ],
  ],
  'a user with too few rights': [
    [
      controller('  cinder: {backends: [{name: a, clientRef: {name: c}}]}\n'),
      userOf('c', 'access: [{pool: volumes-a, mode: ReadOnly}]'),
    ],
    [
      '1.yaml: CephOpenStackBinding "openstack/cloud": spec.cinder.backends[0].clientRef: the user "client.c" may only read the pool "volumes-a", where spec.cinder.backends[0] writes: add {poolRef: {name: cloud-cinder-a}, mode: ReadWrite} to the access of CephClientAuth "c", or refer to another user.',
    ],
  ],
  'a user of another cluster': [
    [
      controller('  cinder: {backends: [{name: a, clientRef: {name: c}}]}\n'),
      userOf('c', 'access: [{pool: volumes-a, mode: ReadWrite}]').replace('ceph-main', 'ceph-east'),
    ],
    [
      '1.yaml: CephOpenStackBinding "openstack/cloud": CephClientAuth "c" belongs to another cluster than the pools of "ceph-main": refer to a user of this cluster.',
    ],
  ],
  "a pool in a child's place": [
    [documents(cinder, poolOf('cloud-cinder-ceph'))],
    [
      '1.yaml, document 1: CephOpenStackBinding "openstack/cloud": RbdPool "cloud-cinder-ceph" exists and is not this binding\'s: rename or delete it, or refer to it instead.',
    ],
  ],
  'one libvirt secret for two users': [
    [
      controller(
        '  cinder: {backends: [{name: a, libvirtSecret: &s {uuid: 457eb676-33da-42ec-9a8c-9293d545c337}}, {name: b, libvirtSecret: *s}]}\n',
      ),
    ],
    [/The libvirt secret 457eb676-.* is given to client\.cinder-a and client\.cinder-b/],
  ],
  'one host in two bindings': [
    [cinder, controller('  cinder: {backends: [{name: b}]}\n', 'other')],
    [
      '2.yaml: CephOpenStackBinding "openstack/other": Host ctl1: The binding "openstack/cloud" has its address: take it off there, or here.',
    ],
  ],
  'one pool in two objects': [
    [poolOf('a', ', poolName: p'), poolOf('b', ', poolName: p')],
    ['2.yaml: RbdPool "openstack/b": RbdPool "a" declares the pool "p" already: take one of the two away.'],
  ],
  'one user in two objects': [
    [cinder, userOf('b', 'clientName: cinder, access: [{pool: a, mode: ReadOnly}]')],
    [
      '2.yaml: CephClientAuth "openstack/b": CephClientAuth "cloud-cinder-ceph" declares the user "client.cinder" already: take one of the two away.',
    ],
  ],
  'a user that is reserved': [
    [userOf('b', 'clientName: admin, access: [{pool: a, mode: ReadOnly}]')],
    [/The user "client\.admin" is reserved/],
  ],
  'a profile that Ceph does not know': [
    [userOf('b', 'caps: {mon: profile rdb}')],
    [/The mon cap names the profile "rdb", which Ceph does not know/],
  ],
  "what the connection's policy forbids": [
    [secretOf('ceph-main', 'pools: [images]'), poolOf('p'), userOf('other', 'caps: {mon: allow r}')],
    [
      '2.yaml: RbdPool "openstack/p": The policy in the Secret "ceph-main" does not allow the pool "p": it allows images; whoever may write that Secret can change it.',
      /^3\.yaml: CephClientAuth "openstack\/other": The policy in the Secret "ceph-main" does not allow the user "client\.other"/,
      /^3\.yaml: CephClientAuth "openstack\/other": The policy in the Secret "ceph-main" does not allow raw caps/,
    ],
  ],
  "what the SSH Secret's policy forbids": [
    [secretOf('fleet-ssh', 'hostAddresses: [192.0.2.0/24]'), cinder],
    [
      /Host ctl1: The policy in the Secret "fleet-ssh" does not allow the host address "10\.0\.0\.11": it allows 192\.0\.2\.0\/24;/,
    ],
  ],
  'an option that no policy allows': [
    [
      secretOf('fleet-ssh', 'takeOver: false'),
      controller('  cinder: {}\n  extraConfig: {nova.conf: {libvirt: {a: b}}}\n'),
    ],
    [/The policy in the Secret "fleet-ssh" does not allow the option "a" in \[libvirt\] of nova\.conf/],
  ],
  'a policy that is none': [
    [secretOf('ceph-main', 'pool: [a]'), poolOf('a')],
    [/^1\.yaml: Secret "openstack\/ceph-main": Cannot read the policy/],
  ],
};

describe('render() lists all that is wrong, with where it is, of', () => {
  for (const [what, [texts, says]] of Object.entries(wrong)) {
    it(what, () => {
      const found = faults(texts);
      for (const fault of found) assert.match(fault, /^[^\n]+\.$/);
      assert.equal(found.length, says.length, found.join('\n'));
      for (const [index, words] of says.entries()) {
        if (typeof words === 'string') assert.equal(found[index], words);
        else assert.match(found[index] ?? '', words);
      }
    });
  }

  it('a release that nobody said', () => {
    assert.deepEqual(faults([cinder], debian(undefined)), [
      '1.yaml: CephOpenStackBinding "openstack/cloud": The hosts\' packages tell the release of cinder: say it with --release, such as --release 2025.1.',
    ]);
  });
});
