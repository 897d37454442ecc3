import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isList, optionsOf, placesOf, tableServices } from './option-table.ts';
import { type Release, releases } from './releases.ts';

interface Truth {
  service: string;
  option: string;
  sections: { from: Release; to: Release; section: string; name: string }[];
}
const truth: readonly Truth[] = JSON.parse(
  readFileSync(new URL('testdata/openstack-options.json', import.meta.url), 'utf8'),
);

/** Read as well, and never written: what stands there would count for what is not ours, too. */
const notOurs = 'backend_defaults';

test('the truth speaks of every release, and of no other', () => {
  const named = new Set(truth.flatMap(({ sections }) => sections.flatMap(({ from, to }) => [from, to])));
  assert.equal(releases.length, 27);
  assert.deepEqual(
    [...named].filter((release) => !releases.includes(release)),
    [],
  );
  const everywhere = truth.filter(({ sections }) =>
    sections.some(({ from, to }) => from === releases[0] && to === releases.at(-1)),
  );
  assert.ok(everywhere.length > 0);
});

const placesInTruth = (row: Truth, release: Release): readonly string[] =>
  row.sections
    .filter(
      ({ from, to }) =>
        releases.indexOf(from) <= releases.indexOf(release) && releases.indexOf(release) <= releases.indexOf(to),
    )
    .filter(({ section }) => section !== notOurs)
    .map(({ section, name }) => `[${section}] ${name}`)
    .sort();

test('isList() knows by its name alone whether an option is a list', () => {
  const places = tableServices.flatMap((service) =>
    optionsOf(service).flatMap((option) => releases.flatMap((release) => placesOf(service, option, release))),
  );
  assert.ok(isList('enabled_backends') && isList('known_stores') && !isList('rbd_pool'));
  for (const { name, type } of places) assert.equal(isList(name), type === 'list', name);
});

for (const service of tableServices) {
  for (const option of optionsOf(service)) {
    test(`placesOf() says for all releases what the truth says: ${service} ${option}`, () => {
      const rows = truth.filter((row) => row.service === service && row.option === option);
      assert.equal(rows.length, 1, 'it stands in the truth once');
      for (const release of releases) {
        const ours = placesOf(service, option, release).map(({ section, name }) => `[${section}] ${name}`);
        assert.deepEqual(
          ours.sort(),
          rows.flatMap((row) => placesInTruth(row, release)),
          release,
        );
      }
    });
  }
}
