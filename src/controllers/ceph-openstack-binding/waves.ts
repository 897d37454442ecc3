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
  /** By role, what its configuration is rendered for (platform and release): another kind's success proves nothing for it. */
  readonly variants: Readonly<Partial<Record<Role, string>>>;
  /** `no`: it does not answer, is named and never waited for. `unknown`: not looked at yet. */
  readonly reachable: 'yes' | 'no' | 'unknown';
  /** Nothing can be rendered for it, or somebody holds it: it keeps what it has and concerns nobody else. */
  readonly passedBy: boolean;
  /** What its services are to be configured with, as it was told; undefined: it was never in service. */
  readonly current: string | undefined;
  /** What it says is laid out. */
  readonly distributed: string | undefined;
  /** What it says its services run with. */
  readonly switched: string | undefined;
  readonly ready: boolean;
  /** It was looked at as it is told to be, and something is wrong that does not pass by working on. */
  readonly failing: boolean;
  /**
   * Where OpenStack is asked, what it says of the host's services since the switch to the target: `coming`, not up yet;
   * `down`, not up in time, and there is nothing to go back to; `leaving`, not up in time, and the host goes back now;
   * `back`: it went back to what it had.
   */
  readonly seen: 'up' | 'coming' | 'down' | 'leaving' | 'back';
  /** It was on trial, or went back, from a revision that it is now to have again: that needs nobody's word. */
  readonly returns: boolean;
  /** None of its services runs, for somebody has stopped them: that it is switched proves nothing for others. */
  readonly idle: boolean;
  /** The roles whose services change when it goes from `current` to the target: none means no restart. */
  readonly changedRoles: readonly Role[];
}

export interface Waves {
  /** By host: the revision that its services are to be configured with. Hosts that are not in it keep what they have. */
  readonly current: ReadonlyMap<string, string>;
  /** Hosts in service or on the way there that do not have the target laid out yet; while there are any, nobody switches. */
  readonly undistributed: readonly string[];
  /** Hosts that were switched to the target and fail there, or went back from it. */
  readonly failed: readonly string[];
  /** Hosts that are being switched, those that are lost among them. */
  readonly underWay: readonly string[];
  /** Hosts that were told to switch and no longer answer: nobody knows what became of them, so they keep their place. */
  readonly lost: readonly string[];
  /** Hosts that are yet to be switched. */
  readonly waiting: readonly string[];
}

/**
 * Which hosts may be switched to `target` now, `hosts` in the order in which they are to go. A host goes only when every
 * host that is reachable has the target laid out, since one service may speak to all others of what is new in it; and
 * when `onlyReturns`, only one that goes back to it.
 */
