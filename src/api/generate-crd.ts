import { z } from 'zod';
import type { KindDefinition, PrinterColumn } from './resource.ts';

/** One node of a structural OpenAPI schema. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
  readonly [keyword: string]: unknown;
}

/** Keywords that a structural schema may hold, and that this project uses. */
const keywords = new Set([
  'type',
  'format',
  'description',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'enum',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);

type JsonSchema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Turns what Zod gives into what Kubernetes takes.
 * @throws {Error} naming the path, for whatever would come out non-structural, unlimited or undescribed.
 */
function structural(node: JsonSchema, path: string): SchemaNode {
  const result: Record<string, unknown> = { ...node };
  if (result['x-kubernetes-int-or-string'] === true) {
    // The string branch's form stands in a CEL rule, which sees both.
    delete result.anyOf;
  } else if (result.type === 'string') {
    // A pattern that has a sentence stands in a CEL rule, so that the API server says the sentence.
    if (result['x-kubernetes-validations'] !== undefined) delete result.pattern;
  } else if (result.type === 'integer') {
    result.format = 'int64';
    if (result.maximum === Number.MAX_SAFE_INTEGER) delete result.maximum;
    if (result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  } else if (result.additionalProperties === false) {
    delete result.additionalProperties;
  }
  if (isObject(node.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(node.properties).map(([name, child]) => [name, property(child, `${path}.${name}`)]),
    );
  }
  if (isObject(node.items)) result.items = structural(node.items, `${path}[]`);
  if (isObject(node.additionalProperties)) {
    result.additionalProperties = structural(node.additionalProperties, `${path}{}`);
  }
  if (isOneValue(result, path)) result['x-kubernetes-map-type'] = 'atomic';
  refuseUnstructural(result, path);
  return result;
}

/**
 * An object that may be empty, as `glance: {}`, is one value for server-side apply: whoever takes their last field out of
 * one that is merged leaves `null` behind, which the API server then refuses.
 */
function isOneValue(node: JsonSchema, path: string): boolean {
  const isInSpec = /^\w+\.spec\./.test(path);
  return isInSpec && node.type === 'object' && node.required === undefined && node.default === undefined;
}

function property(node: unknown, path: string): SchemaNode {
  if (!isObject(node)) throw new Error(`Cannot generate ${path}: it is no schema.`);
  const result = structural(node, path);
  if (result.description === undefined) throw new Error(`Cannot generate ${path}: it has no description.`);
  return result;
}

function refuseUnstructural(node: SchemaNode, path: string): void {
  const refuse = (why: string): never => {
    throw new Error(`Cannot generate ${path}: ${why}.`);
  };
  for (const keyword of Object.keys(node)) {
    if (!keywords.has(keyword)) refuse(`"${keyword}" has no place in a structural schema`);
  }
  if (node['x-kubernetes-int-or-string'] === true) return;
  switch (node.type) {
    case 'string':
      if (node.enum === undefined && node.maxLength === undefined) refuse('a string needs a greatest length');
      return;
    case 'array':
      if (node.maxItems === undefined) refuse('a list needs a greatest length');
      if (node['x-kubernetes-list-type'] === undefined) refuse('a list needs its x-kubernetes-list-type');
      if (node.items === undefined) refuse('a list needs a schema of its items');
      return;
    case 'object':
      // Whoever compares what was applied with what is there would see it as a difference.
      if (node['x-kubernetes-map-type'] === 'atomic' && hasDefaults(node))
        refuse('what is one value has no defaults in it');
      if (node.additionalProperties !== undefined && node.maxProperties === undefined) {
        refuse('a map needs a greatest number of entries');
      }
      if (node.properties === undefined && node.additionalProperties === undefined) refuse('an object needs fields');
      return;
    case 'integer':
    case 'boolean':
      return;
    default:
      refuse(`type ${JSON.stringify(node.type)} has no place in a structural schema`);
  }
}

function hasDefaults({ properties = {}, items }: SchemaNode): boolean {
  const within = [...Object.values(properties), ...(items === undefined ? [] : [items])];
  return within.some((child) => child.default !== undefined || hasDefaults(child));
}

/** The structural schema of a spec or a status. */
export function structuralSchema(schema: z.ZodType, path: string): SchemaNode {
  return structural(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }), path);
}

function columns(own: readonly PrinterColumn[]): PrinterColumn[] {
  const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;
  return [
    { name: 'Ready', type: 'string', jsonPath: ready('status') },
    { name: 'Reason', type: 'string', jsonPath: ready('reason') },
    ...own,
    { name: 'Message', type: 'string', jsonPath: ready('message'), priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ];
}

/** The CustomResourceDefinition of a kind. */
export function customResourceDefinition(kind: KindDefinition) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ['cephopenstack'],
      },
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns(kind.columns),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string', description: `${kind.group}/${kind.version}` },
                kind: { type: 'string', description: kind.kind },
                metadata: { type: 'object' },
                spec: { description: 'What is wanted.', ...structuralSchema(kind.spec, `${kind.kind}.spec`) },
                status: {
                  description: 'What was seen.',
                  // An object that nobody has looked at yet would count as done: kstatus takes no generation for the right one.
                  default: { observedGeneration: -1 },
                  ...structuralSchema(kind.status, `${kind.kind}.status`),
                },
              },
              ...(kind.rules.length > 0 ? { 'x-kubernetes-validations': kind.rules } : {}),
            },
          },
        },
      ],
    },
  };
}
