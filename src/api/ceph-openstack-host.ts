import { z } from 'zod';
import {
  adoption,
  commonStatus,
  hostAddress,
  hostKeyFingerprint,
  listMap,
  listSet,
  mode,
  objectName,
  port,
  reference,
  withRules,
} from './fields.ts';
import { defineKind, parseResource, type Resource, type SpecInputOf, type SpecOf, type StatusOf } from './resource.ts';

/** What a host does for OpenStack. */
export const roles = ['GlanceApi', 'CinderVolume', 'CinderBackup', 'NovaCompute'] as const;
export type Role = (typeof roles)[number];

/** The fields of one host, as a binding lists them. */
export const hostFields = {
  address: hostAddress.describe('Where it answers: an address or a DNS name.'),
  port: port.exactOptional().describe('The SSH port. Default: the one in the SSH Secret, else 22.'),
  hostKeyFingerprint: hostKeyFingerprint
    .exactOptional()
    .describe('The host key, instead of a line in known_hosts: SHA256:…'),
  roles: listSet(z.enum(roles), roles.length).min(1).describe('What it does for OpenStack.'),
};

/** How every host of a binding is handled. */
export const handlingFields = {
  packages: z
    .enum(['Install', 'VerifyOnly'])
    .default('Install')
    .describe('Install: bring packages that are missing, never upgrade. VerifyOnly: say which are missing.'),
  restart: z
    .enum(['Auto', 'Never'])
    .default('Auto')
    .describe('Auto: restart a service whose configuration changed. Never: say that it needs one.'),
  hostRemoval: z
    .enum(['Retain', 'Clean'])
    .default('Retain')
    .describe('What happens to a host that is taken off. Retain: nothing. Clean: give back what was there before.'),
};

export const sshField = z
  .object({
    secretName: objectName.describe(
      'The Secret with ssh-privatekey, known_hosts, and optionally user, port, jump, policy.',
    ),
  })
  .describe('How hosts are reached.');

const immutable = (field: string) =>
  ({
    rule: 'self == oldSelf',
    message: `${field} is immutable`,
    reason: 'FieldValueForbidden',
  }) as const;

const revisionName = objectName;

const spec = z.object({
  bindingName: withRules(reference('').shape.name, immutable('bindingName')).describe('The binding that made this.'),
  hostName: withRules(reference('').shape.name, immutable('hostName')).describe("The host's name in the binding."),
  ...hostFields,
  ssh: sshField,
  ...handlingFields,
  adoption,
  mode,
  revision: z
    .object({
      current: revisionName.exactOptional().describe('What its services are to be configured with.'),
      next: revisionName.exactOptional().describe('What is to be laid out beside it.'),
      planned: revisionName
        .exactOptional()
        .describe('In mode Plan: what the host is planned with, as if it were switched to it.'),
    })
    .exactOptional()
    .describe('The ControllerRevisions that hold what this host needs. Left out: look and report only.'),
});

/** More of them a host does not tell. */
export const poolUsesLimit = 128;

const fact = (description: string) => z.string().max(128).exactOptional().describe(description);

const status = z.object({
  ...commonStatus,
  facts: z
    .object({
      address: z.string().max(253).exactOptional().describe('The address at which it was seen.'),
      distribution: fact('The distribution and its version, such as debian-13.'),
      family: fact('The family of distributions, such as debian.'),
      initSystem: fact('What starts services, such as systemd.'),
      releases: z
        .object({
          glance: fact("Glance's OpenStack release, such as 2025.1."),
          cinder: fact("Cinder's OpenStack release."),
          nova: fact("Nova's OpenStack release."),
        })
        .exactOptional()
        .describe('The OpenStack release of each service, from its package.'),
      libradosVersion: fact('The version of librados, such as 18.2.7.'),
    })
    .exactOptional()
    .describe('What the host was seen to be.'),
  distributed: z.string().max(253).exactOptional().describe('The revision that is laid out.'),
  switched: z.string().max(253).exactOptional().describe('The revision that its services are configured with.'),
  services: z
    .array(
      z.object({
        binary: z.string().max(64).describe('The program, such as cinder-volume.'),
        host: z.string().max(255).describe('The name that it goes by there, such as ctl1@ceph.'),
        stopped: z.boolean().describe('Whether it was stopped on the host, and so is not waited for.'),
      }),
    )
    .max(32)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe("What its services are called in OpenStack's own lists."),
  poolUses: z
    .array(
      z.object({
        entity: z.string().max(160).describe('The Ceph user, such as client.cinder.'),
        pool: z.string().max(160).describe("The pool's name in Ceph."),
        by: listSet(z.enum(['Services', 'Guests']), 2)
          .min(1)
          .describe('Services: by configuration. Guests: by the definition of one, running or not.'),
      }),
    )
    .max(poolUsesLimit)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .exactOptional()
    .describe('As whom pools are used from there. Left out: not known yet.'),
  runs: listMap(
    z.object({
      unit: z.string().max(256).describe('The unit, such as nova-compute.service.'),
      run: z
        .string()
        .max(64)
        .exactOptional()
        .describe("The machine's boot and the tick at which the service started. Left out: it did not run."),
    }),
    'unit',
    32,
  )
    .exactOptional()
    .describe(
      'The run of each service when its options were last seen to be as they should be: a later one may have read others.',
    ),
});

export type CephOpenStackHostSpec = SpecOf<typeof spec>;
export type CephOpenStackHostSpecInput = SpecInputOf<typeof spec>;
export type CephOpenStackHostStatus = StatusOf<typeof status>;
export type HostFacts = NonNullable<CephOpenStackHostStatus['facts']>;
export type OpenStackService = NonNullable<CephOpenStackHostStatus['services']>[number];
export type PoolUse = NonNullable<CephOpenStackHostStatus['poolUses']>[number];
export type ServiceRuns = NonNullable<CephOpenStackHostStatus['runs']>;
export interface CephOpenStackHost extends Resource {
  readonly spec: CephOpenStackHostSpec;
  readonly status?: CephOpenStackHostStatus;
}

export const cephOpenStackHostKind = defineKind({
  kind: 'CephOpenStackHost',
  plural: 'cephopenstackhosts',
  shortNames: ['coh'],
  description:
    'One host of a CephOpenStackBinding. Made by the binding, as a Deployment makes Pods: look at it, do not write it.',
  spec,
  status,
  rules: [],
  columns: [
    { name: 'Host', type: 'string', jsonPath: '.spec.hostName' },
    { name: 'Address', type: 'string', jsonPath: '.spec.address' },
    { name: 'Roles', type: 'string', jsonPath: '.spec.roles' },
    { name: 'Revision', type: 'string', jsonPath: '.status.switched' },
  ],
});

/** @throws {InvalidObject} in one sentence. */
export function parseCephOpenStackHost(object: unknown): CephOpenStackHost {
  return parseResource<CephOpenStackHost>(cephOpenStackHostKind, object);
}
