import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Secret } from '../secret.ts';
import type { FormerFile, Manifest, ManifestOption, ManifestOwner, Permissions } from './manifest.ts';

const maxItems = 2_000;
const text = z.string().max(64 * 1024);
const name = z.string().min(1).max(256);
const path = z
  .string()
  .max(1_024)
  .regex(/^\/[^\p{Cc}]+$/u);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const mode = z.string().regex(/^[0-7]{4}$/);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(maxItems);
const byKey = <K extends z.core.$ZodRecordKey, T extends z.ZodType>(key: K, value: T) =>
  z.record(key, value).refine((record) => Object.keys(record).length <= maxItems, 'too many entries');

const permissions = { owner: name, group: name, mode };
const former = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('absent') }),
  z.strictObject({ kind: z.literal('adopted'), permissions: z.strictObject(permissions).optional() }),
  z.strictObject({ kind: z.literal('content'), content: z.string().max(1024 * 1024), ...permissions }),
]);

const since = z.union([
  z.literal('Pending'),
  z.strictObject({ bootID: z.string().max(64), ticks: z.number().int().nonnegative() }),
]);

const before = z.strictObject({ invocation: z.string().max(64), failing: z.boolean() });

const host = z.strictObject({ name, address: name, port: z.int().min(1).max(65_535).exactOptional() });

const schema = z.strictObject({
  version: z.literal(1),
  owner: z.strictObject({ installation: name, namespace: name, name, host: host.exactOptional() }),
  files: byKey(path, z.strictObject({ sha256, former })),
  options: list(
    z.strictObject({
      file: path,
      section: name,
      name,
      written: text.nullable(),
      former: text.nullable(),
      member: text.optional(),
      type: z.enum(['string', 'boolean', 'integer', 'list']),
      sectionMade: z.boolean(),
    }),
  ),
  libvirtSecrets: byKey(z.string().regex(/^[0-9a-f-]{36}$/), z.strictObject({ usageName: name, adopted: z.boolean() })),
  packages: list(name),
  directories: list(path),
  debts: byKey(name, z.strictObject({ digest: name, since, before })),
});

/** The manifest in a file's text, or a clause that says why it is none. The text is what a host answers: it may hold anything. */
export function parseManifest(content: Secret): Manifest | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(content.reveal());
  } catch {
    return { problem: 'it is not JSON' };
  }
  if (isNewer(value)) {
    return { problem: 'a newer version of the operator wrote it' };
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    // The place alone: a value may be a former one, out of a service's file.
    const place = parsed.error.issues[0]?.path.filter((part) => typeof part === 'string' && /^[A-Za-z]+$/.test(part));
    return { problem: `it does not have the form of a manifest${place?.length ? ` (${place.join('.')})` : ''}` };
  }
  const manifest = parsed.data;
  return {
    ...manifest,
    files: mapValues(manifest.files, (file) => ({ ...file, former: readFormer(file.former) })),
    options: manifest.options.map(
      ({ member, ...option }): ManifestOption => ({
        ...option,
        written: toSecret(option.written),
        former: toSecret(option.former),
        ...(member === undefined ? {} : { member }),
      }),
    ),
  };
}

/** The file's text: the same manifest always gives the same bytes, so steps can say what they expect to find. */
export function renderManifest(manifest: Manifest): Secret {
  const plain = {
    version: manifest.version,
    owner: writeOwner(manifest.owner),
    files: mapValues(manifest.files, (file) => ({ sha256: file.sha256, former: writeFormer(file.former) })),
    options: manifest.options
      .map(({ file, section, name, written, former, member, type, sectionMade }) => ({
        file,
        section,
        name,
        written: written?.reveal() ?? null,
        former: former?.reveal() ?? null,
        ...(member === undefined ? {} : { member }),
        // Versions of the operator that a host may be rolled back to refuse a type that they do not know.
        type: type === 'list' ? 'string' : type,
        sectionMade,
      }))
      .sort((a, b) => compare(a.file, b.file) || compare(a.section, b.section) || compare(a.name, b.name)),
    libvirtSecrets: mapValues(manifest.libvirtSecrets, ({ usageName, adopted }) => ({ usageName, adopted })),
    packages: [...manifest.packages].sort(),
    directories: [...manifest.directories].sort(),
    debts: mapValues(manifest.debts, ({ digest, since, before }) => ({
      digest,
      since: typeof since === 'string' ? since : { bootID: since.bootID, ticks: since.ticks },
      before: { invocation: before.invocation, failing: before.failing },
    })),
  };
  return new Secret(`${JSON.stringify(plain)}\n`);
}

function writeOwner({ installation, namespace, name, host }: ManifestOwner): ManifestOwner {
  const owner = { installation, namespace, name };
  if (host === undefined) return owner;
  const { address, port } = host;
  return { ...owner, host: { name: host.name, address, ...(port === undefined ? {} : { port }) } };
}

/** SHA-256 of the file that `write-manifest` makes of it; for the `expected` of the next. */
export function manifestHash(manifest: Manifest): string {
  return createHash('sha256').update(renderManifest(manifest).reveal(), 'utf8').digest('hex');
}

function isNewer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'version' in value && Number(value.version) > 1;
}

function toSecret(value: string | null): Secret | null {
  return value === null ? null : new Secret(value);
}

function readFormer(file: z.infer<typeof former>): FormerFile {
  if (file.kind === 'content') return { ...file, content: new Secret(file.content) };
  if (file.kind === 'absent' || file.permissions === undefined) return { kind: file.kind };
  return { kind: file.kind, permissions: file.permissions };
}

function writeFormer(file: FormerFile): z.infer<typeof former> {
  if (file.kind === 'absent') return { kind: 'absent' };
  if (file.kind === 'content') {
    return { kind: 'content', content: file.content.reveal(), ...writePermissions(file) };
  }
  const { permissions: known } = file;
  return { kind: 'adopted', ...(known === undefined ? {} : { permissions: writePermissions(known) }) };
}

/** In one order of keys, wherever they come from. */
function writePermissions({ owner, group, mode }: Permissions): Permissions {
  return { owner, group, mode };
}

/** With sorted keys. */
function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  const entries = Object.entries(record).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value)]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
