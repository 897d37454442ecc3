import { z } from 'zod';
import {
  capText,
  clientName,
  cluster,
  commonStatus,
  inherited,
  namedAfterMetadata,
  notBoth,
  poolName,
  rbdNamespace,
  reference,
  timestamp,
  withRules,
} from './fields.ts';
import { defineKind, parseResource, type Resource, type SpecInputOf, type SpecOf, type StatusOf } from './resource.ts';

const grant = withRules(
  z.object({
    poolRef: reference('An RbdPool in this namespace.').exactOptional(),
    pool: poolName.exactOptional().describe('A pool by its name in Ceph, whether or not an RbdPool keeps it.'),
    mode: z.enum(['ReadWrite', 'ReadOnly']).describe('What the user may do there.'),
    namespace: rbdNamespace.exactOptional().describe('Only this RBD namespace of the pool.'),
  }),
  {
    rule: 'has(self.poolRef) != has(self.pool)',
    message: 'say which pool by exactly one of poolRef and pool',
  },
);

const caps = withRules(
  z.object({
    mon: capText.exactOptional().describe('The cap for monitors.'),
    osd: capText.exactOptional().describe('The cap for OSDs.'),
    mgr: capText.exactOptional().describe('The cap for managers.'),
  }),
  {
    rule: 'has(self.mon) || has(self.osd) || has(self.mgr)',
    message: 'caps must hold at least one of mon, osd and mgr',
  },
);

/** What a user is like, without where it is and how it is handled: the same fields in a CephClientAuth and in a binding. */
export const clientFields = {
  clientName: clientName
    .exactOptional()
    .describe("The user in Ceph, without 'client.'. Default: metadata.name. Immutable."),
  access: z
    .array(grant)
    .min(1)
    .max(64)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe('The pools that the user may use; its caps follow from this.'),
  capsStyle: z
    .enum(['Profile', 'Legacy'])
    .exactOptional()
    .describe(
      'How access is put as caps. Profile (the default): the rbd profiles. Legacy: spelled out, as before profiles existed.',
    ),
  caps: caps.exactOptional().describe('Caps to the letter, instead of access; the policy must allow raw caps.'),
  keyType: z
    .enum(['Aes', 'Aes256k'])
    .exactOptional()
    .describe('The type of a new key. Left out: what the cluster makes. Never changed in place.'),
  secret: reference('The Secret that is kept with the key. Default: <metadata.name>-ceph-client.').exactOptional(),
};

export const clientRules = [
  notBoth('access', 'caps'),
  {
    rule: '!has(oldSelf.keyType) || (has(self.keyType) && self.keyType == oldSelf.keyType)',
    message: 'keyType is never changed in place: make another user with the other type',
    reason: 'FieldValueForbidden',
  },
] as const;

const spec = withRules(z.object({ cluster, ...clientFields, ...inherited }), ...clientRules, {
  rule: 'has(self.access) || has(self.caps)',
  message: 'write access (pools and modes), or caps',
});

const status = z.object({
  ...commonStatus,
  entity: z.string().max(256).exactOptional().describe('The user in Ceph, such as client.cinder.'),
  caps: z
    .record(z.string(), z.string().max(65_536))
    .meta({ maxProperties: 8 })
    .exactOptional()
    .describe('The exact caps in force, by daemon type.'),
  keyType: z.string().max(32).exactOptional().describe('The type of the key: Aes or Aes256k.'),
  keyCreated: timestamp.exactOptional().describe('When the key was made, as it says itself.'),
  keyFingerprint: z.string().max(64).exactOptional().describe('Tells two keys apart; no use to log in with.'),
  openSessions: z
    .int()
    .min(0)
    .exactOptional()
    .describe('Sessions that are open with this user, while it is being deleted.'),
  secretName: z.string().max(253).exactOptional().describe('The Secret that holds the key.'),
  keptRights: z
    .array(
      z.object({
        pool: z.string().max(256).describe("The pool's name in Ceph."),
        unusedSince: timestamp.exactOptional().describe('Since when no host tells of a use. Left out: it is used.'),
      }),
    )
    .max(1024)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe(
      'Pools that are not declared for it any more, or not with all the rights that it has, and that hosts may still use as it.',
    ),
  foretold: z
    .object({
      fsid: z.string().max(64).describe("The cluster's."),
      monHost: z.string().max(65_536).describe('Where its monitors answer.'),
      keyFingerprint: z
        .string()
        .max(64)
        .exactOptional()
        .describe('Of the key that the user has in Ceph. Left out: the key is not created yet.'),
    })
    .exactOptional()
    .describe('In mode Plan: what the Secret would say, where it does not. Hosts are planned with it.'),
});

export type CephClientAuthSpec = SpecOf<typeof spec>;
export type CephClientAuthSpecInput = SpecInputOf<typeof spec>;
export type CephClientAuthStatus = StatusOf<typeof status>;
export interface CephClientAuth extends Resource {
  readonly spec: CephClientAuthSpec;
  readonly status?: CephClientAuthStatus;
}

export const cephClientAuthKind = defineKind({
  kind: 'CephClientAuth',
  plural: 'cephclientauths',
  shortNames: ['cephclient'],
  description: 'A cephx user in a Ceph cluster, and the Secret with its key.',
  spec,
  status,
  rules: [
    ...namedAfterMetadata('clientName', 'CephClientAuth'),
    {
      rule: 'has(self.spec.secret) || self.metadata.name.size() <= 241',
      message: 'metadata.name is too long to name a Secret after it: set spec.secret.name',
    },
  ],
  columns: [
    { name: 'Entity', type: 'string', jsonPath: '.status.entity' },
    { name: 'Secret', type: 'string', jsonPath: '.status.secretName' },
  ],
});

/** @throws {InvalidObject} in one sentence. */
export function parseCephClientAuth(object: unknown): CephClientAuth {
  return parseResource<CephClientAuth>(cephClientAuthKind, object);
}

/** What its name in Ceph follows from. */
interface Named {
  readonly metadata: { readonly name: string };
  readonly spec: Pick<CephClientAuthSpecInput, 'clientName'>;
}

/** The user's name in Ceph without `client.`. */
export function clientNameOf(client: Named): string {
  return client.spec.clientName ?? client.metadata.name;
}

/** The user in Ceph: `client.cinder`. */
export function entityOf(client: Named): string {
  return `client.${clientNameOf(client)}`;
}

/** The name of the Secret that holds the user's key. */
export function clientSecretNameOf(client: Pick<CephClientAuth, 'metadata' | 'spec'>): string {
  return client.spec.secret?.name ?? `${client.metadata.name}-ceph-client`;
}
