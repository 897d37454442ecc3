import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { plainWords, plainWordsOfSecret } from './plain-words.ts';
import { firstIssue } from './resource.ts';

const schema = z.strictObject({
  list: z.array(z.string()).max(2).exactOptional(),
  text: z.string().exactOptional(),
  yes: z.boolean().exactOptional(),
  count: z.int().min(1).exactOptional(),
  word: z.enum(['a', 'b']).exactOptional(),
});

const table: readonly (readonly [string, unknown, string])[] = [
  ['a text for a list', { list: 'a' }, 'list: must be a list, and is "a"'],
  ['a number for a text', { text: 1 }, 'text: must be text, and is 1: put it in quotes'],
  ['a text for yes', { yes: 'yes' }, 'yes: must be true or false, and is "yes"'],
  ['too long a list', { list: ['a', 'b', 'c'] }, 'list: must have at most 2 items'],
  ['too small a number', { count: 0 }, 'count: must be at least 1'],
  ['another word', { word: 'c' }, 'word: must be one of a, b, and is "c"'],
  ['an unknown name', { wrod: 'a' }, 'has no place for "wrod": correct the name, or leave it out'],
  ['nothing at all', undefined, 'is missing: write it'],
];

describe('plainWords()', () => {
  for (const [what, value, sentence] of table) {
    it(`says what is wrong with ${what}`, () => {
      const { error } = schema.safeParse(value, { error: plainWords });
      assert.equal(error && firstIssue(error), sentence);
    });
  }

  it('makes one short line of whatever was found', () => {
    for (const value of [{ list: 'a\u0085\n\u007f'.repeat(1000) }, { ['b\u007f'.repeat(1000)]: 1 }]) {
      const { error } = schema.safeParse(value, { error: plainWords });
      assert.match((error && firstIssue(error)) ?? '', /^\P{Cc}{1,150}$/u);
    }
  });
});

describe('plainWordsOfSecret()', () => {
  it('says nothing of what was found', () => {
    for (const value of ['sesame', { list: 'sesame' }, { yes: 'sesame' }, { word: 'sesame' }]) {
      const { error } = schema.safeParse(value, { error: plainWordsOfSecret });
      assert.match((error && firstIssue(error)) ?? '', /must be/);
      assert.doesNotMatch((error && firstIssue(error)) ?? '', /sesame/);
    }
  });
});