export function planWaves(target: string, hosts: readonly WaveHost[], rollout: Rollout, onlyReturns = false): Waves {
  const served = hosts.filter((host) => !host.passedBy);
  const undistributed = served.filter((host) => !hasTarget(host, target) && mustHaveTarget(host));
  const told = served.filter((host) => host.current === target);
  const lost = told.filter((host) => host.reachable === 'no' && !(host.switched === target && host.seen === 'up'));
  const answering = told.filter(answers);
  const back = served.filter((host) => host.current !== target && host.seen === 'back');
  const failed = [...answering.filter(isFailing), ...back];
  const underWay = [...answering.filter((host) => !isDone(host, target) && !isFailing(host)), ...lost];
  const current = new Map(told.map((host) => [host.name, target]));
  const pending = served.filter((host) => host.current !== target && host.seen !== 'back');
  for (const host of pending) if (goesWithoutWave(host, target)) current.set(host.name, target);
  const waiting = pending.filter((host) => !current.has(host.name));
  const going: WaveHost[] = [];
  const isPaused = rollout.pauseOnFailure && failed.length > 0;
  if (undistributed.length === 0 && !isPaused && waiting.length > 0) {
    const returning = failed.filter((host) => host.seen === 'leaving' || (host.seen === 'back' && !host.ready));
    const room = roomBeside([...underWay, ...returning.filter(answers)], target, served, rollout);
    for (const host of waiting) {
      if (host.reachable !== 'yes' || !hasTarget(host, target) || (onlyReturns && !host.returns) || !room.fits(host))
        continue;
      room.take(host);
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
    lost: names(lost),
    waiting: names(waiting.filter((host) => !current.has(host.name))),
  };
}

function answers(host: WaveHost): boolean {
  return host.reachable !== 'no';
}

function hasTarget(host: WaveHost, target: string): boolean {
  return host.distributed === target;
}

/** A host that was never in service and cannot be laid out holds up nobody; one in service would lose its volumes. */
function mustHaveTarget(host: WaveHost): boolean {
  return host.reachable !== 'no' && !(host.failing && host.current === undefined);
}

function isDone(host: WaveHost, target: string): boolean {
  return host.current === target && host.switched === target && host.ready && host.seen === 'up';
}

function isFailing(host: WaveHost): boolean {
  return host.failing || host.seen === 'down' || host.seen === 'leaving';
}

/** Nothing changes for its services. One that does not answer stays, or it would count as lost by a switch. */
function goesWithoutWave(host: WaveHost, target: string): boolean {
  return host.changedRoles.length === 0 && hasTarget(host, target) && host.reachable !== 'no';
}

/**
 * Who may go beside those under way: within the budget of each of its roles, and as long as one of the roles that change
 * on it is not proved by `canary` hosts, only as one of its canaries. Of hosts in service, no more than `canary` with
 * anything unproved at a time; one that was never in service waits for no other role's canary, since nobody depends on it
 * yet. A host that is lost takes the place of a canary of its own roles, and of no others.
 */
function roomBeside(
  underWay: readonly WaveHost[],
  target: string,
  served: readonly WaveHost[],
  rollout: Rollout,
): { fits(host: WaveHost): boolean; take(host: WaveHost): void } {
  const done = served.filter((host) => isDone(host, target) && !host.idle);
  const proved = countBy(done.flatMap((host) => host.roles.map((role) => kindOf(host, role))));
  const onTrial = new Map<string, number>();
  const busy = new Map<Role, number>();
  const budgets = new Map(
    [...new Set(served.flatMap((host) => host.roles))].map((role) => [role, budgetOf(role, served, rollout)]),
  );
  let trials = 0;
  const isProved = (kind: string): boolean => (proved.get(kind) ?? 0) >= rollout.canary;
  const take = (host: WaveHost): void => {
    const kinds = host.roles.map((role) => kindOf(host, role));
    for (const role of host.roles) add(busy, role);
    for (const kind of kinds) add(onTrial, kind);
    if (host.reachable !== 'no' && !kinds.every(isProved)) trials += 1;
  };
  for (const host of underWay) take(host);
  return {
    take,
    fits(host) {
      if (!host.roles.every((role) => (busy.get(role) ?? 0) < (budgets.get(role) ?? 1))) return false;
      const unproved = host.changedRoles.map((role) => kindOf(host, role)).filter((kind) => !isProved(kind));
      const mayTry = (kind: string): boolean => (proved.get(kind) ?? 0) + (onTrial.get(kind) ?? 0) < rollout.canary;
      const waitsForOthers = host.current !== undefined && trials >= rollout.canary;
      return unproved.length === 0 || (!waitsForOthers && unproved.every(mayTry));
    },
  };
}

/** What a host that is done proves: its role, as it is on machines of its kind. */
function kindOf(host: WaveHost, role: Role): string {
  return `${role} ${host.variants[role] ?? ''}`;
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) add(counts, key);
  return counts;
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Hosts of a role that may be switched at a time: at least one, or nothing would ever move. */
export function budgetOf(role: Role, hosts: readonly WaveHost[], rollout: Rollout): number {
  const budget = rollout.maxUnavailable[role] ?? rollout.maxUnavailable.others;
  if (typeof budget === 'number') return Math.max(budget, 1);
  const all = hosts.filter((host) => host.roles.includes(role)).length;
  return Math.max(Math.floor((all * Number.parseInt(budget, 10)) / 100), 1);
}
