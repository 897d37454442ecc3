import { z } from 'zod';
import type { Rule } from './resource.ts';

const factors: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  E: 10n ** 18n,
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};

const form = /^[+]?([0-9]{1,24})(?:[.]([0-9]{1,9}))?(?:[eE]([0-9]{1,2})|([kMGTPE]|[KMGTPE]i)?)$/;
const limit = 2n ** 63n - 1n;

/** The number, or undefined where the text is no whole quantity or is too large. Of binary ones a part of a byte counts as a byte, as in Kubernetes. */
function wholeNumber(text: string): bigint | undefined {
  const [, digits, fraction = '', exponent = '0', suffix = ''] = form.exec(text) ?? [];
  const factor = factors[suffix];
  if (digits === undefined || factor === undefined) return undefined;
  const parts = 10n ** BigInt(fraction.length);
  const all = BigInt(digits + fraction) * factor * 10n ** BigInt(exponent);
  if (all % parts !== 0n && !suffix.endsWith('i')) return undefined;
  const value = (all + parts - 1n) / parts;
  return value < limit ? value : undefined;
}

const sentence = 'must be a whole number as Kubernetes writes quantities, such as 5000000 or 10Ti, below 8Ei';

/** A count or an amount of bytes: `5000000`, `10Ti`. `quantityValue` gives its number. */
export const quantity = z
  .union([
    z.int().min(0, sentence),
    z
      .string()
      .max(32)
      .refine((text) => wholeNumber(text) !== undefined, sentence),
  ])
  .meta({
    'x-kubernetes-int-or-string': true,
    'x-kubernetes-validations': [
      {
        // The list binds the parsed quantity to a name: parsing it anew for each question would pass the cost limit. Of
        // binary ones isInteger() takes none above 99Ti for whole.
        rule: "type(self) == int ? self >= 0 : isQuantity(self) && [quantity(self)].all(q, (self.endsWith('i') || q.isInteger()) && sign(q) >= 0 && q.isLessThan(quantity('8Ei')))",
        message: sentence,
      },
    ] satisfies Rule[],
  });

/**
 * The number that a quantity means: `10Ti` is 10995116277760n. A bigint, since quotas pass 2^53 at 8 PiB.
 * @throws {RangeError} for what no schema lets through.
 */
export function quantityValue(value: number | string): bigint {
  const number = typeof value === 'number' ? BigInt(value) : wholeNumber(value);
  if (number === undefined) throw new RangeError(`Not a quantity: ${JSON.stringify(value)}`);
  return number;
}
