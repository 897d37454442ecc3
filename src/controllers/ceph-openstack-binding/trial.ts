import type { OpenStackService } from '../../api/ceph-openstack-host.ts';
import type { CloudLook } from '../../openstack-api/cloud.ts';
import { serviceKey } from '../../openstack-api/services.ts';
import { inShort } from '../in-short.ts';

/*
 * Whether OpenStack sees the services of a host up after a switch. A service that was stopped counts as up there for
 * another minute, and clocks of hosts differ; so it has to be seen to report, by the time of its last report moving on.
 */

/** What was seen of one host since its switch was done. Times are those of `performance.now()`. */
export interface Trial {
  /** Since when it could be seen: looks that were begun before count for nothing. */
  readonly since: number;
  /** The newest look that is in it. */
  readonly seenAt: number;
  readonly services: ReadonlyMap<string, SeenService>;
}

interface SeenService {
  readonly reportedAt: string;
  /** How many times that moved on. */
  readonly reports: number;
  readonly isUp: boolean;
}

export type Verdict =
  | { readonly kind: 'up' }
  /** `lacking`: the services that are not seen yet, in words. */
  | { readonly kind: 'coming' | 'down'; readonly lacking: string };

/** One report may still be the last word of a start that fails. */
const reportsNeeded = 2;
/** Services report every ten seconds, and are given up by OpenStack after a minute. */
const patienceMs = 120_000;
/** For one that has reported once, and does so but rarely. */
const longPatienceMs = 240_000;
/** What is left at least to services when their cloud is back. */
const afterAwayMs = 60_000;
/** Of a longer time between two looks only so much counts: nobody saw whether it reported. */
const longestGapMs = 30_000;

export function followTrial(
  trial: Trial | undefined,
  services: readonly OpenStackService[],
  look: CloudLook | undefined,
  nowMs: number,
): Trial {
  if (trial === undefined) return { since: nowMs, seenAt: nowMs, services: new Map() };
  if (look === undefined || look.askedAt <= trial.seenAt) return trial;
  const gapMs = look.askedAt - trial.seenAt;
  // A cloud that is away may have kept its services from reporting: that time does not count, and they get some more.
  if (look.problem !== undefined) {
    const since = Math.max(trial.since + gapMs, look.askedAt - (patienceMs - afterAwayMs));
    return { ...trial, since, seenAt: look.askedAt };
  }
  const seen = expected(services).flatMap((service): readonly [string, SeenService][] => {
    const key = wordOf(service);
    if (service.binary === 'glance-api') {
      const isUp = look.glanceProblem === undefined;
      return [[key, { reportedAt: '', reports: isUp ? reportsNeeded : 0, isUp }]];
    }
    const listed = look.services.get(serviceKey(service));
    const before = trial.services.get(key);
    if (listed === undefined) return before === undefined ? [] : [[key, { ...before, isUp: false }]];
    const moved = before !== undefined && before.reportedAt !== listed.reportedAt ? 1 : 0;
    return [[key, { reportedAt: listed.reportedAt, reports: (before?.reports ?? 0) + moved, isUp: listed.isUp }]];
  });
  const since = trial.since + Math.max(0, gapMs - longestGapMs);
  return { since, seenAt: look.askedAt, services: new Map(seen) };
}

export function verdictOf(trial: Trial, services: readonly OpenStackService[]): Verdict {
  const lacking = expected(services).filter((service) => {
    const seen = trial.services.get(wordOf(service));
    return seen === undefined || !seen.isUp || seen.reports < reportsNeeded;
  });
  if (lacking.length === 0) return { kind: 'up' };
  const allReport = lacking.every((service) => (trial.services.get(wordOf(service))?.reports ?? 0) > 0);
  const isLate = trial.seenAt - trial.since >= (allReport ? longPatienceMs : patienceMs);
  return { kind: isLate ? 'down' : 'coming', lacking: inShort(lacking.map(wordOf).sort()) };
}

/** Those of a host that OpenStack is to have up: what a person stopped stays so, and is not waited for. */
function expected(services: readonly OpenStackService[]): readonly OpenStackService[] {
  return services.filter(({ stopped }) => !stopped);
}

export function wordOf({ binary, host }: Pick<OpenStackService, 'binary' | 'host'>): string {
  return binary === 'glance-api' ? 'Glance' : `${binary} as ${host}`;
}
