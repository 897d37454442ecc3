import { z } from 'zod';
import { handlingFields, hostFields, roles, sshField } from './ceph-openstack-host.ts';
import { cluster, commonStatus, inherited, listMap, objectName, text, withRules } from './fields.ts';
import { type HostPlace, isSamePlace, keyOfPlace } from './host-place.ts';
import { cinder, cinderBackup, glance, nova } from './openstack-sections.ts';
import { defineKind, parseResource, type Resource, type SpecOf, type StatusOf } from './resource.ts';
import { cephConf, extraConfig } from './service-config.ts';

const host = z.object({
  name: objectName.describe('Its name in this binding.'),
  ...hostFields,
  mode: z
    .enum(['Enforce', 'Plan'])
    .exactOptional()
    .describe(
      'Plan: this one is held. It is looked at, says in its status.plan what it would do, and is left as it is; rollouts pass it by. Left out: the mode of the binding.',
    ),
});

const hostPlace = z.object({ name: z.string(), address: z.string(), port: z.number().exactOptional() });
const isAList = { when: ({ value }: { readonly value: unknown }) => Array.isArray(value) };

const openstack = z.object({
  release: text({
    pattern: /^([a-z]+|20[0-9][0-9][.][12])$/,
    maxLength: 16,
    sentence: 'must be an OpenStack release as text: a name such as "zed" or "epoxy", or a version such as "2025.1"',
  })
    .exactOptional()
    .describe("The release. Left out: read from each host's packages, per service."),
});

const budgetSentence = 'must be a number of hosts from 1, or a share such as 10%';
const budgetPattern = /^([1-9]|[1-9][0-9]|100)%$/;

/** How many hosts of a role may be down at a time: `1`, `10%`. */
const budget = z
  .union([z.int().min(1).max(10_000), z.string().min(1).max(4).regex(budgetPattern, budgetSentence)])
  .meta({
    'x-kubernetes-int-or-string': true,
    'x-kubernetes-validations': [
      {
        rule: `type(self) == string ? self.matches('${budgetPattern.source}') : self >= 1 && self <= 10000`,
        message: budgetSentence,
      },
    ],
  });

const maxUnavailable = z
  .object({
    GlanceApi: budget.exactOptional().describe('Hosts with this role.'),
    CinderVolume: budget.exactOptional().describe('Hosts with this role.'),
    CinderBackup: budget.exactOptional().describe('Hosts with this role.'),
    NovaCompute: budget.default('10%').describe('Hosts with this role.'),
    others: budget.default(1).describe('Hosts of a role that is not named here.'),
  })
  .prefault({});

const rollout = z
  .object({
    maxUnavailable: maxUnavailable.describe('How many hosts of a role are switched at a time.'),
    canary: z
      .int()
      .min(0)
      .max(100)
      .default(1)
      .describe('Hosts of each role and release that are switched, and seen to work, before the others of it.'),
    pauseOnFailure: z.boolean().default(true).describe('Whether a host that fails stops the ones after it.'),
  })
  .prefault({});

const verification = z
  .object({
    access: z
      .enum(['Enabled', 'Disabled'])
      .default('Enabled')
      .describe("Whether each service's pool is opened from its host with its own key."),
    openStack: z
      .object({
        secretName: objectName.describe('The Secret with clouds.yaml, or with the variables of an openrc file.'),
      })
      .exactOptional()
      .describe(
        'Ask OpenStack whether the services of a host come up after its switch; one whose services do not goes back to what it had. Left out: OpenStack is not asked.',
      ),
  })
  .prefault({});

const section: Readonly<Record<(typeof roles)[number], string>> = {
  GlanceApi: 'glance',
  CinderVolume: 'cinder',
  CinderBackup: 'cinderBackup',
  NovaCompute: 'nova',
};

/** In CEL, where there is spec.cinder. */
const hasBackendHere =
  '!has(self.cinder.backends) || self.cinder.backends.size() == 0 || self.cinder.backends.exists(b, !has(b.cluster) || b.cluster.secretName == self.cluster.secretName)';

