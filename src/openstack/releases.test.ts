import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBetween, isSince, type Project, parseRelease, releaseOfVersion, releases } from './releases.ts';

const table: readonly (readonly [Project, string, string | undefined])[] = [
  ['nova', '2:31.0.0-6+deb13u1', '2025.1'],
  ['nova', '2:26.2.2-1~deb12u3', 'zed'],
  ['nova', '3:25.2.1-0ubuntu2.7', 'yoga'],
  ['nova', '1:2014.1.5-0ubuntu1.7', 'icehouse'],
  ['nova', '1:2013.2.3-0ubuntu1~cloud0', 'havana'],
  ['nova', '2015.1.0', 'kilo'],
  ['nova', '2:12.0.6-0ubuntu1~cloud0', 'liberty'],
  ['nova', '34.0.0~rc1', '2026.2'],
  ['nova', '17.0.13', 'queens'],
  ['nova', '35.0.0', undefined],
  ['nova', '11.0.0', undefined],
  ['nova', '2012.2.4', undefined],
  ['cinder', '2:26.0.0-2', '2025.1'],
  ['cinder', '1:7.0.2-2.el7', 'liberty'],
  ['cinder', '2:12.0.9-0ubuntu1', 'queens'],
  ['cinder', '30.0.0', undefined],
  ['glance', '2:30.0.0-3', '2025.1'],
  ['glance', '2:19.0.4-1~bpo10+1', 'train'],
  ['glance', '1:2014.2.4-0ubuntu1~cloud5', 'juno'],
  ['glance', '', undefined],
  ['glance', 'unknown', undefined],
  ['glance', '31', undefined],
];

for (const [project, version, expected] of table) {
  test(`releaseOfVersion() gives ${expected ?? 'nothing'}, when ${project} is "${version}"`, () => {
    assert.equal(releaseOfVersion(project, version), expected);
  });
}

test('releaseOfVersion() tells all releases apart, for every project', () => {
  for (const project of ['nova', 'cinder', 'glance'] as const) {
    const first = { nova: 12, cinder: 7, glance: 11 }[project];
    const found = releases.slice(4).map((_, index) => releaseOfVersion(project, `${first + index}.0.0`));
    assert.deepEqual(found, releases.slice(4));
  }
});

test('parseRelease() takes a date, a name and any case', () => {
  assert.equal(parseRelease('2025.1'), '2025.1');
  assert.equal(parseRelease('Epoxy'), '2025.1');
  assert.equal(parseRelease('2014.1'), 'icehouse');
  assert.equal(parseRelease('Queens'), 'queens');
  assert.equal(parseRelease('toString'), undefined);
  assert.equal(parseRelease('2027.1'), undefined);
});

test('isBetween() and isSince() include their ends', () => {
  assert.ok(isBetween('queens', 'queens', 'rocky') && isBetween('rocky', 'queens', 'rocky'));
  assert.ok(!isBetween('stein', 'queens', 'rocky') && !isBetween('pike', 'queens', 'rocky'));
  assert.ok(isSince('2023.1', 'zed') && isSince('zed', 'zed') && !isSince('yoga', 'zed'));
});
