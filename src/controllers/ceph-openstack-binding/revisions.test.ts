import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevisionData } from '../../openstack/desired-host.ts';
import { guideModel } from '../../openstack/model.fixture.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { renderRevision } from '../../openstack/render-role.ts';
import { changedRoles } from './revisions.ts';

const roles = ['CinderVolume', 'NovaCompute'] as const;
const platform = 'debian-systemd';

function revisionOf(model: Partial<OpenStackModel>, release: '2025.1' | 'juno' = '2025.1'): RevisionData {
  const combinations = roles.map((role) => ({ role, platform, release }) as const);
  const { data, refusals } = renderRevision({ ...guideModel, ...model }, combinations);
  assert.deepEqual(refusals, []);
  return data;
}

const [ceph = assert.fail()] = guideModel.cinder?.backends ?? [];
const fast = { ...ceph, name: 'fast', section: 'fast', pool: 'fast' };
const nova = guideModel.nova ?? assert.fail();
const flags = ['VIR_MIGRATE_LIVE', 'VIR_MIGRATE_PEER2PEER'];
const modes = ['network=writeback', 'file=none'];

for (const [what, release, before, after, expected] of [
  [
    'back ends in another order',
    '2025.1',
    { cinder: { backends: [ceph, fast] } },
    { cinder: { backends: [fast, ceph] } },
    [],
  ],
  ['a back end more', '2025.1', {}, { cinder: { backends: [ceph, fast] } }, ['CinderVolume']],
  [
    'cache modes in another order',
    '2025.1',
    { nova: { ...nova, diskCacheModes: modes } },
    { nova: { ...nova, diskCacheModes: modes.toReversed() } },
    [],
  ],
  ['a cache mode more', '2025.1', {}, { nova: { ...nova, diskCacheModes: modes } }, ['NovaCompute']],
  [
    'migration flags in another order',
    'juno',
    { nova: { ...nova, liveMigrationFlags: flags } },
    { nova: { ...nova, liveMigrationFlags: flags.toReversed() } },
    [],
  ],
  [
    'a migration flag more',
    'juno',
    { nova: { ...nova, liveMigrationFlags: flags } },
    { nova: { ...nova, liveMigrationFlags: [...flags, 'VIR_MIGRATE_TUNNELLED'] } },
    ['NovaCompute'],
  ],
] as const) {
  test(`changedRoles() switches ${expected.join() || 'nobody'} for ${what}`, () => {
    const machine = { roles, platform, releases: { cinder: release, nova: release } } as const;
    assert.deepEqual(changedRoles(revisionOf(before, release), revisionOf(after, release), machine), expected);
  });
}

test('changedRoles() of what a former operator wrote finds nothing in how values compare', () => {
  const now = revisionOf({});
  const former: RevisionData = JSON.parse(JSON.stringify(now).replaceAll('"type":"list"', '"type":"string"'));
  assert.notDeepEqual(former, now);
  const machine = { roles, platform, releases: { cinder: '2025.1', nova: '2025.1' } } as const;
  assert.deepEqual(changedRoles(former, now, machine), []);
});
