import { z } from 'zod';
import { isInCidr, parseCidr } from './address.ts';
import { type Role, roles } from './ceph-openstack-host.ts';
import { matchesGlob } from './glob.ts';
import { globPattern, patternOf, restsAfter } from './glob-pattern.ts';
import { plainWordsOfSecret } from './plain-words.ts';
import { firstIssue } from './resource.ts';

/*
 * The administrator's word against that of CR authors: the `policy` key of a connection or SSH Secret.
 * Whatever the document leaves out has the strict answer, but for pools, hosts' addresses and roles, where that is everything.
 */

const globs = z.array(z.string().min(1).max(256)).max(256);

/** Names in Ceph have no other sign, so that a glob with one would match nothing. It may be a secret in a wrong place, and is not repeated. */
const cephGlobs = z
  .array(
    z
      .string()
      .max(256)
      .regex(globPattern, "must be letters, digits, '_', '.' and '-', with '*' for any run of them and '?' for one"),
  )
  .max(256);

const extraConfigOptions = z.record(z.string(), z.record(z.string(), globs));

/** What may be set in ceph.conf without a word of the policy: it neither loads code nor names files or identities. */
const harmlessCephOptions = [
  'client_mount_timeout',
  'ms_client_mode',
  'ms_mon_client_mode',
  'rados_mon_op_timeout',
  'rados_osd_op_timeout',
  'rbd_cache*',
  'rbd_concurrent_management_ops',
  'rbd_default_data_pool',
  'rbd_default_features',
  'rbd_default_order',
  'rbd_default_stripe_count',
  'rbd_default_stripe_unit',
  'rbd_op_threads',
  'rbd_qos_*',
  'rbd_read_from_replica_policy',
  'rbd_readahead_*',
  'rbd_skip_partial_discard',
];

const document = z.strictObject({
  entities: cephGlobs
    .superRefine((entities, context) => {
      for (const [index, glob] of entities.entries()) {
        const message = entityGlobFault(glob);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [index], message });
      }
    })
    .default(['client.glance*', 'client.cinder*', 'client.nova*']),
  pools: cephGlobs.default(['*']),
  hostAddresses: globs
    .superRefine((addresses, context) => {
      for (const address of addresses) {
        if (!address.includes('/') || parseCidr(address) !== undefined) continue;
        context.addIssue({ code: 'custom', message: `${JSON.stringify(address)} is not an address range` });
      }
    })
    .default(['*']),
  roles: z.array(z.enum(roles)).default([...roles]),
  rawCaps: z.boolean().default(false),
  takeOver: z.boolean().default(false),
  delete: z.boolean().default(false),
  extraConfig: extraConfigOptions.default({
    'ceph.conf': { client: harmlessCephOptions, global: harmlessCephOptions },
  }),
});

