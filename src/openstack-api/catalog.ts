import { Invalid } from '../errors.ts';
import { clean } from './clean.ts';
import type { CloudAccess } from './cloud-access.ts';

/** One address of one service, as Keystone's catalog says it. */
export interface Endpoint {
  readonly type: string;
  readonly interface: string;
  readonly region: string;
  readonly url: string;
}

/** The services that are asked. Each type by its names, the best first: they have changed over the years. */
export const serviceTypes = {
  Cinder: ['block-storage', 'volumev3', 'volumev2', 'volume'],
  Nova: ['compute'],
  Glance: ['image'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type ServiceName = keyof typeof serviceTypes;

/** The endpoints in the body of Keystone's answer; what cannot be understood is left out. */
export function parseCatalog(body: unknown): readonly Endpoint[] {
  const services = listOf(fieldOf(fieldOf(body, 'token'), 'catalog')).slice(0, 1_000);
  return services.flatMap((service) =>
    listOf(fieldOf(service, 'endpoints'))
      .slice(0, 1_000)
      .flatMap((endpoint): readonly Endpoint[] => {
        const type = fieldOf(service, 'type');
        const side = fieldOf(endpoint, 'interface');
        const region = fieldOf(endpoint, 'region_id') ?? fieldOf(endpoint, 'region') ?? '';
        const url = fieldOf(endpoint, 'url');
        if (![type, side, region, url].every((text) => typeof text === 'string' && text.length <= 2_000)) return [];
        return [{ type: String(type), interface: String(side), region: String(region), url: String(url) }];
      }),
  );
}

/**
 * Where a service is asked, without a slash at its end.
 * @throws {Invalid} `ConnectionInvalid` where the catalog does not say it, or not one alone.
 */
export function endpointOf(catalog: readonly Endpoint[], service: ServiceName, access: CloudAccess): string {
  const refuse = (why: string): Invalid => new Invalid('ConnectionInvalid', `Cannot ask ${service}: ${why}.`);
  const found = serviceTypes[service]
    .map((type) => catalog.filter((one) => one.type === type && one.interface === access.interface))
    .map((some) => some.filter(({ region }) => access.region === undefined || region === access.region))
    .find((some) => some.length > 0);
  const [first] = found ?? [];
  if (found === undefined || first === undefined) {
    const where = access.region === undefined ? '' : ` in the region "${clean(access.region, 100)}"`;
    throw refuse(`Keystone's catalog has no ${access.interface} endpoint of it${where}`);
  }
  if (found.some(({ region }) => region !== first.region)) {
    throw refuse('it is in several regions: say region_name (OS_REGION_NAME) in the OpenStack Secret');
  }
  const url = URL.canParse(first.url) ? new URL(first.url) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw refuse("Keystone's catalog has an endpoint of it that is no URL");
  }
  if (url.protocol === 'http:' && access.authUrl.startsWith('https:')) {
    throw refuse(
      `its ${access.interface} endpoint would be asked without TLS, and so show the token: choose another interface in the OpenStack Secret`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
