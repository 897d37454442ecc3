import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { isSamePlace } from '../../api/host-place.ts';
import type { Resource } from '../../api/resource.ts';
import { hostRemovalOf, isChildOf, isHeld, leavingHostManifest, leavingManifest, pausedManifest } from './children.ts';
import type { Observed } from './observed.ts';
import type { BindingStep } from './steps.ts';

/** Hosts of the binding that it no longer lists, those that are going among them. */
export function leavingHosts(binding: CephOpenStackBinding, observed: Observed): readonly CephOpenStackHost[] {
  const listed = new Set(binding.spec.hosts.map((host) => host.name));
  return [...observed.hosts.values()].filter((host) => isChildOf(binding, host) && !listed.has(host.spec.hostName));
}

/**
 * By the name of a listed host, the former name of its machine, while that is being let go. The host has to wait: two
 * objects would otherwise plan for one machine, one to lay out and the other to give back.
 */
export function formerNames(binding: CephOpenStackBinding, observed: Observed): ReadonlyMap<string, string> {
  const leaving = leavingHosts(binding, observed);
  const objects = new Map([...observed.hosts.values()].map((host) => [host.spec.hostName, host]));
  const names = new Map<string, string>();
  if (leaving.length === 0) return names;
  for (const host of binding.spec.hosts) {
    const object = objects.get(host.name);
    if (object !== undefined && isSamePlace(object.spec, host)) continue;
    const former = leaving.find((other) => isSamePlace(other.spec, host));
    if (former !== undefined) names.set(host.name, former.spec.hostName);
  }
  return names;
}

/** Tells hosts what becomes of them, should their objects say otherwise; one that is going can still be told. */
export function tellHosts(binding: CephOpenStackBinding, hosts: readonly CephOpenStackHost[]): readonly BindingStep[] {
  return hosts.flatMap((host): readonly BindingStep[] => {
    const manifest = leavingHostManifest(binding, host, removalOf(binding, host));
    const { hostName } = host.spec;
    return manifest === undefined ? [] : [{ verb: 'apply-host', manifest, isNew: false, hostName }];
  });
}

/** A machine that stays in the binding under another name is not cleaned: what is on it is still needed. */
export function removalOf(binding: CephOpenStackBinding, { spec }: CephOpenStackHost): 'Retain' | 'Clean' {
  const isGoing = binding.metadata.deletionTimestamp !== undefined;
  const isListed = binding.spec.hosts.some((host) => host.name === spec.hostName);
  const isRenamed = !isListed && binding.spec.hosts.some((host) => isSamePlace(host, spec));
  if (isGoing) return isListed || isRenamed ? hostRemovalOf(binding) : binding.spec.hostRemoval;
  return isRenamed ? 'Retain' : binding.spec.hostRemoval;
}

/** Tells all that they are only to plan, whatever else is wrong with the binding. */
export function pauseChildren(binding: CephOpenStackBinding, observed: Observed): readonly BindingStep[] {
  return [
    ...unpaused<Resource>(binding, observed.pools).map(
      (pool) => ({ verb: 'apply-pool', manifest: pausedManifest(binding, pool), isNew: false }) as const,
    ),
    ...unpaused<Resource>(binding, observed.clients).map(
      (client) => ({ verb: 'apply-client', manifest: pausedManifest(binding, client), isNew: false }) as const,
    ),
    ...unpaused(binding, observed.hosts).map((host) => pauseHost(binding, host)),
  ];
}

/** Tells hosts that somebody holds that they are only to plan, whatever else is wrong with the binding. */
export function pauseHeld(binding: CephOpenStackBinding, observed: Observed): readonly BindingStep[] {
  const held = new Set(binding.spec.hosts.filter(isHeld).map(({ name }) => name));
  return unpaused(binding, observed.hosts)
    .filter((host) => held.has(host.spec.hostName))
    .map((host) => pauseHost(binding, host));
}

function unpaused<T extends Resource>(binding: CephOpenStackBinding, objects: ReadonlyMap<string, T>): readonly T[] {
  return [...objects.values()].filter((child) => isChildOf(binding, child) && child.spec.mode !== 'Plan');
}

function pauseHost(binding: CephOpenStackBinding, host: CephOpenStackHost): BindingStep {
  const { hostName } = host.spec;
  return { verb: 'apply-host', manifest: pausedManifest(binding, host), isNew: false, hostName };
}

/** Tells pools or users by which policy they go. */
export function tellOthers(
  verb: 'apply-pool' | 'apply-client',
  binding: CephOpenStackBinding,
  children: readonly Resource[],
): readonly BindingStep[] {
  return children.flatMap((child): readonly BindingStep[] => {
    const manifest = leavingManifest(binding, child);
    return manifest === undefined ? [] : [{ verb, manifest, isNew: false }];
  });
}
