import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigSyntaxError, hasSection, readValues, removeOption, setOption } from './oslo-config.ts';

const reads: readonly (readonly [string, string, readonly string[]])[] = [
  ['a plain option', '[libvirt]\nrbd_user = cinder\n', ['cinder']],
  ['a colon', '[libvirt]\nrbd_user: cinder', ['cinder']],
  ['no blanks', '[libvirt]\nrbd_user=cinder', ['cinder']],
  ['a second section of the same name', '[libvirt]\nrbd_user = a\n[x]\n[libvirt]\nrbd_user = b\n', ['a', 'b']],
  ['another case of the section', '[LibVirt]\nrbd_user = a\n', ['a']],
  ['an inline comment, which is none', '[libvirt]\nrbd_user = unmap # comment\n', ['unmap # comment']],
  ['double quotes', '[libvirt]\nrbd_user = "a b"\n', ['a b']],
  ['single quotes', "[libvirt]\nrbd_user = 'a'\n", ['a']],
  ['one pair of two', '[libvirt]\nrbd_user = ""a""\n', ['"a"']],
  ['unequal quotes', '[libvirt]\nrbd_user = "a\'\n', ['"a\'']],
  ['a lone quote', '[libvirt]\nrbd_user = "\n', ['']],
  ['continued lines', '[libvirt]\nrbd_user = a,\n  b,\n\tc\n\nx = y\n', ['a,\nb,\nc']],
  ['a comment, which ends a value', '[libvirt]\nrbd_user = a\n# b\nc = d\n', ['a']],
  ['a comment of the option', '[libvirt]\n#rbd_user = a\n;rbd_user = b\n', []],
  ['carriage returns', '[libvirt]\r\nrbd_user = a\r\n', ['a']],
  ['bare carriage returns', '[libvirt]\rrbd_user = a\rx = y', ['a']],
  ['a byte order mark', '\ufeff[libvirt]\nrbd_user = a\n', ['a']],
  ['an equals sign in the value', '[libvirt]\nrbd_user = network=writeback\n', ['network=writeback']],
  ['an empty value', '[libvirt]\nrbd_user =\n', ['']],
  ['trailing blanks', '[libvirt]  \nrbd_user = a \t\n', ['a']],
  ['no file at all', '', []],
];

for (const [what, text, expected] of reads) {
  test(`readValues() reads as oslo.config does, when there is ${what}`, () => {
    assert.deepEqual(readValues(text, 'libvirt', 'rbd_user'), expected);
  });
}

test('readValues() keeps DEFAULT apart from default', () => {
  assert.deepEqual(readValues('[default]\na = 1\n[DEFAULT]\na = 2\n', 'DEFAULT', 'a'), ['2']);
});

const broken: readonly (readonly [string, string, number])[] = [
  ['an option before any section', 'a = secret\n', 1],
  ['a line that is nothing', '[a]\n\nsecret\n', 3],
  ['an open section', '[a]\n[secret\n', 2],
  ['a section without a name', '[]\n', 1],
  ['a continuation of nothing', '[a]\n  secret\n', 2],
  ['a key without a name', '[a]\n= secret\n', 2],
];

for (const [what, text, line] of broken) {
  test(`readValues() names the line and not its content, when there is ${what}`, () => {
    assert.throws(
      () => readValues(text, 'a', 'b'),
      (error) => error instanceof ConfigSyntaxError && error.line === line && !error.message.includes('secret'),
    );
  });
}

const edits: readonly (readonly [string, string, string])[] = [
  ['[libvirt]\nrbd_user = old\n', '[libvirt]\nrbd_user = new\n', 'in place'],
  [
    '[libvirt]\nrbd_user=old # x\nz = 1\n',
    '[libvirt]\nrbd_user=new\nz = 1\n',
    'without blanks, over an inline comment',
  ],
  ['[libvirt]\nrbd_user :\told\n', '[libvirt]\nrbd_user :\tnew\n', 'with colon and tab kept'],
  ['[libvirt]\nrbd_user = a,\n b\n\nz = 1\n', '[libvirt]\nrbd_user = new\n\nz = 1\n', 'over continued lines'],
  ['[libvirt]\nrbd_user =\n', '[libvirt]\nrbd_user = new\n', 'where the value was empty'],
  [
    '[libvirt]\nrbd_user = a\n[libvirt]\nrbd_user = b\n',
    '[libvirt]\nrbd_user = a\n[libvirt]\nrbd_user = new\n',
    'the last of two',
  ],
  ['[libvirt]\n# rbd_user = x\n\n[a]\n', '[libvirt]\nrbd_user = new\n# rbd_user = x\n\n[a]\n', 'in an empty section'],
  ['[libvirt]\na = 1\n b\n\n# c\n[z]\n', '[libvirt]\na = 1\n b\nrbd_user = new\n\n# c\n[z]\n', 'after the last option'],
  ['[libvirt]\r\na = 1', '[libvirt]\r\na = 1\r\nrbd_user = new\r\n', 'with the file’s own line ends'],
  ['[a]\nb = 1', '[a]\nb = 1\n\n[libvirt]\nrbd_user = new\n', 'with a section of its own'],
  ['', '[libvirt]\nrbd_user = new\n', 'in an empty file'],
  ['\ufeff# c\r\n', '\ufeff# c\r\n\r\n[libvirt]\r\nrbd_user = new\r\n', 'after a byte order mark'],
];

