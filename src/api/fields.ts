import { z } from 'zod';
import type { Rule } from './resource.ts';

/*
 * The pieces that the kinds share. A pattern has a sentence: the API server says the sentence (a CEL rule),
 * the parser says the same one, and no user has to read a regular expression.
 */

/**
 * Attaches further CEL rules, which the generator carries into the CustomResourceDefinition. The parser does not know
 * them: an object that was let in before there was the rule stays readable, and can be deleted.
 */
export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly Rule[]): S {
  const before = schema.meta()?.['x-kubernetes-validations'];
  return schema.meta({ 'x-kubernetes-validations': [...(Array.isArray(before) ? before : []), ...rules] });
}

/** A CEL string literal. */
function celString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A string of one form; `sentence` says the form: `must be …`. */
export function text(form: { pattern: RegExp; maxLength: number; sentence: string }) {
  const rule = `self.matches(${celString(form.pattern.source)})`;
  return withRules(z.string().max(form.maxLength).regex(form.pattern, form.sentence), {
    rule,
    message: form.sentence,
  });
}

const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** A name of a Kubernetes object: DNS-1123 subdomain. */
export const objectName = text({
  pattern: new RegExp(`^${dnsLabel}([.]${dnsLabel})*$`),
  maxLength: 253,
  sentence: "must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.'",
});

/** A short name that becomes part of a Kubernetes object's name: DNS-1123 label. */
export const shortName = text({
  pattern: new RegExp(`^${dnsLabel}$`),
  maxLength: 63,
  sentence: "must be lower-case letters, digits and '-', starting and ending with a letter or digit",
});

/** A name in Ceph. Ceph itself would take a blank or a slash, and nobody could use the thing afterwards. */
function cephName(what: string, maxLength = 128) {
  return text({
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
    maxLength,
    sentence: `must be ${what}: letters, digits, '_', '.' and '-', not starting with '.' or '-'`,
  });
}

export const poolName = cephName('a pool name');
/** An RBD namespace within a pool. */
export const rbdNamespace = cephName('an RBD namespace', 64);
/** A cephx user without its `client.`. */
export const clientName = withRules(cephName("a Ceph user without 'client.'"), {
  rule: "!self.startsWith('client.')",
  message: "must be a Ceph user without 'client.': write cinder for client.cinder",
});
/** The name of a thing in the CRUSH map. */
export const crushName = cephName('a CRUSH name');

/** Text without control characters, which nothing of ours may write to a file or send to Ceph. It may be empty. */
export function line(maxLength: number) {
  return text({
    pattern: /^\P{Cc}*$/u,
    maxLength,
    sentence: 'must be one line without control characters',
  });
}

/** A cap to the letter. */
export const capText = text({
  pattern: /^\P{Cc}+$/u,
  maxLength: 4096,
  sentence: 'must be one line without control characters, and not empty',
});

export const uuid = text({
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  maxLength: 36,
  sentence: 'must be a UUID in lower case, like 457eb676-33da-42ec-9a8c-9293d545c337',
});

const byte = '(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])';

/** Where a host answers: an IPv4 or IPv6 address or a DNS name. */
export const hostAddress = withRules(
  text({
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/,
    maxLength: 253,
    sentence:
      'must be an IPv4 address, an IPv6 address without brackets or zone, or a DNS name; a port is written in port',
  }),
  {
    rule: "!self.matches('^[0-9A-Fa-f.]*:[0-9A-Fa-f.]*$')",
    message: 'must be an address without a port: write the port in port',
  },
  {
    // No top-level domain is a number, and resolvers differ about what they take 10.0.0.311 for.
    rule: `!self.matches('(^|[.])[0-9]+$') || self.contains(':') || self.matches('^(${byte}[.]){3}${byte}$')`,
    message: 'must be four numbers from 0 to 255, such as 10.0.0.11, where its last part is a number',
  },
);

export const hostKeyFingerprint = text({
  pattern: /^SHA256:[A-Za-z0-9+/]{43}$/,
  maxLength: 50,
  sentence: 'must be a host key fingerprint as ssh-keygen -l prints it: SHA256: and 43 characters',
});

