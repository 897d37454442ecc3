import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CapsError, equalCaps, parseCap, renderCap } from './caps.ts';

const same: readonly (readonly [subsystem: string, a: string, b: string])[] = [
  ['osd', 'profile rbd pool=volumes', 'profile rbd pool volumes'],
  ['osd', 'profile rbd pool=volumes', 'profile=rbd  pool=volumes'],
  ['osd', 'profile rbd pool=volumes', 'profile \'rbd\' pool="volumes"'],
  ['osd', 'profile rbd pool=a, profile rbd pool=b', 'profile rbd pool=b;profile rbd pool=a'],
  ['osd', 'profile rbd pool=a, profile rbd pool=a', 'profile rbd pool=a'],
  ['osd', 'allow rwx pool=volumes', 'allow pool volumes rwx'],
  ['osd', 'allow rx pool=images namespace=t', 'allow rx pool=images namespace t'],
  ['osd', 'allow *', 'allow all'],
  ['osd', 'allow class-read object_prefix rbd_children', 'allow object_prefix rbd_children class-read'],
  ['osd', 'allow rwx tag rbd mark=*', 'allow rwx tag rbd mark = all'],
  ['mon', 'profile rbd', 'allow profile rbd'],
  ['mon', 'allow r', ' allow  r '],
  ['mon', 'allow command "osd blocklist"', "allow command='osd blocklist'"],
  ['mon', 'allow command x with a=1 b prefix c', 'allow command x with b prefix c a=1'],
  ['mon', 'allow service osd rw', 'allow service=osd rw'],
  ['mgr', 'profile rbd pool=volumes namespace=t', 'profile rbd namespace=t pool=volumes'],
];

for (const [subsystem, a, b] of same) {
  test(`equalCaps() finds ${subsystem} "${a}" and "${b}" the same right`, () => {
    assert.equal(equalCaps({ [subsystem]: a }, { [subsystem]: b }), true);
  });
}

const different: readonly (readonly [a: string, b: string])[] = [
  ['profile rbd pool=volumes', 'profile rbd-read-only pool=volumes'],
  ['profile rbd pool=volumes', 'profile rbd pool=volumes namespace=t'],
  ['profile rbd pool=volumes', 'profile rbd'],
  ['profile rbd pool=volumes namespace=""', 'profile rbd pool=volumes'],
  ['allow rwx namespace=t*', 'allow rwx namespace=t'],
  ['allow rx pool=images', 'allow rwx pool=images'],
  ['allow rwx tag rbd a=*', 'allow rwx tag rbd b=*'],
  ['allow zzz', 'allow r'],
];

for (const [a, b] of different) {
  test(`equalCaps() tells "${a}" from "${b}"`, () => {
    assert.equal(equalCaps({ osd: a }, { osd: b }), false);
  });
}

test('equalCaps() tells caps with another subsystem apart', () => {
  assert.equal(equalCaps({ mon: 'allow r' }, { mon: 'allow r', mds: 'allow *' }), false);
});

for (const bad of [
  '',
  'allow',
  'profile',
  'allow zzz',
  'rwx',
  'allow rwx pool',
  'allow r {}',
  'profile rbd pool=a b',
]) {
  test(`parseCap() refuses "${bad}"`, () => {
    assert.throws(() => parseCap('osd', bad), CapsError);
  });
}

const word = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,8}$/);
const blank = fc.constantFrom(' ', '  ', '\t', '\n ');
const quoted = (value: string) => fc.constantFrom(value, `"${value}"`, `'${value}'`);
const equals = fc.oneof(fc.constant('='), blank);

/** A grant in its plain spelling, and in another one of the same meaning. */
const spelled = fc
  .record({
    profile: fc.option(fc.constantFrom('rbd', 'rbd-read-only'), { nil: undefined }),
    permission: fc.constantFrom('r', 'rw', 'rx', 'rwx', '*', 'class-read'),
    pool: word,
    namespace: fc.option(word, { nil: undefined }),
  })
  .chain(({ profile, permission, pool, namespace }) => {
    const head = profile === undefined ? `allow ${permission}` : `profile ${profile}`;
    const plain = `${head} pool=${pool}${namespace === undefined ? '' : ` namespace=${namespace}`}`;
    const other = fc
      .tuple(equals, quoted(pool), equals, quoted(namespace ?? ''), blank, blank, fc.boolean())
      .map(([firstEquals, poolText, secondEquals, namespaceText, b1, b2, after]) => {
        const scope = `pool${firstEquals}${poolText}${namespace === undefined ? '' : `${b1}namespace${secondEquals}${namespaceText}`}`;
        if (profile !== undefined) return `profile${b2}${profile}${b1}${scope}`;
        return after ? `allow${b1}${scope}${b2}${permission}` : `allow${b2}${permission}${b1}${scope}`;
      });
    return fc.tuple(fc.constant(plain), other);
  });

test('equalCaps() is blind to spelling, order and repetition', () => {
  fc.assert(
    fc.property(
      fc.array(spelled, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(',', ';', ' , '),
      fc.nat(),
      (grants, separator, seed) => {
        const plain = grants.map(([text]) => text).join(', ');
        const others = grants.map(([, text]) => text);
        const at = seed % others.length;
        const turned = [...others.slice(at), ...others.slice(0, at), ...others.slice(0, seed % 2)];
        assert.equal(equalCaps({ osd: plain }, { osd: turned.join(separator) }), true);
      },
    ),
    { numRuns: 10_000 },
  );
});

test('parseCap() gives back what renderCap() wrote', () => {
  fc.assert(
    fc.property(fc.array(spelled, { minLength: 1, maxLength: 5 }), (grants) => {
      const parsed = parseCap('osd', grants.map(([, text]) => text).join(','));
      assert.deepEqual(parseCap('osd', renderCap(parsed)), parsed);
    }),
    { numRuns: 10_000 },
  );
});

test('parseCap() takes any text without anything worse than a CapsError', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('mon', 'osd', 'mgr'),
      fc.oneof(
        fc.string(),
        fc
          .array(
            fc.constantFrom('allow', 'profile', 'pool', '=', '"', "'", ' ', '*', ',', 'rwx', 'tag', 'with', 'command'),
            { maxLength: 12 },
          )
          .map((parts) => parts.join(' ')),
      ),
      (subsystem, text) => {
        try {
          parseCap(subsystem, text);
        } catch (error) {
          assert.ok(error instanceof CapsError);
        }
      },
    ),
    { numRuns: 10_000 },
  );
});