const spec = withRules(
  z.object({
    cluster,
    ssh: sshField,
    hosts: listMap(host, 'name', 1000)
      .superRefine((hosts, context) => {
        // Also beside hosts that do not fit, of which any part may be missing.
        const places = hosts.map((host) => hostPlace.safeParse(host).data);
        const seen = new Map<string, readonly (HostPlace & { readonly name: string })[]>();
        for (const [index, host] of places.entries()) {
          if (host === undefined) continue;
          const before = seen.get(keyOfPlace(host)) ?? [];
          const other = before.find((one) => isSamePlace(one, host));
          if (other !== undefined) {
            const orPorts = other.port === host.port ? '' : '; of two machines behind one address, write both ports';
            context.addIssue({
              code: 'custom',
              path: [index],
              message: `has the same address as host "${other.name}": write one host for each machine, with all its roles${orPorts}`,
            });
          }
          seen.set(keyOfPlace(host), [...before, host]);
        }
      }, isAList)
      .describe('The OpenStack hosts.'),
    openstack: openstack.exactOptional().describe('Which OpenStack it is.'),
    glance: glance.exactOptional().describe('Images in Ceph. {} takes the defaults.'),
    cinder: cinder.exactOptional().describe('Volumes in Ceph. {} takes the defaults.'),
    cinderBackup: cinderBackup.exactOptional().describe('Backups in Ceph. {} takes the defaults.'),
    nova: nova.exactOptional().describe('Instances that use Ceph. {} attaches volumes only.'),
    cephConf: cephConf.exactOptional().describe("The clients' ceph.conf on every host."),
    extraConfig: extraConfig.exactOptional().describe("Further options, within the policy's allow-list."),
    rollout: rollout.describe('How a change goes over the hosts.'),
    verification: verification.describe('How it is proved that all works.'),
    ...handlingFields,
    ...inherited,
  }),
  ...roles.map((role) => ({
    rule: `has(self.${section[role]}) || !self.hosts.exists(h, '${role}' in h.roles)`,
    message: `a host has the role ${role}, so spec.${section[role]} is needed; {} takes the defaults`,
  })),
  {
    rule: '!has(self.nova) || has(self.cinder) || has(self.nova.clientRef)',
    message: "nova shares cinder's user: write spec.cinder, or spec.nova.clientRef",
  },
  {
    rule: `has(self.glance) || has(self.cinderBackup) || has(self.nova) || !has(self.cinder) || ${hasBackendHere}`,
    message: "nothing uses the binding's cluster: write the one of the back ends as spec.cluster",
  },
  {
    rule: `!has(self.nova) || has(self.nova.clientRef) || !has(self.cinder) || ${hasBackendHere}`,
    message:
      "nova uses the binding's cluster, and no back end whose user it could share is there: write spec.nova.clientRef with a user of that cluster",
  },
);

const status = z.object({
  ...commonStatus,
  hosts: z
    .object({
      total: z.int().min(0).describe('Hosts in the spec.'),
      reachable: z.int().min(0).describe('Hosts that answer.'),
      distributed: z.int().min(0).describe('Hosts on which the newest revision is laid out.'),
      switched: z.int().min(0).describe('Hosts whose services are configured with the newest revision.'),
      ready: z.int().min(0).describe('Hosts that are Ready.'),
      held: z.int().min(0).exactOptional().describe('Hosts that are held by a mode of their own.'),
    })
    .exactOptional()
    .describe('How many hosts are how far.'),
  revision: z
    .object({
      current: z.string().max(253).exactOptional().describe('What hosts were last switched to, as a whole.'),
      next: z.string().max(253).exactOptional().describe('What they are on the way to.'),
    })
    .exactOptional()
    .describe('The ControllerRevisions in use.'),
  libvirtSecrets: listMap(
    z.object({
      entity: z.string().max(256).describe('The user whose key it holds.'),
      uuid: z.string().max(36).describe('Its UUID, the same on every compute.'),
    }),
    'uuid',
    32,
  )
    .exactOptional()
    .describe('The libvirt secrets on computes.'),
});

export type CephOpenStackBindingSpec = SpecOf<typeof spec>;
export type CephOpenStackBindingStatus = StatusOf<typeof status>;
export interface CephOpenStackBinding extends Resource {
  readonly spec: CephOpenStackBindingSpec;
  readonly status?: CephOpenStackBindingStatus;
}

export const cephOpenStackBindingKind = defineKind({
  kind: 'CephOpenStackBinding',
  plural: 'cephopenstackbindings',
  shortNames: ['cob'],
  description: 'OpenStack wired to Ceph: pools, users, keys, and the configuration of every OpenStack host.',
  spec,
  status,
  rules: [
    {
      rule: 'self.metadata.name.size() <= 63',
      message: 'metadata.name must have at most 63 characters: what the binding makes is named and labelled after it',
    },
  ],
  columns: [
    { name: 'Hosts', type: 'integer', jsonPath: '.status.hosts.total' },
    { name: 'Hosts ready', type: 'integer', jsonPath: '.status.hosts.ready' },
    { name: 'Revision', type: 'string', jsonPath: '.status.revision.current' },
  ],
});

/** @throws {InvalidObject} in one sentence. */
export function parseCephOpenStackBinding(object: unknown): CephOpenStackBinding {
  return parseResource<CephOpenStackBinding>(cephOpenStackBindingKind, object);
}
