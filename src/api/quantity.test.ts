import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantity, quantityValue } from './quantity.ts';

describe('quantityValue()', () => {
  const cases: Readonly<Record<string, bigint>> = {
    '0': 0n,
    '5000000': 5_000_000n,
    '5M': 5_000_000n,
    '+1k': 1000n,
    '1e3': 1000n,
    '10Ti': 10_995_116_277_760n,
    '10Pi': 11_258_999_068_426_240n,
    '7Ei': 8_070_450_532_247_928_832n,
    '1.5Ti': 1_649_267_441_664n,
    '0.3Ki': 308n,
    '1.5T': 1_500_000_000_000n,
  };
  for (const [text, value] of Object.entries(cases)) {
    it(`reads ${text}`, () => assert.equal(quantityValue(text), value));
  }

  it('reads a number as it is', () => assert.equal(quantityValue(12), 12n));

  it('agrees with the schema on what is a quantity', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-+]?[0-9.]{0,24}[numkMGTPEi]{0,2}([eE][0-9]{0,3})?$/), (text) => {
        if (quantity.safeParse(text).success) assert.ok(quantityValue(text) >= 0n);
        else assert.throws(() => quantityValue(text), RangeError);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('quantity', () => {
  for (const text of ['', '-1', '1.5', '10 Ti', '1TB', '8Ei', '9e99', 'ten', '1000m', '1\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(quantity.safeParse(text).success, false));
  }
});
