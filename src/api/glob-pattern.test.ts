import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from './glob.ts';
import { patternOf, restsAfter } from './glob-pattern.ts';

const text = (signs: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...signs), maxLength });

test('patternOf() matches as the glob does, but for what is excepted', () => {
  const excepted = fc.tuple(text('ab-', 4), fc.constantFrom('', '*')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      text('ab.-*?', 6),
      fc.array(excepted, { maxLength: 3 }),
      fc.array(text('abc.-,', 6), { minLength: 20, maxLength: 20 }),
      (glob, except, names) => {
        const pattern = patternOf(glob, except);
        for (const name of [...names, ...except, glob]) {
          const isLeft =
            /^[a-z.-]*$/.test(name) && matchesGlob(glob, name) && !except.some((one) => matchesGlob(one, name));
          assert.equal(pattern !== undefined && new RegExp(`^(${pattern})$`).test(name), isLeft, `${pattern}: ${name}`);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('restsAfter() match what the glob matches behind a text', () => {
  fc.assert(
    fc.property(text('ab*?', 6), text('ab', 3), text('ab', 4), (glob, begin, end) => {
      assert.equal(
        restsAfter(glob, begin).some((rest) => matchesGlob(rest, end)),
        matchesGlob(glob, begin + end),
      );
    }),
    { numRuns: 5000 },
  );
});
