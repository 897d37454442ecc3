import type { CephOpenStackHost, Role } from '../../api/ceph-openstack-host.ts';
import { projectOf } from '../../openstack/distributions.ts';
import type { Machine } from '../../openstack/merge-roles.ts';
import type { HostView } from './host-view.ts';
import { changedRoles } from './revisions.ts';
import { seenOf } from './rollout-trial.ts';
import { known, oncePerKind, type Revisions, type Target } from './target.ts';
import type { WaveHost } from './waves.ts';

/** The hosts as far as waves are concerned, in their order. */
export function waveHosts(hosts: readonly HostView[], target: Target, revisions: Revisions): readonly WaveHost[] {
  const changesFrom = new Map<string, (machine: Machine) => readonly Role[]>();
  const changes = (told: string | undefined, machine: Machine): readonly Role[] => {
    const before = told === undefined ? undefined : revisions.get(told)?.data;
    const found = changesFrom.get(told ?? '') ?? oncePerKind((kind) => changedRoles(before, target.data, kind));
    changesFrom.set(told ?? '', found);
    return found(machine);
  };
  const isKnown = (name: string): boolean => known(name, revisions, target) !== undefined;
  return hosts.map((view) => {
    const { name, object, state, isHeld, refusal, machine } = view;
    const told = object?.spec.revision?.current;
    return {
      name,
      roles: object?.spec.roles ?? [],
      variants: machine === undefined ? {} : variantsOf(machine),
      reachable: state.reachable,
      passedBy: refusal !== undefined || isHeld,
      current: told,
      distributed: object?.status?.distributed,
      switched: object?.status?.switched,
      ready: state.ready,
      failing: state.failing,
      seen: seenOf(view, told === target.name, isKnown),
      returns: view.trial?.from === target.name,
      idle: isIdle(object),
      changedRoles: machine === undefined || told === target.name ? [] : changes(told, machine),
    };
  });
}

function isIdle(object: CephOpenStackHost | undefined): boolean {
  const services = object?.status?.services ?? [];
  return services.length > 0 && services.every(({ stopped }) => stopped);
}

function variantsOf({ roles, platform, releases }: Machine): WaveHost['variants'] {
  return Object.fromEntries(roles.map((role) => [role, `${platform} ${releases[projectOf[role]]}`]));
}
