import { z } from 'zod';
import type { ConditionType, Reason } from './conditions.ts';
import { plainWords } from './plain-words.ts';

export const group = 'cephopenstack.io';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** A condition as status holds it. `lastTransitionTime` (RFC 3339) moves only when `status` changes; the loop sets it. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** What every status of ours has in common. */
export interface CommonStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly plan?: readonly string[];
}

/** What every kind of ours has in common; `spec` and `status` are narrowed by each kind's schema. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: { readonly mode?: 'Enforce' | 'Plan' };
  readonly status?: CommonStatus;
}

/** Where a kind is found in the API. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
}

/** A CEL rule on the value it is attached to, as `x-kubernetes-validations` holds it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
}

/** A column of `kubectl get`; `priority` 1 shows with `-o wide` only. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly priority?: 1;
}

/** A kind with all that its CustomResourceDefinition says. */
export interface KindDefinition extends Kind {
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Rules that need both metadata and spec. */
  readonly rules: readonly Rule[];
  /** The kind's own columns, between Reason and Message. */
  readonly columns: readonly PrinterColumn[];
}

/** A kind of this project's group. */
export function defineKind(own: Omit<KindDefinition, 'group' | 'version' | 'singular'>): KindDefinition {
  return { group, version, singular: own.kind.toLowerCase(), ...own };
}

export type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A spec as it is read: defaults filled in. */
export type SpecOf<S extends z.ZodType> = DeepReadonly<z.output<S>>;
/** A spec as it may be written: whatever has a default may be left out. */
export type SpecInputOf<S extends z.ZodType> = DeepReadonly<z.input<S>>;
/** A kind's own status fields, and those common to all. */
export type StatusOf<S extends z.ZodType> = Omit<DeepReadonly<z.output<S>>, keyof CommonStatus> & CommonStatus;

/** An object that does not fit its kind's schema. The message is one sentence that names object and field. */
export class InvalidObject extends Error {
  override readonly name = 'InvalidObject';
}

/** The first thing that a schema minds, as `spec.quota.maxBytes: must be …`. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'is invalid' : issueSentence(issue);
}

/** The first things that a schema minds, as one sentence without full stop. */
function firstIssues({ issues }: z.ZodError): string {
  const more = issues.length - shownIssues;
  return [...issues.slice(0, shownIssues).map(issueSentence), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

const shownIssues = 8;

/** One thing that a schema minds, with the path of the field. */
export function issueSentence(issue: z.core.$ZodIssue): string {
  // Of a name in a map, what its own schema minds says more.
  const message = (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;
  const path = fieldPath(issue.path);
  return path === '' ? message : `${path}: ${message}`;
}

/** `spec.hosts[0].roles` */
export function fieldPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${pathName(part)}`));
  return parts.join('').replace(/^\./, '');
}

/** A name in a map may be anything that its author wrote: in a sentence it is one short line. */
function pathName(part: PropertyKey): string {
  const name = String(part);
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return /^[\w.-]*$/.test(name) ? short : JSON.stringify(short).replace(/\p{Cc}/gu, ' ');
}

const anyObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
});

/**
 * Reads an object of one kind as the API server gave it: defaults filled in, unknown fields dropped.
 * A status that does not fit (another version wrote it) counts as none, since it is only ever a report.
 * @throws {InvalidObject} naming the object and the first fields that do not fit.
 */
export function parseResource<R extends Resource>(definition: KindDefinition, object: unknown): R {
  const outer = anyObject.safeParse(object);
  if (!outer.success)
    throw new InvalidObject(`Cannot read an object as ${definition.kind}: ${firstIssue(outer.error)}.`);
  const { metadata, kind } = outer.data;
  const what = `${definition.kind} "${metadata.namespace}/${metadata.name}"`;
  if (kind !== definition.kind || outer.data.apiVersion !== apiVersion) {
    throw new InvalidObject(`Cannot read ${what}: it is a ${outer.data.apiVersion} ${kind}.`);
  }
  const spec = z.object({ spec: definition.spec }).safeParse({ spec: outer.data.spec }, { error: plainWords });
  if (!spec.success) throw new InvalidObject(`${what} is not valid: ${firstIssues(spec.error)}.`);
  const status = definition.status.safeParse(outer.data.status);
  return {
    apiVersion,
    kind,
    metadata,
    spec: spec.data.spec,
    ...(status.success && status.data !== undefined ? { status: status.data } : {}),
  } as unknown as R;
}
