import { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { objectName, shortName } from '../../api/fields.ts';
import { type SchemaNode, structuralSchema } from '../../api/generate-crd.ts';
import { plainWords } from '../../api/plain-words.ts';
import { fieldPath, issueSentence, type KindDefinition, type Rule } from '../../api/resource.ts';

/*
 * What the API server would mind in a new object, without one: unknown fields, the schema, lists in which something stands
 * twice, and the CEL rules. Rules about a change (`oldSelf`) and about the form of a text or number are left out: there
 * is no former object, and the schemas check each form themselves.
 */

export interface Candidate {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: unknown;
}

const naming = z.object({ name: objectName, namespace: shortName });

/** Everything that is wrong with an object, each as `spec.field: sentence`; none when it would be let in. */
export function admissionFaults(definition: KindDefinition, { metadata, spec }: Candidate): readonly string[] {
  const schema = structuralSchema(definition.spec, definition.kind);
  const parsed = z
    .object({ metadata: naming, spec: definition.spec })
    .safeParse({ metadata, spec: spec ?? undefined }, { error: plainWords });
  const issues = parsed.error?.issues ?? [];
  const unknown = unknownFields(schema, spec, ['spec']);
  // Where something does not fit there are no defaults; a rule that misses one says nothing.
  const whole = parsed.data ?? { metadata, spec };
  const doubtful: Doubt = {
    fields: issues.map(({ path }) => path),
    unknown: unknown.map(({ path }) => path.slice(0, -1)),
  };
  return [
    ...issues.map((issue) => unionSentence(issue, schema) ?? issueSentence(issue)),
    ...unknown.map(({ path, fault }) => `${fieldPath(path)}: ${fault}`),
    ...repeated(schema, spec, ['spec']),
    ...brokenRules(definition.rules, celValue(whole), [], doubtful),
    ...schemaRules(schema, celValue(whole.spec), ['spec'], doubtful),
  ];
}

/** What does not fit, and what has fields that there are not: what rules say of those may come of just that. */
interface Doubt {
  readonly fields: readonly Path[];
  readonly unknown: readonly Path[];
}

/** Where a number or a text may stand, the rule beside them says what they must be. */
function unionSentence(issue: z.core.$ZodIssue, schema: SchemaNode): string | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  let node: SchemaNode | undefined = schema;
  for (const part of issue.path.slice(1)) {
    node = typeof part === 'number' ? node?.items : (node?.properties?.[String(part)] ?? node?.additionalProperties);
  }
  const message = node?.['x-kubernetes-validations']?.[0]?.message;
  return message === undefined ? undefined : `${fieldPath(issue.path)}: ${message}`;
}

type Path = readonly PropertyKey[];

function unknownFields(
  node: SchemaNode,
  value: unknown,
  path: Path,
): readonly { readonly path: Path; readonly fault: string }[] {
  return children(node, value, path).flatMap((child) =>
    child.node === undefined
      ? [{ path: child.path, fault: `is no field; ${known(node)}` }]
      : unknownFields(child.node, child.value, child.path),
  );
}

function known(node: SchemaNode): string {
  return `there are ${Object.keys(node.properties ?? {})
    .toSorted()
    .join(', ')}`;
}

/** Items of a list that is a set, or told apart by keys, of which there are two. */
function repeated(node: SchemaNode, value: unknown, path: Path): readonly string[] {
  const twice: string[] = [];
  const type = node['x-kubernetes-list-type'];
  if (Array.isArray(value) && (type === 'set' || type === 'map')) {
    const keys = z.array(z.string()).catch([]).parse(node['x-kubernetes-list-map-keys']);
    const seen = new Set<string>();
    for (const [index, item] of value.entries()) {
      const identity = JSON.stringify(
        type === 'set' ? item : keys.map((key) => z.looseObject({}).safeParse(item).data?.[key]),
      );
      if (seen.has(identity)) twice.push(`${fieldPath([...path, index])}: stands there twice, as ${identity}`);
      seen.add(identity);
    }
  }
  const below = children(node, value, path).flatMap((child) =>
    child.node === undefined ? [] : repeated(child.node, child.value, child.path),
  );
  return [...twice, ...below];
}

function schemaRules(node: SchemaNode, value: unknown, path: Path, doubt: Doubt): readonly string[] {
  const rules = node['x-kubernetes-validations'] ?? [];
  if (typeof value === 'string' && node.type === 'string') {
    const beyondForm = rules.filter(({ rule }) => !rule.startsWith('self.matches('));
    return brokenRules(beyondForm, value, path, doubt);
  }
  if (typeof value !== 'object' || value === null) return [];
  return [
    ...brokenRules(rules, value, path, doubt),
    ...children(node, value, path).flatMap((child) =>
      child.node === undefined ? [] : schemaRules(child.node, child.value, child.path, doubt),
    ),
  ];
}

function children(node: SchemaNode, value: unknown, path: Path) {
  if (typeof value !== 'object' || value === null) return [];
  const { items } = node;
  if (Array.isArray(value)) {
    return items === undefined
      ? []
      : value.map((item, index) => ({ node: items, value: item, path: [...path, index] }));
  }
  // What is not a map where one belongs is the schema's own business.
  if (node.properties === undefined && node.additionalProperties === undefined) return [];
  return Object.entries(value)
    .filter(([, field]) => field !== undefined && field !== null)
    .map(([name, field]) => {
      const found = Object.hasOwn(node.properties ?? {}, name) ? node.properties?.[name] : node.additionalProperties;
      return { node: found, value: field, path: [...path, name] };
    });
}

const environment = new Environment()
  .registerVariable('self', 'dyn')
  .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
    text.replaceAll(from, to),
  );

function brokenRules(
  rules: readonly Pick<Rule, 'rule' | 'message'>[],
  self: unknown,
  path: Path,
  { fields, unknown }: Doubt,
): readonly string[] {
  const here = fieldPath(path);
  if ([...fields, ...unknown].some((other) => fieldPath(other) === here)) return [];
  const inDoubt = fields
    .filter((field) => fieldPath(field.slice(0, path.length)) === here)
    .map((field) => fieldPath(['self', ...field.slice(path.length)]));
  return rules
    .filter(({ rule }) => !rule.includes('oldSelf') && !inDoubt.some((name) => rule.includes(name)))
    .filter(({ rule }) => isBroken(rule, self, fields.length > 0))
    .map(({ message }) => (path.length === 0 ? message : `${here}: ${message}`));
}

/** In an object of which something does not fit, a rule that cannot be judged is none that is broken. */
function isBroken(rule: string, self: unknown, isUnfit: boolean): boolean {
  const judge = environment.parse(rule);
  try {
    return judge({ self }) !== true;
  } catch (error) {
    if (isUnfit) return false;
    throw error;
  }
}

/** Whole numbers as CEL has them. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, celValue(field)]));
}
