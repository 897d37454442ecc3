import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  entityRefusal,
  hostRefusal,
  isReservedEntity,
  optionRefusal,
  parsePolicy,
  poolDeletionRefusal,
  poolRefusal,
  rawCapsRefusal,
  takeOverRefusal,
} from './policy.ts';

const own = 'client.openstack-operator';

it('every refusal names the Secret of the policy, and who can change it', () => {
  const policy = parsePolicy({ pools: ['x*'] }, 'ceph-main');
  assert.equal(
    poolRefusal(policy, 'vms'),
    'The policy in the Secret "ceph-main" does not allow the pool "vms": it allows x*; whoever may write that Secret can change it.',
  );
  assert.match(takeOverRefusal(policy) ?? '', /Secret "ceph-main"/);
});

describe('parsePolicy()', () => {
  it('gives the strict default, when there is no document', () => {
    const policy = parsePolicy(undefined);
    assert.deepEqual(policy.entities, ['client.glance*', 'client.cinder*', 'client.nova*']);
    assert.deepEqual([policy.rawCaps, policy.takeOver, policy.delete], [false, false, false]);
    assert.deepEqual(parsePolicy(null), policy);
    assert.deepEqual(parsePolicy({}), policy);
  });

  it('keeps the strict answer for what the document leaves out', () => {
    const policy = parsePolicy({ pools: ['vms'], delete: true });
    assert.deepEqual([policy.pools, policy.delete, policy.rawCaps], [['vms'], true, false]);
    assert.deepEqual(policy.entities, parsePolicy({}).entities);
  });

  const refused: Readonly<Record<string, [document: unknown, words: RegExp]>> = {
    'a key that nobody knows': [{ entitys: [] }, /entitys/],
    'a text': ['all', /^policy: must be a map$/],
    'a list': [[], /^policy: must be a map$/],
    'a text where a list belongs': [{ pools: 'sesame' }, /^policy: pools: must be a list$/],
    'a text for yes': [{ delete: 'yes' }, /^policy: delete: must be true or false$/],
    'a word for a switch': [{ rawCaps: 'yes' }, /rawCaps/],
    'an unknown role': [{ roles: ['Swift'] }, /roles/],
    'a user that is reserved': [
      { entities: ['client.nova', 'client.admin'] },
      /^policy: entities\[1\]: means users that are/,
    ],
    'users that are reserved': [{ entities: ['client.bootstrap-*'] }, /leave it out$/],
    'what is no client': [{ entities: ['mon.'] }, /or no clients/],
    'a glob with too many stars': [{ entities: ['*a*a*'] }, /must have at most two '\*'$/],
    'a glob of users that matches nothing': [
      { entities: ['client.{a,b}'] },
      /^policy: entities\[0\]: must be letters, digits/,
    ],
    'a glob of pools that matches nothing': [{ pools: ['vms', 'a b'] }, /^policy: pools\[1\]: must be letters, digits/],
    'a range that is none': [
      { hostAddresses: ['10.0.0.0/40'] },
      /hostAddresses: "10.0.0.0\/40" is not an address range/,
    ],
  };
  for (const [what, [document, words]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => assert.throws(() => parsePolicy(document), { message: words }));
  }
});

describe('entityRefusal()', () => {
  const lenient = parsePolicy({ entities: ['*'] });
  for (const entity of [
    'mon.',
    'osd.0',
    'mgr.x',
    'mds.a',
    'client.admin',
    'client.bootstrap-osd',
    'client.crash',
    'client.crash.host',
    'client.rgw.zone',
    'client.rbd-mirror.a',
    own,
  ]) {
    it(`refuses ${entity}, whatever the policy says`, () => {
      assert.ok(isReservedEntity(entity, own));
      assert.match(entityRefusal(lenient, entity, own) ?? '', /is reserved/);
    });
  }

  it('allows the services, when there is no policy', () => {
    for (const name of ['glance', 'cinder', 'cinder-backup', 'nova', 'cinder-ssd', 'cinder.a']) {
      assert.equal(entityRefusal(parsePolicy(undefined), `client.${name}`, own), undefined);
    }
  });

  it('names what the policy allows, sorted', () => {
    const policy = parsePolicy({ entities: ['client.b', 'client.a'] });
    assert.equal(
      entityRefusal(policy, 'client.manila', own),
      'The policy does not allow the user "client.manila": it allows client.a, client.b.',
    );
  });
});

describe('what a policy says of', () => {
  const strict = parsePolicy(undefined);
  const lenient = parsePolicy({ pools: ['v*'], rawCaps: true, takeOver: true, delete: true });

  it('pools', () => {
    assert.equal(poolRefusal(lenient, 'volumes'), undefined);
    assert.match(poolRefusal(lenient, 'images') ?? '', /pool "images"/);
    assert.match(poolRefusal(parsePolicy({ pools: [] }), 'images') ?? '', /allows none/);
  });

  it('raw caps, take-over and deletion', () => {
    for (const refusal of [rawCapsRefusal, takeOverRefusal, poolDeletionRefusal]) {
      assert.match(refusal(strict) ?? '', /^The policy does not allow/);
      assert.equal(refusal(lenient), undefined);
    }
  });

  it('options', () => {
    const policy = parsePolicy({ extraConfig: { 'nova.conf': { libvirt: ['hw_*'] } } });
    assert.equal(optionRefusal(policy, 'nova.conf', 'libvirt', 'hw_disk_discard'), undefined);
    for (const [file, section, option] of [
      ['nova.conf', 'libvirt', 'virt_type'],
      ['nova.conf', 'DEFAULT', 'hw_x'],
      ['cinder.conf', 'libvirt', 'hw_x'],
      ['constructor', 'name', 'length'],
      ['nova.conf', 'constructor', 'name'],
    ] as const) {
      assert.match(optionRefusal(policy, file, section, option) ?? '', /does not allow the option/);
    }
  });

  it('harmless options of ceph.conf, when there is no policy', () => {
    assert.equal(optionRefusal(strict, 'ceph.conf', 'client', 'rbd cache size'), undefined);
    assert.ok(optionRefusal(strict, 'ceph.conf', 'client', 'plugin dir'));
    assert.ok(optionRefusal(strict, 'ceph.conf', 'client', 'admin_socket'));
    assert.ok(optionRefusal(strict, 'nova.conf', 'DEFAULT', 'debug'));
  });
});

describe('hostRefusal()', () => {
  const policy = parsePolicy({
    hostAddresses: ['10.0.0.0/24', '2001:db8::/32', '*.cloud.example.org'],
    roles: ['GlanceApi'],
  });

  for (const address of ['10.0.0.7', '2001:DB8::1', 'Ctl1.cloud.example.org', '::ffff:10.0.0.7']) {
    it(`allows ${address}`, () => assert.equal(hostRefusal(policy, address, ['GlanceApi']), undefined));
  }
  for (const address of ['10.0.1.7', '2001:db9::1', 'cloud.example.org', 'ctl1.cloud.example.org.evil.net']) {
    it(`refuses ${address}`, () => assert.match(hostRefusal(policy, address, ['GlanceApi']) ?? '', /host address/));
  }
  it('refuses a role', () => {
    assert.equal(
      hostRefusal(policy, '10.0.0.7', ['NovaCompute', 'GlanceApi', 'CinderVolume']),
      'The policy does not allow the role CinderVolume, NovaCompute: it allows GlanceApi.',
    );
  });
});
