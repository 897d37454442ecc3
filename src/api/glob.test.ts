import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from './glob.ts';

describe('matchesGlob()', () => {
  it('matches as the regular expression of the same meaning does', () => {
    const alphabet = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '\n'), maxLength: 12 });
    fc.assert(
      fc.property(alphabet, alphabet, (glob, text) => {
        const meaning = [...glob].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace('.', '\\.'))).join('');
        assert.equal(matchesGlob(glob, text), new RegExp(`^${meaning}$`, 's').test(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('does not choke on many stars', () => {
    assert.equal(matchesGlob('*a'.repeat(100), `${'a'.repeat(10_000)}b`), false);
  });
});