export const port = z.int().min(1).max(65535);

export const cluster = withRules(
  z
    .object({ secretName: objectName.describe('The connection Secret in this namespace.') })
    .describe('The Ceph cluster, by the Secret that tells how to reach it. Immutable.'),
  {
    rule: 'self == oldSelf',
    message: 'cluster is immutable: another cluster is another object',
    reason: 'FieldValueForbidden',
  },
);

export const adoption = z
  .enum(['Never', 'IfUnowned', 'TakeOver'])
  .default('Never')
  .describe(
    'What to do with a thing that exists and is not marked as ours. Never: refuse. IfUnowned: adopt when nobody has marked it. TakeOver: adopt even from another owner; the policy must allow it.',
  );

export const deletionPolicy = z
  .enum(['Retain', 'Delete'])
  .default('Retain')
  .describe('What deleting this object does in the world. Retain: nothing. Delete: remove it, once nothing needs it.');

export const mode = z
  .enum(['Enforce', 'Plan'])
  .default('Enforce')
  .describe('Enforce: make it so. Plan: change nothing, and list in status.plan what would be done.');

export const timestamp = z.string().max(64).meta({ format: 'date-time' });

const condition = z.object({
  type: z.string().max(64).describe('What the condition is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().max(64).describe('One word for why; docs/operations.md explains each.'),
  message: z.string().max(32_768).describe('One sentence for people.'),
  observedGeneration: z.int().min(0).exactOptional().describe('The generation that was judged.'),
  lastTransitionTime: timestamp.exactOptional().describe('When status last changed.'),
});

/** The status fields that every kind has. */
export const commonStatus = {
  observedGeneration: z
    .int()
    .min(-1)
    .exactOptional()
    .describe('The generation that this status speaks of; -1 until the operator has looked.'),
  conditions: z
    .array(condition)
    .max(16)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .exactOptional()
    .describe('Ready, and Reconciling or Stalled while something is not as it should be.'),
  plan: z
    .array(z.string().max(4096))
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe('In mode Plan: every step that would be taken, in order.'),
};

/** The fields of an object's spec that a binding hands down to its children. */
export const inherited = { adoption, deletionPolicy, mode };

/** A list whose items are told apart by one of their fields. */
export function listMap<S extends z.ZodType>(item: S, key: string, maxItems: number) {
  return z
    .array(item)
    .max(maxItems)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
}

/** A list in which nothing stands twice. */
export function listSet<S extends z.ZodType>(item: S, maxItems: number) {
  return z.array(item).max(maxItems).meta({ 'x-kubernetes-list-type': 'set' });
}

/** `{name: …}` of an object in the same namespace. */
export function reference(description: string) {
  return z.object({ name: objectName.describe('Its name.') }).describe(description);
}

/** Rules, on the whole object, for a field that is named after `metadata.name` where it is left out. */
export function namedAfterMetadata(field: string, kind: string): Rule[] {
  const effective = (object: string) =>
    `(has(${object}.spec.${field}) ? ${object}.spec.${field} : ${object}.metadata.name)`;
  return [
    {
      rule: `${effective('self')} == ${effective('oldSelf')}`,
      message: `spec.${field} is immutable: another one is another ${kind}`,
      reason: 'FieldValueForbidden',
    },
    {
      rule: `has(self.spec.${field}) || self.metadata.name.size() <= 128`,
      message: `metadata.name is longer than the 128 characters of a name in Ceph: set spec.${field}`,
    },
  ];
}

/** At most one of two fields. */
export function notBoth(one: string, other: string): Rule {
  return {
    rule: `!(has(self.${one}) && has(self.${other}))`,
    message: `${one} and ${other} exclude each other: write one of them`,
  };
}

/** A field that stays as it was when the object was made, be it there or not. */
export function immutable(field: string): Rule {
  return {
    rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
    message: `${field} is immutable`,
    reason: 'FieldValueForbidden',
  };
}
