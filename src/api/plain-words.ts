import type { z } from 'zod';

/** Says what Zod minds as one would to a person, where the schema has no sentence of its own. */
export const plainWords: z.core.$ZodErrorMap = (issue) => inWords(issue, andIs);

/** The same without a word of what was found, which may be a secret that got into the wrong place. */
export const plainWordsOfSecret: z.core.$ZodErrorMap = (issue) => inWords(issue, () => '');

function andIs(found: unknown): string {
  return `, and is ${short(found)}`;
}

/** Whatever somebody wrote, as one short line. */
function short(found: unknown): string {
  const text = (JSON.stringify(found) ?? '').replaceAll(/\p{Cc}/gu, ' ');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function inWords(issue: z.core.$ZodRawIssue, found: (value: unknown) => string): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing: write it';
      const quotes = issue.expected === 'string' && typeof issue.input !== 'object' ? ': put it in quotes' : '';
      return `must be ${kinds.get(issue.expected) ?? issue.expected}${found(issue.input)}${quotes}`;
    }
    case 'invalid_value':
      if (issue.input === undefined) return `is missing: write one of ${issue.values.join(', ')}`;
      return `must be one of ${issue.values.join(', ')}${found(issue.input)}`;
    case 'too_small':
      return `must ${bound(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must ${bound(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
    case 'unrecognized_keys':
      return `has no place for ${issue.keys.slice(0, 3).map(short).join(', ')}: correct the name, or leave it out`;
    default:
      return undefined;
  }
}

const kinds: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
  ['int', 'a whole number'],
  ['number', 'a number'],
]);

function bound(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
}
