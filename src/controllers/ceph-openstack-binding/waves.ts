import type { Role } from '../../api/ceph-openstack-host.ts';

/** How a change goes over the hosts, from the binding's spec. */
export interface Rollout {
  readonly maxUnavailable: Readonly<Partial<Record<Role, number | string>>> & { readonly others: number | string };
  readonly canary: number;
  readonly pauseOnFailure: boolean;
}

/** One host as far as a rollout is concerned. */
export interface WaveHost {
  readonly name: string;
  readonly roles: readonly Role[];
  /** `no`: it does not answer, is named and never waited for. `unknown`: not looked at yet. */
  readonly reachable: 'yes' | 'no' | 'unknown';
  /** Nothing can be rendered for it; it keeps what it has and concerns nobody else. */
  readonly refused: boolean;
  /** What its services are to be configured with, as it was told; undefined: it was never in service. */
  readonly current: string | undefined;
  /** What it says is laid out. */
  readonly distributed: string | undefined;
  /** What it says its services run with. */
  readonly switched: string | undefined;
  readonly ready: boolean;
  /** It was looked at as it is told to be, and something is wrong that does not pass by working on. */
  readonly failing: boolean;
  /** The roles whose services change when it goes from `current` to the target: none means no restart. */
  readonly changedRoles: readonly Role[];
}

export interface Waves {
  /** By host: the revision that its services are to be configured with. Hosts that are not in it keep what they have. */
  readonly current: ReadonlyMap<string, string>;
  /** Hosts in service or on the way there that do not have the target laid out yet; while there are any, nobody switches. */
  readonly undistributed: readonly string[];
  /** Hosts that were switched to the target and fail there. */
  readonly failed: readonly string[];
  /** Hosts that are being switched. */
  readonly underWay: readonly string[];
  /** Hosts that are yet to be switched. */
  readonly waiting: readonly string[];
}

/**
 * Which hosts may be switched to `target` now, `hosts` in the order in which they are to go. A host goes only when every
 * host that is reachable has the target laid out, since one service may speak to all others of what is new in it.
 */
export function planWaves(target: string, hosts: readonly WaveHost[], rollout: Rollout): Waves {
  const served = hosts.filter((host) => !host.refused);
  const undistributed = served.filter((host) => !hasTarget(host, target) && mustHaveTarget(host));
  const atTarget = served.filter((host) => host.current === target && host.reachable !== 'no');
  const failed = atTarget.filter((host) => host.failing);
  const underWay = atTarget.filter((host) => !isDone(host, target) && !host.failing);
  const pending = served.filter((host) => host.current !== target);
  const current = new Map(served.flatMap((host) => (host.current === target ? [[host.name, target] as const] : [])));
  const unchanged = pending.filter((host) => host.changedRoles.length === 0 && hasTarget(host, target));
  for (const host of unchanged) current.set(host.name, target);
  const waiting = pending.filter((host) => !unchanged.includes(host));
  const going: WaveHost[] = [];
  const isPaused = rollout.pauseOnFailure && failed.length > 0;
  if (undistributed.length === 0 && !isPaused) {
    const busy = (role: Role): number => [...underWay, ...going].filter((host) => host.roles.includes(role)).length;
    const room = (): number => roomForCanaries(target, served, waiting, underWay.length + going.length, rollout);
    for (const host of waiting) {
      const fits = host.roles.every((role) => busy(role) < budgetOf(role, served, rollout));
      if (host.reachable !== 'yes' || !hasTarget(host, target) || !fits || room() <= 0) continue;
      going.push(host);
      current.set(host.name, target);
    }
  }
  const names = (some: readonly WaveHost[]): readonly string[] => some.map((host) => host.name).sort();
  return {
    current,
    undistributed: names(undistributed),
    failed: names(failed),
    underWay: names([...underWay, ...going]),
    waiting: names(waiting.filter((host) => !going.includes(host))),
  };
}

function hasTarget(host: WaveHost, target: string): boolean {
  return host.distributed === target;
}

/** A host that was never in service and cannot be laid out holds up nobody; one in service would lose its volumes. */
function mustHaveTarget(host: WaveHost): boolean {
  return host.reachable !== 'no' && !(host.failing && host.current === undefined);
}

function isDone(host: WaveHost, target: string): boolean {
  return host.current === target && host.switched === target && host.ready;
}

/** How many may go while the canaries are not through. One that saw no change of these roles proves nothing for them. */
function roomForCanaries(
  target: string,
  served: readonly WaveHost[],
  waiting: readonly WaveHost[],
  busy: number,
  rollout: Rollout,
): number {
  const changing = new Set(waiting.flatMap((host) => host.changedRoles));
  const proved = served.filter((host) => isDone(host, target) && host.roles.some((role) => changing.has(role)));
  return proved.length >= rollout.canary ? Number.POSITIVE_INFINITY : rollout.canary - proved.length - busy;
}

/** Hosts of a role that may be switched at a time: at least one, or nothing would ever move. */
export function budgetOf(role: Role, hosts: readonly WaveHost[], rollout: Rollout): number {
  const budget = rollout.maxUnavailable[role] ?? rollout.maxUnavailable.others;
  if (typeof budget === 'number') return Math.max(budget, 1);
  const all = hosts.filter((host) => host.roles.includes(role)).length;
  return Math.max(Math.floor((all * Number.parseInt(budget, 10)) / 100), 1);
}
