import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { poolNameOf } from '../../api/rbd-pool.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import type { Needs } from '../binding-needs.ts';
import type { ChildManifest } from './children.ts';
import { type HostView, viewHosts } from './host-view.ts';
import type { Observed } from './observed.ts';
import { findOrphans, poolsAtStake } from './orphans.ts';
import { hostsOf, renderTarget, type Target } from './target.ts';
import { tellHosts } from './tell-hosts.ts';
import { unreadableProblem, unreadableRevisions } from './unreadable.ts';
import { waveHosts } from './wave-hosts.ts';
import { planWaves, type Waves } from './waves.ts';

/** How far a binding's hosts are, and what each is to be told next. */
export interface Rollout {
  readonly hosts: readonly HostView[];
  /** What all hosts are to have; undefined while it cannot be rendered. */
  readonly target: Target | undefined;
  /** None in mode Plan, which tells nobody to switch. */
  readonly waves: Waves | undefined;
  /** Pools that nobody would serve any more, whose images are to be counted before anybody is switched. */
  readonly uncounted: readonly string[];
  readonly problems: readonly Hold[];
  readonly manifests: readonly ChildManifest[];
}

/**
 * @see Rollout. `model` is undefined while children are missing: hosts then keep the revisions that they have; the one of
 * a plan, as long as what is wrong with the children may pass.
 */
export function planRollout(
  binding: CephOpenStackBinding,
  needs: Needs,
  observed: Observed,
  model: OpenStackModel | undefined,
  childrenArePassing = false,
): Rollout {
  const views = viewHosts(binding, observed);
  const rendered = renderTarget(binding, model, views);
  const unreadable = unreadableRevisions(binding, observed, views, rendered.target);
  const danger =
    findOrphans(binding, needs, observed) ??
    (rendered.target === undefined ? undefined : unreadableProblem(unreadable));
  const { target, problems } = danger === undefined ? rendered : { target: undefined, problems: [danger] };
  const revisions = new Map(observed.revisions.map((revision) => [revision.name, revision]));
  const hosts = target === undefined ? views : hostsOf(target, views, revisions);
  const isPlan = binding.spec.mode === 'Plan';
  const going = target === undefined || isPlan ? undefined : waveHosts(hosts, target, revisions);
  const uncounted = going === undefined ? [] : uncountedPools(binding, needs, observed);
  const onlyReturns = observed.openStack?.problem !== undefined || uncounted.length > 0;
  const waves = target && going && planWaves(target.name, going, binding.spec.rollout, onlyReturns);
  const manifests = tellHosts(binding, observed, hosts, {
    ...{ target, revisions, going, waves },
    keepsVolumes: danger !== undefined || unreadable.length > 0 || uncounted.length > 0,
    keepsPlanned: childrenArePassing && problems.length === 0,
  });
  return { hosts, target, waves, uncounted, problems, manifests };
}

function uncountedPools(binding: CephOpenStackBinding, needs: Needs, observed: Observed): readonly string[] {
  const pools = poolsAtStake(binding, needs, observed).filter(({ metadata }) => !observed.counts.has(metadata.name));
  return pools.map(poolNameOf).sort();
}
