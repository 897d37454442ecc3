import { z } from 'zod';
import { line, text, withRules } from './fields.ts';

/*
 * Free options: what the binding writes beyond what it knows. Names and values are checked here so that nothing but
 * one option can come of one entry; whether an option may be set at all is the policy's word.
 */

/** The files of services that extraConfig may name. */
const serviceFiles = ['glance-api.conf', 'cinder.conf', 'nova.conf'] as const;
export type ServiceFile = (typeof serviceFiles)[number];

/** Options of ceph.conf that the operator writes itself, or that would undo how it logs in. */
const ownCephOptions = ['fsid', 'mon_host', 'keyring', 'key', 'keyfile', 'auth_supported', 'include'];

const cephOption = /^[a-z][a-z0-9_ ]*$/;

function cephOptions(where: string) {
  return withRules(
    z
      .record(
        z
          .string()
          .max(128)
          .regex(cephOption, "must be an option of ceph.conf: lower-case letters, digits, '_' and blanks"),
        line(1024),
      )
      .meta({ maxProperties: 64 }),
    {
      rule: `self.all(k, k.size() <= 128 && k.matches('${cephOption.source}'))`,
      message: `a name in ${where} must be an option of ceph.conf: lower-case letters, digits, '_' and blanks`,
    },
    {
      rule: `self.all(k, !(k.replace(' ', '_') in [${ownCephOptions.map((name) => `'${name}'`).join(', ')}]))`,
      message: `${where} must not set ${ownCephOptions.join(', ')}: these follow from the cluster`,
      reason: 'FieldValueForbidden',
    },
  ).exactOptional();
}

export const cephConf = z.object({
  path: text({
    pattern: /^\/etc\/ceph\/[A-Za-z0-9_][A-Za-z0-9_.-]*[.]conf$/,
    maxLength: 128,
    sentence: 'must be a file /etc/ceph/<name>.conf',
  })
    .exactOptional()
    .describe("The binding's cluster's. Default: /etc/ceph/ceph.conf."),
  global: cephOptions('cephConf.global').describe("Options in [global], for the binding's cluster."),
  client: cephOptions('cephConf.client').describe('Options in [client], for every cluster.'),
  rbdCache: z
    .enum(['Enabled', 'Disabled'])
    .exactOptional()
    .describe("Whether librbd caches writes. Left out: not written, and Ceph's default (enabled) holds."),
  adminSocket: z
    .enum(['Enabled', 'Disabled'])
    .exactOptional()
    .describe(
      "Whether each guest's Ceph client has a socket to look into it, in /run/ceph-guests. Left out: not written.",
    ),
});

const section = /^[A-Za-z0-9_][A-Za-z0-9_:.-]*$/;
const option = /^[A-Za-z][A-Za-z0-9_-]*$/;
const sectionSentence = "a section must be letters, digits, '_', ':', '.' and '-'";
const optionSentence = "an option must be letters, digits, '_' and '-'";

const options = withRules(
  z.record(z.string().max(128).regex(option, optionSentence), line(1024)).meta({ maxProperties: 32 }),
  { rule: `self.all(k, k.size() <= 128 && k.matches('${option.source}'))`, message: optionSentence },
);

const sections = withRules(
  z.record(z.string().max(128).regex(section, sectionSentence), options).meta({ maxProperties: 16 }),
  { rule: `self.all(k, k.size() <= 128 && k.matches('${section.source}'))`, message: sectionSentence },
);

export const extraConfig = z.object({
  'glance-api.conf': sections.exactOptional().describe('By section, by option.'),
  'cinder.conf': sections.exactOptional().describe('By section, by option.'),
  'nova.conf': sections.exactOptional().describe('By section, by option.'),
} satisfies Record<ServiceFile, z.ZodType>);
