import { isDeepStrictEqual } from 'node:util';
import { type SchemaNode, structuralSchema } from './generate-crd.ts';
import type { KindDefinition } from './resource.ts';
import { connectionSecretKeys, openStackSecretKeys, type SecretKey, sshSecretKeys } from './secret-keys.ts';

/** Every field of a schema with its path, parents first. */
export function* fields(
  node: SchemaNode,
  path: string,
): Generator<{ path: string; node: SchemaNode; required: boolean }> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const childPath = path === '' ? name : `${path}.${name}`;
    yield { path: childPath, node: child, required: node.required?.includes(name) ?? false };
    yield* fields(child, childPath);
  }
  if (node.items !== undefined) yield* fields(node.items, `${path}[]`);
  if (node.additionalProperties !== undefined) yield* fields(node.additionalProperties, `${path}.*`);
}

function typeOf(node: SchemaNode): string {
  if (node['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.items !== undefined) return `list of ${typeOf(node.items)}`;
  if (node.additionalProperties !== undefined) return `map of ${typeOf(node.additionalProperties)}`;
  return node.type ?? '';
}

function defaultOf(node: SchemaNode, required: boolean): string {
  if (node.default !== undefined) return `\`${JSON.stringify(node.default)}\``;
  return required ? '*required*' : '';
}

/** Everything a field's rules say, its own and those of a list's items. */
function sentences(node: SchemaNode): string[] {
  const own = (node['x-kubernetes-validations'] ?? []).map((rule) => rule.message);
  return [...own, ...(node.items === undefined ? [] : sentences(node.items))];
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');

/** A spec that another one may hold as a part: a pool within a binding. */
interface Whole {
  readonly kind: string;
  readonly spec: SchemaNode;
}

/** So few fields may be the same by chance. */
const fewest = 4;

function wholeOf(part: SchemaNode, wholes: readonly Whole[]): Whole | undefined {
  const names = Object.keys(part.properties ?? {});
  if (names.length < fewest) return undefined;
  return wholes.find(({ spec }) =>
    names.every(
      (name) => spec.properties?.[name] !== undefined && part.properties?.[name]?.type === spec.properties[name].type,
    ),
  );
}

/** The schema without the fields that stand word for word in the chapter of another kind, and a word of where. */
function folded(node: SchemaNode, wholes: readonly Whole[]): SchemaNode {
  const whole = wholeOf(node, wholes);
  const isTold = (name: string, child: SchemaNode) => isDeepStrictEqual(child, whole?.spec.properties?.[name]);
  const own = Object.entries(node.properties ?? {}).filter(([name, child]) => !isTold(name, child));
  const told = `${own.length > 0 ? 'Further fields' : 'Its fields'} as in the spec of [${whole?.kind}](#${whole?.kind.toLowerCase()}).`;
  return {
    ...node,
    ...(whole === undefined ? {} : { description: `${node.description} ${told}`, 'x-kubernetes-validations': [] }),
    ...(node.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            own.map(([name, child]) => [
              name,
              whole?.spec.properties?.[name] === undefined ? folded(child, wholes) : withoutFields(child),
            ]),
          ),
        }),
    ...(node.items === undefined ? {} : { items: folded(node.items, wholes) }),
  };
}

/** What stands in it is told in the other chapter. */
function withoutFields({ properties: _, ...node }: SchemaNode): SchemaNode {
  return node.items === undefined ? node : { ...node, items: withoutFields(node.items) };
}

function table(schema: SchemaNode): string {
  const rows = [...fields(schema, '')].map(({ path, node, required }) => {
    const says = [node.description ?? '', ...sentences(node).map((sentence) => `*Rule:* ${sentence}.`)];
    return `| \`${path}\` | ${cell(typeOf(node))} | ${defaultOf(node, required)} | ${says.map(cell).join('<br>')} |`;
  });
  return ['| field | type | default | what it says |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function chapter(kind: KindDefinition, kinds: readonly KindDefinition[]): string {
  const spec = structuralSchema(kind.spec, `${kind.kind}.spec`);
  const wholes = kinds
    .filter((other) => other !== kind)
    .map((other) => ({ kind: other.kind, spec: structuralSchema(other.spec, `${other.kind}.spec`) }));
  const rules = [...(spec['x-kubernetes-validations'] ?? []), ...kind.rules].map((rule) => `- ${rule.message}`);
  return [
    `## ${kind.kind}`,
    `${kind.description} Short name: \`${kind.shortNames.join('`, `')}\`.`,
    '### spec',
    table(folded(spec, wholes)),
    ...(rules.length > 0 ? [`Rules over several fields:\n\n${rules.join('\n')}`] : []),
    '### status',
    table(structuralSchema(kind.status, `${kind.kind}.status`)),
  ].join('\n\n');
}

function secrets(): string {
  const keys = (list: readonly SecretKey[]) => {
    const rows = list.map(({ key, needed, says }) => `| \`${key}\` | ${needed} | ${cell(says)} |`);
    return ['| key | needed | what it says |', '| --- | --- | --- |', ...rows].join('\n');
  };
  return [
    '## Secrets',
    'Three Secrets are written by people, in the namespace of the objects that name them; of another key in them nothing is read. A fourth kind is kept by each CephClientAuth.',
    '### The connection Secret (`spec.cluster`)',
    keys(connectionSecretKeys),
    '### The SSH Secret (`spec.ssh`)',
    keys(sshSecretKeys),
    '### The OpenStack Secret (`spec.verification.openStack`)',
    keys(openStackSecretKeys),
    '### The Secret of a CephClientAuth (`status.secretName`)',
    'Written by the operator: `userID` (without `client.`), `userKey`, `keyring`, `monHost`, `fsid` and a `ceph.conf` of the last two.',
  ].join('\n\n');
}

/** By GitHub's rule for the anchors of titles. */
function contents(chapters: readonly string[]): string {
  const titles = chapters.flatMap((text) => [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title));
  return titles.map((title) => `- [${title}](#${title.toLowerCase()})`).join('\n');
}

/** docs/reference/api.md: every field of every kind, and every key of the Secrets. */
export function renderReference(kinds: readonly KindDefinition[]): string {
  const [first] = kinds;
  const chapters = [...kinds.map((kind) => chapter(kind, kinds)), secrets()];
  const head = [
    '# API reference',
    '<!-- Generated by `make generate` from the schemas in src/api; do not edit. -->',
    `Group \`${first?.group}\`, version \`${first?.version}\`; \`kubectl get cephopenstack\` lists all kinds. A field that is left out and has no default is not managed: never set, never reset.`,
  ];
  return `${[...head, contents(chapters), ...chapters].join('\n\n')}\n`;
}
