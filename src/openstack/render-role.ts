import type { Role } from '../api/ceph-openstack-host.ts';
import { renderCinder } from './cinder.ts';
import { renderCinderBackup } from './cinder-backup.ts';
import type { AccessCheck, Option, Refusal, RenderedRole, RevisionData, RoleKeyring } from './desired-host.ts';
import { conversionPackages, type Place, type Platform, packagesOf, placeOf, pythonOf } from './distributions.ts';
import { renderGlance } from './glance.ts';
import { guestSockets } from './guest-sockets.ts';
import { libvirtSecrets } from './libvirt.ts';
import { type CephConf, type Client, keyringPath, type OpenStackModel } from './model.ts';
import { renderNova } from './nova.ts';
import { refusedElsewhere } from './other-clusters.ts';
import type { Release } from './releases.ts';

/** A kind of machine for a role: what a revision is rendered for. */
export interface Combination {
  readonly role: Role;
  readonly platform: Platform;
  readonly release: Release;
}

/** What `role` needs on a machine of this kind; refused when this release cannot do what the model asks for. */
export function renderRole(model: OpenStackModel, combination: Combination): RenderedRole | Refusal {
  const { role, platform, release } = combination;
  const place = placeOf(platform, role);
  const own = refusedElsewhere(model, role, release) ?? ownOptions(model, combination);
  if ('refused' in own) return own;
  const options = withExtraConfig(own, model, place);
  if ('refused' in options) return options;
  const uses = usesOf(model, role);
  const converts = role === 'GlanceApi' && model.glance?.conversion !== undefined;
  const confs = confsOf(model, uses).map((conf) => ({ ...conf, owner: 'root', group: 'root', mode: '0644' }));
  const sockets =
    role === 'NovaCompute' && model.nova?.adminSocket === true ? guestSockets(platform, place.user) : undefined;
  return {
    role,
    platform,
    release,
    distribute: {
      packages: [...packagesOf(platform, role, release), ...(converts ? conversionPackages(platform) : [])],
      directories: sockets?.directories ?? [],
      files: [...confs, ...(sockets?.files ?? [])],
      keyrings: keyringsFor(uses, place.user),
      libvirtSecrets: role === 'NovaCompute' ? libvirtSecrets(model) : [],
    },
    switch: {
      services: [{ unit: place.unit, role, user: place.user, release, configFiles: place.configFiles }],
      options,
    },
    access: model.verifyAccess ? accessChecks(uses, place.user, pythonOf(platform, release)) : [],
  };
}

/**
 * The data of a revision for these kinds of machines, and what is refused beside it. The order in which the kinds come
 * does not matter: equal content is equal text.
 */
export function renderRevision(
  model: OpenStackModel,
  combinations: readonly Combination[],
): { data: RevisionData; refusals: readonly (Combination & { refusal: Refusal })[] } {
  const kinds = new Map(combinations.map((kind) => [`${kind.role} ${kind.release} ${kind.platform}`, kind]));
  const roles: RenderedRole[] = [];
  const refusals: (Combination & { refusal: Refusal })[] = [];
  for (const [, kind] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const rendered = renderRole(model, kind);
    if ('refused' in rendered) refusals.push({ ...kind, refusal: rendered });
    else roles.push(rendered);
  }
  return { data: { roles }, refusals };
}

function ownOptions(
  { conf, glance, cinder, cinderBackup, nova }: OpenStackModel,
  { role, release, platform }: Combination,
): readonly Option[] | Refusal {
  if (role === 'GlanceApi' && glance !== undefined) return renderGlance(glance, conf, release, platform);
  if (role === 'CinderVolume' && cinder !== undefined) return renderCinder(cinder, conf, release, platform);
  if (role === 'CinderBackup' && cinderBackup !== undefined) {
    return renderCinderBackup(cinderBackup, conf, release, platform);
  }
  if (role === 'NovaCompute' && nova !== undefined) return renderNova(nova, conf, release, platform);
  return { refused: 'InvalidSpec', message: `The binding says nothing of the role ${role}.` };
}

/** A user that a role logs in as, to which cluster, and the pools that it opens as such. */
interface Use {
  readonly client: Client;
  readonly conf: CephConf;
  readonly pools: readonly string[];
}

function usesOf(model: OpenStackModel, role: Role): readonly Use[] {
  const { conf, glance, cinder, cinderBackup, nova } = model;
  const use = (client: Client, ...pools: readonly string[]): Use => ({ client, conf, pools });
  // os-brick opens a volume as its back end's user, on back-up hosts and computes too.
  const backends = (cinder?.backends ?? []).map((backend) => ({ conf, ...backend, pools: [backend.pool] }));
  switch (role) {
    case 'GlanceApi':
      return (glance?.stores ?? []).map(({ client, pool }) => use(client, pool));
    case 'CinderVolume':
      return backends;
    case 'CinderBackup':
      return cinderBackup === undefined ? [] : [use(cinderBackup.client, cinderBackup.pool), ...backends];
    case 'NovaCompute':
      return nova === undefined
        ? []
        : [nova.ephemeralPool === undefined ? use(nova.client) : use(nova.client, nova.ephemeralPool), ...backends];
  }
}

/** Every host has that of the cluster which all use; of others, those whose pools its services open. */
function confsOf({ conf }: OpenStackModel, uses: readonly Use[]): readonly CephConf[] {
  return [...new Map([conf, ...uses.map((use) => use.conf)].map((one) => [one.path, one])).values()];
}

function keyringsFor(uses: readonly Use[], reader: string): readonly RoleKeyring[] {
  const keyrings = uses.map(({ client: { userId, secretName, fingerprint }, conf }) => {
    const entity = `client.${userId}`;
    return { path: keyringPath(conf, entity), entity, secretName, fingerprint, reader };
  });
  return [...new Map(keyrings.map((keyring) => [keyring.path, keyring])).values()];
}

function accessChecks(
  uses: readonly Use[],
  user: string,
  interpreter: AccessCheck['interpreter'],
): readonly AccessCheck[] {
  const checks = uses.flatMap(({ client: { userId }, conf, pools }) =>
    pools.map((pool) => ({ user, entity: `client.${userId}`, conf: conf.path, pool, interpreter })),
  );
  return [...new Map(checks.map((check) => [JSON.stringify(check), check])).values()];
}

/** Adds the free options of the role's own file; one that the binding itself writes there is refused. */
function withExtraConfig(own: readonly Option[], model: OpenStackModel, place: Place): readonly Option[] | Refusal {
  const [file] = place.configFiles;
  const name = file.slice(file.lastIndexOf('/') + 1);
  const extra: Option[] = [];
  for (const [section, options] of Object.entries(model.extraConfig[name] ?? {}).sort(byKey)) {
    for (const [option, value] of Object.entries(options).sort(byKey)) {
      if (own.some((written) => written.section === section && written.name === option)) {
        return {
          refused: 'InvalidSpec',
          message: `extraConfig sets [${section}] ${option} of ${name}, which follows from the rest of the binding: remove it there.`,
        };
      }
      const edit = { how: 'set', value } as const;
      const guard = isVolumeHost(name, section, option) ? ({ guard: 'VolumesWouldBeOrphaned' } as const) : {};
      extra.push({ file, section, name: option, edit, type: 'string', restarts: [place.unit], ...guard });
    }
  }
  return [...own, ...extra];
}

/** What volumes know their service by. */
function isVolumeHost(file: string, section: string, option: string): boolean {
  return (
    file === 'cinder.conf' &&
    (option === 'backend_host' || (section === 'DEFAULT' && ['host', 'cluster'].includes(option)))
  );
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
