import { type SchemaNode, structuralSchema } from '../src/api/generate-crd.ts';
import { fields } from '../src/api/generate-reference.ts';
import type { KindDefinition } from '../src/api/resource.ts';
import { type ApiObject, apiObject } from './api-objects.ts';

/** What somebody would write who wants more than one value to come of it, by its class. */
export const hostileValues: Readonly<Record<string, string>> = {
  newline: 'a\nb',
  'carriage return': 'a\rb',
  NUL: 'a\u0000b',
  quotes: `a"b'c`,
  'a command': '$(touch /tmp/owned)',
  'a way out': '../../etc/passwd',
  '300 KB': 'a'.repeat(300_000),
};

/** Text that is data by nature, such as caps and option values: only control characters and size are refused there. */
const harmlessInFreeText = new Set(['quotes', 'a command', 'a way out']);

export interface HostileObject {
  readonly what: string;
  readonly object: ApiObject;
  /** The field as the API server names it, an entry of a map with a dot: `spec.hosts[0].address`. */
  readonly field: string;
}

const isString = (node: SchemaNode) => node.type === 'string' || node['x-kubernetes-int-or-string'] === true;
const isFreeText = (node: SchemaNode) =>
  (node['x-kubernetes-validations'] ?? []).some((rule) => rule.message.includes('one line'));

/** A value that its schema takes. */
function sample(node: SchemaNode): unknown {
  if (node.enum !== undefined) return node.enum[0];
  if (node.type === 'integer') return node.minimum ?? 1;
  if (node.type === 'array') return node.items === undefined ? [] : [sample(node.items)];
  if (node.type === 'object') {
    const names = node.required ?? [];
    return Object.fromEntries(names.map((name) => [name, sample(node.properties?.[name] ?? {})]));
  }
  return 'a';
}

/** A value of the schema that holds `value` at the path; what else it must have is filled in. */
function valueAt(node: SchemaNode, [step, ...rest]: readonly string[], value: string, name: string): unknown {
  if (step === undefined) return value;
  if (step === '[]') return [valueAt(node.items ?? {}, rest, value, name)];
  if (step === '*') return { [name]: valueAt(node.additionalProperties ?? {}, rest, value, name) };
  const base = sample(node);
  const inner = valueAt(node.properties?.[step] ?? {}, rest, value, name);
  return { ...(typeof base === 'object' ? base : {}), [step]: inner };
}

/** `extraConfig.nova.conf` holds a dot of its own, so a path is taken apart along the schema. */
function stepsOf(node: SchemaNode, path: string): string[] {
  if (path === '') return [];
  if (path.startsWith('[]')) return ['[]', ...stepsOf(node.items ?? {}, path.slice(2))];
  const rest = path.replace(/^[.]/, '');
  if (rest === '*' || rest.startsWith('*.')) return ['*', ...stepsOf(node.additionalProperties ?? {}, rest.slice(1))];
  const name = Object.keys(node.properties ?? {})
    .filter((key) => rest === key || rest.startsWith(`${key}.`) || rest.startsWith(`${key}[`))
    .sort((a, b) => b.length - a.length)[0];
  if (name === undefined) throw new Error(`No field ${JSON.stringify(path)}`);
  return [name, ...stepsOf(node.properties?.[name] ?? {}, rest.slice(name.length))];
}

/** Every string field of a spec, and every name in a map, with every class of hostile value that it must refuse. */
export function* hostileObjects(kind: KindDefinition): Generator<HostileObject> {
  const schema = structuralSchema(kind.spec, `${kind.kind}.spec`);
  const objectWith = (path: string, value: string, name: string) => {
    const steps = stepsOf(schema, path);
    const [first = ''] = steps;
    const spec = valueAt(schema, steps, value, name) as Record<string, unknown>;
    return apiObject(kind.kind, { [first]: spec[first] });
  };
  const fieldOf = (path: string) => `spec.${path}`.replaceAll('[]', '[0]').replaceAll('.*', '.a');
  for (const { path, node } of leaves(schema)) {
    for (const [what, value] of Object.entries(hostileValues)) {
      if (isFreeText(node) && harmlessInFreeText.has(what)) continue;
      const object = objectWith(path, value, 'a');
      yield { what: `${kind.kind} ${path} with ${what}`, object, field: fieldOf(path) };
      if (!path.endsWith('.*')) continue;
      const map = path.slice(0, -'.*'.length);
      const named = objectWith(path, 'x', value);
      yield { what: `${kind.kind} ${map} with ${what} as a name`, object: named, field: fieldOf(map) };
    }
  }
  for (const { path, node } of fields(schema, '')) {
    // Names of sections: maps of maps, whose entries are no strings.
    if (node.additionalProperties === undefined || isString(node.additionalProperties)) continue;
    for (const [what, value] of Object.entries(hostileValues)) {
      const named = objectWith(`${path}.*.*`, 'x', value);
      yield { what: `${kind.kind} ${path} with ${what} as a name`, object: named, field: fieldOf(path) };
    }
  }
}

function* leaves(schema: SchemaNode): Generator<{ path: string; node: SchemaNode }> {
  for (const { path, node } of fields(schema, '')) {
    if (isString(node)) yield { path, node };
    if (node.items !== undefined && isString(node.items)) yield { path: `${path}[]`, node: node.items };
    if (node.additionalProperties !== undefined && isString(node.additionalProperties)) {
      yield { path: `${path}.*`, node: node.additionalProperties };
    }
  }
}