for (const [before, after, what] of edits) {
  test(`setOption() sets a value ${what}`, () => {
    assert.equal(setOption(before, 'libvirt', 'rbd_user', 'new'), after);
  });
}

test('setOption() quotes what reading would change', () => {
  for (const value of ['"a"', "'", ' a', 'a\u00a0', '""', '"']) {
    assert.deepEqual(readValues(setOption('', 's', 'o', value), 's', 'o'), [value]);
  }
});

test('setOption() refuses what one line cannot hold', () => {
  for (const [section, name, value] of [
    ['a]\n[b', 'o', 'v'],
    ['', 'o', 'v'],
    ['s', 'o = x', 'v'],
    ['s', '#o', 'v'],
    ['s', '', 'v'],
    ['s', 'o', 'v\n[DEFAULT]'],
    ['s', 'o', 'v\rw'],
    ['s', 'o', 'v\0'],
  ] as const) {
    assert.throws(() => setOption('', section, name, value), RangeError);
  }
});

test('removeOption() removes every occurrence, and only those that match', () => {
  const text = '[s]\no = 1\n a\nx = 1\n[t]\n[S]\no = 2\n';
  assert.equal(removeOption(text, 's', 'o'), '[s]\nx = 1\n[t]\n[S]\n');
  assert.equal(
    removeOption(text, 's', 'o', { matches: (value) => value === '2' }),
    '[s]\no = 1\n a\nx = 1\n[t]\n[S]\n',
  );
});

test('removeOption() keeps a section with a comment in it', () => {
  assert.equal(removeOption('[s]\no = 1\n# c\n', 's', 'o', { dropSection: true }), '[s]\n# c\n');
});

// Properties: files made of everything the grammar knows.
const value = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'lvm,ceph',
    '"a b"',
    "'q'",
    '"',
    'x # y',
    'rabbit://u:p#w;x@h',
    'a=b',
    '  ',
    '\u00a0',
    '$state_path',
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n\0]/g, '')),
);
const section = fc.constantFrom('DEFAULT', 'default', 'libvirt', 'LIBVIRT', 'ceph', 'glance_store');
const name = fc.constantFrom('rbd_user', 'rbd_pool', 'enabled_backends', 'x');
const end = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
const body = fc.oneof(
  fc.tuple(name, fc.constantFrom(' = ', '=', ':', ' :\t', ' ='), value).map((parts) => parts.join('')),
  fc
    .tuple(name, value, fc.constantFrom(' ', '\t', '   '), value)
    .map(([key, a, gap, b]) => `${key} = ${a}\n${gap}${b}`),
  fc.tuple(fc.constantFrom('#', ';', '# '), value).map((parts) => parts.join('')),
  fc.constantFrom('', ' ', '\t'),
);
const file = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    fc.array(fc.tuple(section, fc.array(fc.tuple(body, end), { maxLength: 5 }), end), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([mark, sections, cut]) => {
    const text = sections.map(([title, lines, stop]) => `[${title}]${stop}${lines.flat().join('')}`).join('');
    return mark + (cut ? text.replace(/(\r\n|\r|\n)$/, '') : text);
  })
  .filter((text) => !throws(() => readValues(text, 's', 'o')));

function throws(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}

const runs = { numRuns: 10_000 };

test('setOption() makes the value count and leaves every other line as it was', () => {
  fc.assert(
    fc.property(file, section, name, value, (text, where, which, wanted) => {
      const edited = setOption(text, where, which, wanted);
      assert.equal(readValues(edited, where, which).at(-1), wanted);
      assert.equal(setOption(edited, where, which, wanted), edited, 'a second edit changes nothing');
      const lines = (content: string) => content.split(/\r\n|\r|\n/);
      const left = lines(text).filter((line) => !lines(edited).includes(line));
      const old = readValues(text, where, which).at(-1);
      assert.ok(old === undefined ? left.length === 0 : left.length <= old.split('\n').length, 'lines are lost');
    }),
    runs,
  );
});

test('removeOption() undoes setOption() to the byte, when the option was not there', () => {
  fc.assert(
    fc.property(file, section, name, value, (text, where, which, wanted) => {
      fc.pre(readValues(text, where, which).length === 0 && /[\r\n]$|^$/.test(text));
      const edited = setOption(text, where, which, wanted);
      assert.equal(removeOption(edited, where, which, { dropSection: !hasSection(text, where) }), text);
    }),
    runs,
  );
});

test('removeOption() leaves no occurrence and no other change', () => {
  fc.assert(
    fc.property(file, section, name, (text, where, which) => {
      const edited = removeOption(text, where, which);
      assert.deepEqual(readValues(edited, where, which), []);
      for (const other of ['rbd_user', 'rbd_pool', 'enabled_backends', 'x'].filter(
        (candidate) => candidate !== which,
      )) {
        assert.deepEqual(readValues(edited, where, other), readValues(text, where, other));
      }
    }),
    runs,
  );
});
