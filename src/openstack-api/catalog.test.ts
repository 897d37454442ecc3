import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../secret.ts';
import { endpointOf, parseCatalog } from './catalog.ts';
import type { CloudAccess } from './cloud-access.ts';
import { parseServices } from './services.ts';

const access: CloudAccess = {
  authUrl: 'http://cloud:5000/v3',
  login: new Secret('{}'),
  interface: 'public',
  id: 'a',
};
const endpoint = (type: string, url: string, region = 'one', side = 'public') => ({
  type,
  endpoints: [{ interface: side, region_id: region, url }],
});
const catalog = (...services: readonly object[]) => parseCatalog({ token: { catalog: services } });

for (const [what, services, more, expected] of [
  [
    'a path with a prefix',
    [endpoint('volumev3', 'http://[fd00::1]/volume/v3/p1/')],
    {},
    'http://[fd00::1]/volume/v3/p1',
  ],
  [
    'the newer of two types',
    [endpoint('volumev2', 'http://c/v2'), endpoint('block-storage', 'http://c/v3')],
    {},
    'http://c/v3',
  ],
  [
    'the region that is asked for',
    [endpoint('volumev3', 'http://one/v3'), endpoint('volumev3', 'http://two/v3', 'two')],
    { region: 'two' },
    'http://two/v3',
  ],
  [
    'the interface that is asked for',
    [endpoint('volumev3', 'http://c/v3'), endpoint('volumev3', 'http://inside/v3', 'one', 'internal')],
    { interface: 'internal' },
    'http://inside/v3',
  ],
  ['no service', [endpoint('compute', 'http://c')], {}, /no public endpoint of it/],
  ['another region', [endpoint('volumev3', 'http://c')], { region: 'x' }, /in the region "x"/],
  [
    'several regions',
    [endpoint('volumev3', 'http://a'), endpoint('volumev3', 'http://b', 'two')],
    {},
    /several regions/,
  ],
  ['no URL', [endpoint('volumev3', 'file:///etc/shadow')], {}, /no URL/],
  ['no TLS', [endpoint('volumev3', 'http://c')], { authUrl: 'https://cloud:5000/v3' }, /without TLS/],
] as const) {
  test(`endpointOf() gives ${expected instanceof RegExp ? 'a sentence' : expected}, when the catalog has ${what}`, () => {
    const find = () => endpointOf(catalog(...services), 'Cinder', { ...access, ...more });
    if (expected instanceof RegExp) assert.throws(find, expected);
    else assert.equal(find(), expected);
  });
}

test('parseCatalog() and parseServices() leave out what they cannot understand', () => {
  for (const body of [undefined, null, 7, 'x', [], {}, { token: [] }, { token: { catalog: 'x' } }, { services: {} }]) {
    assert.deepEqual(parseCatalog(body), []);
    assert.deepEqual(parseServices(body), []);
  }
  assert.deepEqual(
    catalog({ type: 7, endpoints: [{ interface: 'public', url: 'http://c' }] }, { endpoints: [null] }),
    [],
  );
  const services = [
    null,
    { binary: 'nova-compute' },
    {
      binary: 'nova-compute',
      host: 'cmp1\n\u202e',
      state: 'up',
      status: 'disabled',
      updated_at: '2026-01-01T00:00:00',
    },
    { binary: 'nova-compute', host: 'cmp2', state: ['up'], updated_at: null },
  ];
  assert.deepEqual(parseServices({ services }), [
    { binary: 'nova-compute', host: 'cmp1', isUp: true, reportedAt: '2026-01-01T00:00:00' },
    { binary: 'nova-compute', host: 'cmp2', isUp: false, reportedAt: '' },
  ]);
});
