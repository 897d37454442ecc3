import { type CephOpenStackHost, type PoolUse, poolUsesLimit } from '../../api/ceph-openstack-host.ts';
import type { Option } from '../../openstack/desired-host.ts';
import { isRefusal, type SeenHost } from './observed.ts';

/**
 * As whom pools are used from this host. Services go on with what they had until the host is switched, and then guests
 * were looked at after the last service that could start one as the user of before. Undefined: nothing is known yet.
 */
export function poolUses(
  host: CephOpenStackHost,
  { current, facts }: SeenHost,
  isSwitched: boolean,
): readonly PoolUse[] | undefined {
  const known = host.status?.poolUses;
  const told = current === undefined || isRefusal(current.desired) ? undefined : current.desired.switch.options;
  const isCompute = host.spec.roles.includes('NovaCompute');
  const guests = facts.libvirt?.reachable === true ? facts.libvirt.guestPools : isCompute ? undefined : [];
  if (known === undefined && guests === undefined) return undefined;
  const before = (by: 'Services' | 'Guests'): readonly Use[] => (known ?? []).filter((use) => use.by.includes(by));
  const services = [...usesIn(told ?? []), ...(isSwitched ? [] : before('Services'))];
  const uses = merge(services, guests ?? before('Guests'));
  // A part of them would count as all.
  return uses.length > poolUsesLimit ? undefined : uses;
}

type Use = Pick<PoolUse, 'entity' | 'pool'>;

function merge(services: readonly Use[], guests: readonly Use[]): readonly PoolUse[] {
  const nameOf = ({ entity, pool }: Use): string => `${entity} ${pool}`;
  const byGuests = new Set(guests.map(nameOf));
  const byServices = new Set(services.map(nameOf));
  return [...new Map([...services, ...guests].map((use) => [nameOf(use), use]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { entity, pool }]) => ({
      entity,
      pool,
      by: [...(byGuests.has(name) ? ['Guests' as const] : []), ...(byServices.has(name) ? ['Services' as const] : [])],
    }));
}

/** Which option says the user for the pool that another of the same section names. */
const userOf: readonly (readonly [pool: RegExp, user: RegExp])[] = [
  [/^backup_ceph_pool$/, /^backup_ceph_user$/],
  [/^rbd_store_pool$/, /^rbd_store_user$/],
  [/^(rbd_pool|(libvirt_)?images_rbd_pool)$/, /^(libvirt_)?rbd_user$/],
];

function usesIn(options: readonly Option[]): readonly Use[] {
  return options.flatMap((option) => {
    const pool = writtenValue(option);
    const [, named] = userOf.find(([pattern]) => pattern.test(option.name)) ?? [];
    if (pool === undefined || named === undefined) return [];
    const user = options.find(
      ({ file, section, name }) => file === option.file && section === option.section && named.test(name),
    );
    const userId = user === undefined ? undefined : writtenValue(user);
    return userId === undefined ? [] : [{ entity: `client.${userId}`, pool }];
  });
}

function writtenValue({ edit }: Option): string | undefined {
  return edit.how === 'set' ? edit.value : undefined;
}
