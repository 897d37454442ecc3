import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../secret.ts';
import type { Option, OptionEdit } from './desired-host.ts';
import { editOptions, effectiveValue, optionHolds, outgrown, sameValue, undoEdits } from './option-edit.ts';

function option(edit: OptionEdit, type: Option['type'] = 'string'): Option {
  return { file: '/etc/cinder/cinder.conf', section: 's', name: 'o', edit, type, restarts: [] };
}

const member: OptionEdit = { how: 'list-member', member: 'ceph', whenUnset: [] };
const cache: OptionEdit = { how: 'list-member', member: 'network=writeback', whenUnset: [], replaces: 'network=' };
const both: OptionEdit = { how: 'list-member', member: 'ceph,fast', whenUnset: [] };
const caches: OptionEdit = {
  how: 'list-member',
  member: 'network=writeback,file=none',
  whenUnset: [],
  replaces: 'network=,file=',
};
const plugins: OptionEdit = { how: 'list-member', member: 'image_conversion', whenUnset: [], brackets: true };
const stores: OptionEdit = { how: 'list-member', member: 'rbd', whenUnset: ['file', 'http'] };
const flavor: OptionEdit = { how: 'list-without', members: ['caching', 'cachemanagement'], separator: '+' };
const set = (value: string, leave?: 'set' | 'unset'): OptionEdit =>
  leave === undefined ? { how: 'set', value } : { how: 'set', value, leave };

/** Value before, edit, value after: `undefined` where the option is not there. */
const table: readonly (readonly [string, string | undefined, OptionEdit, string | undefined])[] = [
  ['sets', undefined, set('a'), 'a'],
  ['changes', 'b', set('a'), 'a'],
  ['leaves an unset one', undefined, set('true', 'unset'), undefined],
  ['changes a set one that may be unset', 'false', set('true', 'unset'), 'true'],
  ['leaves a set one', 'b', set('a', 'set'), 'b'],
  ['sets one that is unset', undefined, set('a', 'set'), 'a'],
  ['adds a member to nothing', undefined, member, 'ceph'],
  ['adds a member to an empty list', '', member, 'ceph'],
  ['appends a member', 'lvm', member, 'lvm,ceph'],
  ['appends a member and keeps blanks', 'lvm, nfs', member, 'lvm, nfs,ceph'],
  ['appends after a trailing comma', 'lvm,', member, 'lvm,ceph'],
  ['leaves a list that has the member', 'ceph , lvm', member, 'ceph , lvm'],
  ['knows a member from one that begins alike', 'ceph-ssd', member, 'ceph-ssd,ceph'],
  ['adds several members', 'lvm', both, 'lvm,ceph,fast'],
  ['adds the member that is missing', 'fast, lvm', both, 'fast, lvm,ceph'],
  ['leaves a list that has several members', 'fast,ceph', both, 'fast,ceph'],
  ['replaces several members', 'file=none,network=none,block=none', caches, 'file=none,block=none,network=writeback'],
  ['puts a list in brackets', undefined, plugins, '[image_conversion]'],
  ['adds a member to empty brackets', '[]', plugins, '[image_conversion]'],
  ['adds a member within brackets', '[\'no_op\', "a"]', plugins, '[no_op,a,image_conversion]'],
  ['leaves a member in quotes', "['image_conversion']", plugins, "['image_conversion']"],
  ['brings a list’s defaults', undefined, stores, 'file,http,rbd'],
  ['adds no default to a list', 'file', stores, 'file,rbd'],
  ['replaces a member of the same key', 'file=none,network=none', cache, 'file=none,network=writeback'],
  ['drops part of a flavor', 'keystone+cachemanagement', flavor, 'keystone'],
  ['leaves a flavor without a cache', 'keystone', flavor, 'keystone'],
  ['removes a flavor that is only a cache', 'caching', flavor, undefined],
  ['leaves no flavor unset', undefined, flavor, undefined],
  ['removes', 'a', { how: 'absent' }, undefined],
];

for (const [what, before, edit, after] of table) {
  test(`editOptions() ${what}, and undoEdits() gives it back`, () => {
    const content = new Secret(before === undefined ? '[s]\nx = 1\n' : `[s]\no = ${before}\nx = 1\n`);
    const wanted = option(edit);
    const edited = editOptions(content, [wanted]);
    assert.equal(effectiveValue(edited.content, 's', 'o')?.reveal(), after);
    assert.equal(edited.changes.length === 0, before === after, 'only changes are recorded');
    assert.ok(optionHolds(edited.content, wanted));
    assert.ok(editOptions(edited.content, [wanted]).content.equals(edited.content), 'settles');
    const records = edited.changes.map(({ record }) => record);
    const back = undoEdits(edited.content, records);
    assert.equal(effectiveValue(back, 's', 'o')?.reveal(), before);
  });
}