export interface Policy {
  /** The Secret that it stands in, for sentences. Left out: it was given as a document. */
  readonly secretName?: string;
  /** Globs over whole entities: `client.cinder*`. `*` stands for any run of characters, `?` for one. */
  readonly entities: readonly string[];
  /** Globs over pools' names in Ceph. */
  readonly pools: readonly string[];
  /** CIDR ranges, and globs over addresses and names. */
  readonly hostAddresses: readonly string[];
  readonly roles: readonly Role[];
  /** Whether a CR may write caps to the letter. */
  readonly rawCaps: boolean;
  /** Whether `adoption: TakeOver` may be used. */
  readonly takeOver: boolean;
  /** Whether `deletionPolicy: Delete` may remove a pool. */
  readonly delete: boolean;
  /** Globs over options, by file (`nova.conf`, `ceph.conf` …) and section. */
  readonly extraConfig: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/**
 * Reads a policy document (already taken out of its YAML) of a Secret. None, or an empty one, is the strict default.
 * @throws {Error} one sentence that names the key.
 */
export function parsePolicy(value: unknown, secretName?: string): Policy {
  const parsed = document.safeParse(value ?? {}, { error: plainWordsOfSecret });
  if (!parsed.success) throw new Error(`policy: ${firstIssue(parsed.error)}`);
  return { ...parsed.data, ...(secretName === undefined ? {} : { secretName }) };
}

const matchesAny = (patterns: readonly string[], text: string) => patterns.some((glob) => matchesGlob(glob, text));
const listed = (values: readonly string[]) => (values.length === 0 ? 'none' : [...values].sort().join(', '));

/** Entities that no policy gives away: they administer the cluster, are its daemons, or let daemons in. */
const alwaysRefused = [
  'client.admin',
  'client.bootstrap-*',
  'client.ceph-exporter*',
  'client.crash*',
  'client.iscsi*',
  'client.nfs*',
  'client.rbd-mirror*',
  'client.rgw*',
];

/** Whether an entity is out of bounds for every CR, whatever the policy says. `ownEntity` is whom the operator logs in as. */
export function isReservedEntity(entity: string, ownEntity: string): boolean {
  return !entity.startsWith('client.') || entity === ownEntity || matchesAny(alwaysRefused, entity);
}

/** What is wrong with a glob of `entities`, undefined when nothing. */
function entityGlobFault(glob: string): string | undefined {
  if ((glob.match(/\*/g)?.length ?? 0) > 2) return "must have at most two '*'";
  return entityPatterns([glob]).length > 0
    ? undefined
    : 'means users that are reserved for the cluster and its operators, or no clients: leave it out';
}

/** POSIX patterns of the entities that match the globs and are not reserved, for caps that grant no more than a CR may have. */
export function entityPatterns(globs: readonly string[]): readonly string[] {
  const reserved = alwaysRefused.map((entity) => entity.replace(/^client\./, ''));
  return globs
    .flatMap((glob) => restsAfter(glob, 'client.'))
    .flatMap((rest) => patternOf(rest, reserved) ?? [])
    .map((pattern) => `client[.]${pattern}`);
}

/** A refusal: what is asked for, and what could be done in the policy to have it. */
function refused({ secretName }: Policy, what: string, way: string): string {
  return secretName === undefined
    ? `The policy does not allow ${what}: ${way}.`
    : `The policy in the Secret "${secretName}" does not allow ${what}: ${way}; whoever may write that Secret can change it.`;
}

/*
 * Each of these gives the sentence of a refusal, or undefined when the policy allows it.
 */

export function entityRefusal(policy: Policy, entity: string, ownEntity: string): string | undefined {
  if (isReservedEntity(entity, ownEntity)) {
    return `The user "${entity}" is reserved for the cluster and its operators: choose another clientName.`;
  }
  if (matchesAny(policy.entities, entity)) return undefined;
  return refused(policy, `the user "${entity}"`, `it allows ${listed(policy.entities)}`);
}

export function poolRefusal(policy: Policy, pool: string): string | undefined {
  if (matchesAny(policy.pools, pool)) return undefined;
  return refused(policy, `the pool "${pool}"`, `it allows ${listed(policy.pools)}`);
}

export function rawCapsRefusal(policy: Policy): string | undefined {
  return policy.rawCaps ? undefined : refused(policy, 'raw caps', 'use access, or have rawCaps: true there');
}

export function takeOverRefusal(policy: Policy): string | undefined {
  return policy.takeOver ? undefined : refused(policy, 'adoption TakeOver', 'have takeOver: true there');
}

export function poolDeletionRefusal(policy: Policy): string | undefined {
  return policy.delete
    ? undefined
    : refused(policy, 'to delete pools', 'set deletionPolicy: Retain here, or have delete: true there');
}

export function hostRefusal(policy: Policy, address: string, hostRoles: readonly Role[]): string | undefined {
  const allowed = policy.hostAddresses.some((pattern) =>
    pattern.includes('/') ? isInCidr(address, pattern) : matchesGlob(pattern.toLowerCase(), address.toLowerCase()),
  );
  if (!allowed) {
    return refused(policy, `the host address "${address}"`, `it allows ${listed(policy.hostAddresses)}`);
  }
  const forbidden = hostRoles.filter((role) => !policy.roles.includes(role));
  if (forbidden.length === 0) return undefined;
  return refused(policy, `the role ${listed(forbidden)}`, `it allows ${listed(policy.roles)}`);
}

/** `file` is the last part of its name: `nova.conf`, `ceph.conf`. Blanks in an option's name count as `_`. */
export function optionRefusal(policy: Policy, file: string, section: string, option: string): string | undefined {
  const sections = Object.hasOwn(policy.extraConfig, file) ? policy.extraConfig[file] : undefined;
  const allowed = sections !== undefined && Object.hasOwn(sections, section) ? (sections[section] ?? []) : [];
  if (matchesAny(allowed, option.replaceAll(' ', '_'))) return undefined;
  return refused(policy, `the option "${option}" in [${section}] of ${file}`, `it allows ${listed(allowed)}`);
}
