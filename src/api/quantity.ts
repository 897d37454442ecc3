import { z } from 'zod';
import type { Rule } from './resource.ts';

const factors: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 10n ** 3n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
};

const form = /^[+]?([0-9]+)(?:[.]([0-9]*))?(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;
const most = 2n ** 63n - 1n;

/** The whole number, or undefined where the text is no quantity, is no whole number or is too large. */
function wholeNumber(text: string): bigint | undefined {
  const [, whole, fraction = '', exponent, suffix] = form.exec(text) ?? [];
  if (whole === undefined || text.length > 32) return undefined;
  let [numerator, denominator] = suffix === undefined ? [1n, 1n] : (factors[suffix] ?? [1n, 1n]);
  const power = 10n ** BigInt(Math.abs(Number(exponent ?? '0')));
  if (exponent?.startsWith('-')) denominator *= power;
  else numerator *= power;
  numerator *= BigInt(whole + fraction);
  denominator *= 10n ** BigInt(fraction.length);
  const value = numerator / denominator;
  return value * denominator === numerator && value <= most ? value : undefined;
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
        // The list binds the parsed quantity to a name: parsing it anew for each question would pass the cost limit.
        rule: "type(self) == int ? self >= 0 : isQuantity(self) && [quantity(self)].all(q, q.isInteger() && sign(q) >= 0 && q.isLessThan(quantity('8Ei')))",
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
