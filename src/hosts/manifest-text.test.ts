import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Secret } from '../secret.ts';
import type { Manifest } from './manifest.ts';
import { manifestHash, parseManifest, renderManifest } from './manifest-text.ts';

const manifest: Manifest = {
  version: 1,
  owner: { installation: 'prod', namespace: 'openstack', name: 'cloud' },
  files: {
    '/etc/ceph/ceph.conf': {
      sha256: 'a'.repeat(64),
      former: { kind: 'content', content: new Secret('[global]\n'), owner: 'root', group: 'root', mode: '0644' },
    },
    '/etc/ceph/ceph.client.glance.keyring': { sha256: 'b'.repeat(64), former: { kind: 'adopted' } },
    '/etc/ceph/ceph.client.cinder.keyring': {
      sha256: 'd'.repeat(64),
      former: { kind: 'adopted', permissions: { owner: 'root', group: 'cinder', mode: '0640' } },
    },
    '/etc/ceph/new': { sha256: 'c'.repeat(64), former: { kind: 'absent' } },
  },
  options: [
    {
      file: '/etc/nova/nova.conf',
      section: 'libvirt',
      name: 'images_type',
      written: new Secret('rbd'),
      former: null,
      type: 'string',
      sectionMade: true,
    },
    {
      file: '/etc/cinder/cinder.conf',
      section: 'DEFAULT',
      name: 'enabled_backends',
      written: new Secret('lvm,ceph'),
      former: new Secret('lvm'),
      member: 'ceph',
      type: 'string',
      sectionMade: false,
    },
  ],
  libvirtSecrets: { '457eb676-33da-42ec-9a8c-9293d545c337': { usageName: 'client.cinder secret', adopted: false } },
  packages: ['python3-rbd', 'ceph-common'],
  directories: ['/etc/ceph'],
  debts: {
    'nova-compute.service': {
      digest: 'd',
      since: { bootID: 'b', ticks: 5 },
      before: { invocation: 'i', failing: false },
    },
    'cinder-volume.service': { digest: 'e', since: 'Pending', before: { invocation: '', failing: true } },
  },
};

function parsed(text: string): Manifest | { readonly problem: string } {
  return parseManifest(new Secret(text));
}

test('parseManifest() gives back what renderManifest() wrote', () => {
  const again = parseManifest(renderManifest(manifest));
  assert.ok(!('problem' in again));
  assert.equal(renderManifest(again).reveal(), renderManifest(manifest).reveal());
  assert.equal(again.options[0]?.former?.reveal(), 'lvm');
  const former = again.files['/etc/ceph/ceph.conf']?.former;
  assert.equal(former?.kind === 'content' && former.content.reveal(), '[global]\n');
});

for (const host of [undefined, { name: 'ctl1', address: '10.0.0.1' }, { name: 'ctl1', address: 'ctl1', port: 22 }]) {
  test(`parseManifest() gives back the owner's host: ${JSON.stringify(host)}`, () => {
    const owner = { ...manifest.owner, ...(host === undefined ? {} : { host }) };
    const again = parseManifest(renderManifest({ ...manifest, owner }));
    assert.ok(!('problem' in again));
    assert.deepEqual(again.owner, owner);
  });
}

test('renderManifest() gives the same bytes, in whatever order things were put in', () => {
  const turned: Manifest = {
    ...manifest,
    files: Object.fromEntries(Object.entries(manifest.files).reverse()),
    options: [...manifest.options].reverse(),
    packages: [...manifest.packages].reverse(),
    debts: Object.fromEntries(Object.entries(manifest.debts).reverse()),
  };
  assert.equal(manifestHash(turned), manifestHash(manifest));
});

test('a manifest shows no former value when it is printed', () => {
  assert.doesNotMatch(inspect(manifest, { depth: 9 }) + JSON.stringify(manifest), /lvm|\[global\]/);
});

test('renderManifest() writes a list as a string, so that former versions can read it, and parseManifest() takes both', () => {
  const [option = assert.fail()] = manifest.options;
  const strings = renderManifest({ ...manifest, options: [{ ...option, type: 'string' }] });
  assert.ok(renderManifest({ ...manifest, options: [{ ...option, type: 'list' }] }).equals(strings));
  const lists = parsed(strings.reveal().replace('"type":"string"', '"type":"list"'));
  assert.ok('options' in lists && lists.options[0]?.type === 'list');
});

const text = renderManifest(manifest).reveal();
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /not JSON/],
  ['half of it', text.slice(0, 100), /not JSON/],
  ['another document', '[]', /form of a manifest/],
  ['a newer version', text.replace('"version":1', '"version":2'), /newer version/],
  ['a field that is not known', text.replace('"version":1', '"version":1,"extra":1'), /form of a manifest/],
  ['a path that is relative', text.replaceAll('/etc/ceph/new', 'etc/ceph/new'), /form of a manifest \(files\)/],
  ['a time that was never stamped', text.replace('"Pending"', '"Now"'), /form of a manifest \(debts.since\)/],
  ['a wrong number', text.replace('"ticks":5', '"ticks":-5'), /form of a manifest/],
];
for (const [what, wrong, problem] of refused) {
  test(`parseManifest() says why, when it gets ${what}`, () => {
    const result = parsed(wrong);
    assert.ok('problem' in result, 'it was taken');
    assert.match(result.problem, problem);
  });
}

test('parseManifest() takes any text without throwing, and repeats none of it', () => {
  const mutated = fc
    .tuple(fc.nat(text.length), fc.nat(20), fc.string())
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), mutated), (input) => {
      const result = parsed(input);
      if ('problem' in result) assert.match(result.problem, /^[A-Za-z0-9 .()]+$/);
      else assert.equal(result.version, 1);
    }),
    { numRuns: 10_000 },
  );
});
