import { fieldOf, listOf } from './catalog.ts';
import { clean } from './clean.ts';

/** A service as OpenStack lists it. */
export interface ListedService {
  /** `cinder-volume`, `nova-compute` … */
  readonly binary: string;
  /** As it names itself: `ctl1`, for a back end of Cinder `ctl1@ceph`. */
  readonly host: string;
  /** OpenStack takes it for alive. One that somebody disabled is up all the same. */
  readonly isUp: boolean;
  /** When it last reported, by some clock of the cloud: only whether it changes tells anything. */
  readonly reportedAt: string;
}

/** What a service is found by: OpenStack's database does not tell `Ctl1` from `ctl1`. */
export function serviceKey({ binary, host }: Pick<ListedService, 'binary' | 'host'>): string {
  return `${binary} ${host.toLowerCase()}`;
}

/** The body of `GET os-services`, of Cinder as of Nova; what cannot be understood is left out. */
export function parseServices(body: unknown): readonly ListedService[] {
  return listOf(fieldOf(body, 'services')).flatMap((service): readonly ListedService[] => {
    const binary = fieldOf(service, 'binary');
    const host = fieldOf(service, 'host');
    if (typeof binary !== 'string' || typeof host !== 'string') return [];
    const reportedAt = fieldOf(service, 'updated_at');
    return [
      {
        binary: clean(binary, 100),
        host: clean(host, 255),
        isUp: fieldOf(service, 'state') === 'up',
        reportedAt: typeof reportedAt === 'string' ? clean(reportedAt, 64) : '',
      },
    ];
  });
}
