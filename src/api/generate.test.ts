import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { structuralSchema } from './generate-crd.ts';
import { quantity } from './quantity.ts';

const text = z.string().max(8);
const described = (schema: z.ZodType) => z.object({ field: schema.describe('A field.') });

describe('structuralSchema()', () => {
  const refused: Readonly<Record<string, [schema: z.ZodType, words: RegExp]>> = {
    'a union': [described(z.union([text, z.int()])), /sample.field: "anyOf" has no place/],
    'a literal': [described(z.literal(1)), /sample.field/],
    'a nullable field': [described(text.nullable()), /"nullable" has no place/],
    anything: [described(z.unknown()), /sample.field: type undefined has no place/],
    'a floating number': [described(z.number()), /type "number" has no place/],
    'text without limit': [described(z.string()), /a string needs a greatest length/],
    'a list without limit': [described(z.array(text)), /a list needs a greatest length/],
    'a list without type': [described(z.array(text).max(3)), /a list needs its x-kubernetes-list-type/],
    'a map without limit': [described(z.record(z.string(), text)), /a map needs a greatest number of entries/],
    'a field without description': [z.object({ field: text }), /sample.field: it has no description/],
    'a default in what is one value': [
      z.object({
        spec: z.object({ field: z.object({ inner: text.default('a').describe('A field.') }).describe('Fields.') }),
      }),
      /no defaults in it/,
    ],
    'a date': [described(z.date()), /Date/],
  };
  for (const [what, [schema, words]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => assert.throws(() => structuralSchema(schema, 'sample'), { message: words }));
  }

  it('takes a number or a text, where it is marked so', () => {
    const { field } = structuralSchema(described(quantity), 'sample').properties ?? {};
    assert.equal(field?.['x-kubernetes-int-or-string'], true);
    assert.equal(field.anyOf, undefined);
  });
});

describe('make generate', () => {
  it('has been run since the schemas changed', () => {
    const script = join(import.meta.dirname, 'generate.ts');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
});