test('editOptions() leaves a list in another order, where order has no meaning', () => {
  const flags = new Secret('[s]\no = VIR_MIGRATE_LIVE, VIR_MIGRATE_PEER2PEER\n');
  const wanted = set('VIR_MIGRATE_PEER2PEER,VIR_MIGRATE_LIVE');
  assert.deepEqual(editOptions(flags, [option(wanted, 'list')]).changes, []);
  assert.equal(editOptions(flags, [option(wanted)]).changes.length, 1);
});

test('editOptions() leaves another spelling of the same value', () => {
  for (const [text, wanted, type] of [
    ['o = True', 'true', 'boolean'],
    ['o = yes', 'true', 'boolean'],
    ['o = "8"', '8', 'integer'],
    ['o: 08', '8', 'integer'],
  ] as const) {
    assert.deepEqual(editOptions(new Secret(`[s]\n${text}\n`), [option(set(wanted), type)]).changes, []);
  }
  assert.ok(!sameValue('string', 'True', 'true'));
  assert.ok(sameValue('list', 'a,b', ' b , a,'));
  for (const other of ['a', 'a,b,c', 'A,b', '']) assert.ok(!sameValue('list', 'a,b', other), other);
});

test('undoEdits() leaves what somebody has changed since', () => {
  const edited = editOptions(new Secret('[s]\no = a\n'), [option(set('b'))]);
  const records = edited.changes.map(({ record }) => record);
  assert.equal(undoEdits(new Secret('[s]\no = c\n'), records).reveal(), '[s]\no = c\n');
});

test('undoEdits() takes our member out of a list that somebody has changed since', () => {
  const edited = editOptions(new Secret('[s]\no = lvm\n'), [option(member)]);
  const records = edited.changes.map(({ record }) => record);
  assert.equal(undoEdits(new Secret('[s]\no = lvm,ceph,nfs\n'), records).reveal(), '[s]\no = lvm,nfs\n');
});

test('outgrown() tells the members of ours that are no longer wanted, which an edit then takes out', () => {
  const [change] = editOptions(new Secret('[s]\no = lvm,nfs\n'), [option(both)]).changes;
  const put = change?.record ?? assert.fail();
  assert.deepEqual(outgrown(option(both), put), []);
  assert.deepEqual(outgrown(option(member), put), ['fast']);
  assert.deepEqual(outgrown(option(member), { ...put, former: new Secret('fast') }), [], 'it was there before us');
  const edit = { ...member, without: ['fast'] };
  const edited = editOptions(new Secret('[s]\no = lvm,ceph,fast\n'), [option(edit)]);
  assert.equal(edited.content.reveal(), '[s]\no = lvm,ceph\n');
  assert.deepEqual(
    edited.changes.map(({ record }) => record.member),
    ['ceph,fast'],
    'still ours until it is seen to be gone',
  );
});

test('undoEdits() takes our member out of a list in brackets, and leaves the brackets', () => {
  const records = editOptions(new Secret('[s]\n'), [option(plugins)]).changes.map(({ record }) => record);
  assert.equal(undoEdits(new Secret("[s]\no = ['image_conversion', 'x']\n"), records).reveal(), '[s]\no = [x]\n');
});

test('undoEdits() takes only those of several members out that were not there before us', () => {
  const edited = editOptions(new Secret('[s]\no = fast\n'), [option(both)]);
  const records = edited.changes.map(({ record }) => record);
  assert.equal(undoEdits(new Secret('[s]\no = fast,ceph,nfs\n'), records).reveal(), '[s]\no = fast,nfs\n');
});

test('undoEdits() leaves a member that was there before us', () => {
  const edited = editOptions(new Secret('[s]\no = network=none,network=writeback\n'), [option(cache)]);
  const records = edited.changes.map(({ record }) => record);
  assert.equal(
    undoEdits(new Secret('[s]\no = network=writeback,file=none\n'), records).reveal(),
    '[s]\no = network=writeback,file=none\n',
  );
});

test('editOptions() and undoEdits() come back to the same bytes in whatever order, when nothing was there', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const wanted = fc.uniqueArray(
    fc.record({
      section: fc.constantFrom('s', 't', 'DEFAULT'),
      name,
      value: fc.string({ maxLength: 6, unit: 'grapheme-ascii' }),
    }),
    { selector: (entry) => `${entry.section} ${entry.name}`, maxLength: 6 },
  );
  const text = fc.constantFrom('', '[s]\n', '[s]\nx = 1\n\n# c\n', '[DEFAULT]\nx = 1\r\n\r\n[t]\r\n', '[t]\n[t]\n\n');
  fc.assert(
    fc.property(text, wanted, fc.boolean(), (content, entries, turned) => {
      const options = entries.map((entry) => ({
        ...option(set(entry.value)),
        section: entry.section,
        name: entry.name,
      }));
      const edited = editOptions(new Secret(content), options);
      assert.ok(options.every((entry) => optionHolds(edited.content, entry)));
      const records = edited.changes.map(({ record }) => record);
      const order = turned ? records.toReversed() : records;
      assert.equal(undoEdits(edited.content, order).reveal(), content);
    }),
    { numRuns: 10_000 },
  );
});
