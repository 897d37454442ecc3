import assert from 'node:assert/strict';
import { it } from 'node:test';
import { asText } from './as-text.ts';
import { bindingOf, rendered } from './input.fixture.ts';

const binding = bindingOf(`
  hosts: [{name: cmp1, address: 10.0.0.21, roles: [NovaCompute]}, {name: ctl1, address: 10.0.0.11, roles: [CinderVolume]}]
  glance: {pool: {erasureCoded: {dataChunks: 4, codingChunks: 2, dataPoolName: images-ec}}}
  cinder: {backends: [{name: ceph, pool: {erasureCoded: {dataChunks: 2, codingChunks: 1, deviceClass: hdd}, quota: {maxBytes: 5}}}]}
  nova: {ephemeral: {}}
`);

it('render() shows both pools of a section with erasureCoded, and gives both to its users', () => {
  const rendering = rendered([binding]);
  assert.deepEqual(
    rendering.pools.map(({ pool, dataPool, erasureProfile }) => [pool, dataPool, erasureProfile]),
    [
      ['images', 'images-ec', undefined],
      ['images-ec', undefined, { k: '4', m: '2' }],
      ['volumes', 'volumes-data', undefined],
      ['volumes-data', undefined, { k: '2', m: '1', 'crush-device-class': 'hdd' }],
      ['vms', undefined, undefined],
    ],
  );
  const [, , volumes, data] = rendering.pools;
  assert.deepEqual(volumes?.settings, []);
  assert.deepEqual(
    data?.settings.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'allow_ec_overwrites', value: 'true' },
      { name: 'bulk', value: 'true' },
      { name: 'quota_max_bytes', value: '5' },
      { name: 'target_size_ratio', value: '0.53' },
    ],
  );
  const { osd } = rendering.users.find(({ entity }) => entity === 'client.cinder')?.caps ?? {};
  assert.equal(
    osd,
    'profile rbd pool=volumes, profile rbd pool=volumes-data, profile rbd pool=vms, ' +
      'profile rbd-read-only pool=images, profile rbd-read-only pool=images-ec',
  );
  // Where data lie is said to the pool, once: a client's own ceph.conf would lead all of its pools there.
  assert.doesNotMatch(JSON.stringify(rendering.hosts), /volumes-data|default_data_pool/);
  assert.match(asText(rendering), /^ {4}rbd_default_data_pool = volumes-data$/m);
});
