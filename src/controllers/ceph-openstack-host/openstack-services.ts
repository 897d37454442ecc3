import type { CephOpenStackHost, OpenStackService, Role } from '../../api/ceph-openstack-host.ts';
import type { UnitFacts } from '../../hosts/facts.ts';
import { type Place, placeOf } from '../../openstack/distributions.ts';
import { valueIn } from './config-file.ts';
import { isRefusal, type SeenHost } from './observed.ts';

/**
 * What OpenStack is to list of a host that is switched: the services of its roles by the names that they go by there. One
 * whose name cannot be told, for it is put together of other options, is left out. Glance is in no list; it is named
 * after the host.
 */
export function openStackServices(
  host: CephOpenStackHost,
  observed: SeenHost,
): readonly OpenStackService[] | undefined {
  const { platform, current, facts } = observed;
  if (isRefusal(platform) || current === undefined || isRefusal(current.desired)) return undefined;
  const { options } = current.desired.switch;
  const services = host.spec.roles.flatMap((role): readonly OpenStackService[] => {
    const place = placeOf(platform, role);
    const stopped = isStoppedByHand(facts.units[place.unit]);
    const named = (host: string, backend = ''): readonly OpenStackService[] =>
      // Anything else stands for other options, or is no name.
      /^[A-Za-z0-9_.:-]{1,180}$/.test(host) ? [{ binary: binaries[role], host: `${host}${backend}`, stopped }] : [];
    const own = said(observed, place, 'DEFAULT', 'host') ?? facts.os.hostname;
    if (role !== 'CinderVolume') return named(own);
    const sections = options.filter(({ name }) => name === 'volume_driver').map(({ section }) => section);
    return [...new Set(sections)].flatMap((section) =>
      section === 'DEFAULT' ? named(own) : named(said(observed, place, section, 'backend_host') ?? own, `@${section}`),
    );
  });
  return services.toSorted((a, b) => (`${a.binary} ${a.host}` < `${b.binary} ${b.host}` ? -1 : 1));
}

const binaries: Readonly<Record<Role, string>> = {
  GlanceApi: 'glance-api',
  CinderVolume: 'cinder-volume',
  CinderBackup: 'cinder-backup',
  NovaCompute: 'nova-compute',
};

/** One that failed is to run, and so is one that nobody knows. */
function isStoppedByHand(unit: UnitFacts | undefined): boolean {
  return unit?.jobPending === false && (unit.load === 'masked' || unit.active === 'inactive');
}

/** The last of the service's files that says it wins. */
function said({ facts }: SeenHost, { configFiles }: Place, section: string, name: string): string | undefined {
  return configFiles
    .flatMap((file) => valueIn(facts, { file, section, name }) ?? [])
    .at(-1)
    ?.reveal();
}
