import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Hold } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import type { Needs } from '../binding-needs.ts';
import { imagesIn } from '../images-in.ts';
import type { ChildManifest } from './children.ts';
import { type HostView, viewHosts } from './host-view.ts';
import type { Observed } from './observed.ts';
import { confPathOf, poolsKnownAs } from './openstack-model.ts';
import { orphanedImages } from './orphaned-images.ts';
import { orphanProblem } from './problems.ts';
import { hostsOf, renderTarget, type Target } from './target.ts';
import { tellHosts } from './tell-hosts.ts';
import { waveHosts } from './wave-hosts.ts';
import { planWaves, type Waves } from './waves.ts';

/** How far a binding's hosts are, and what each is to be told next. */
export interface Rollout {
  readonly hosts: readonly HostView[];
  /** What all hosts are to have; undefined while it cannot be rendered. */
  readonly target: Target | undefined;
  /** None in mode Plan, which tells nobody to switch. */
  readonly waves: Waves | undefined;
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
  const orphans = orphansOf(binding, needs, observed, views);
  const { target, problems } =
    orphans === undefined ? renderTarget(binding, model, views) : { target: undefined, problems: [orphans] };
  const revisions = new Map(observed.revisions.map((revision) => [revision.name, revision]));
  const hosts = target === undefined ? views : hostsOf(target, views, revisions);
  const isPlan = binding.spec.mode === 'Plan';
  const going = target === undefined || isPlan ? undefined : waveHosts(hosts, target, revisions);
  const isHeld = observed.openStack?.problem !== undefined;
  const waves = target && going && planWaves(target.name, going, binding.spec.rollout, isHeld);
  const manifests = tellHosts(binding, observed, hosts, {
    ...{ target, revisions, going, waves },
    keepsVolumes: orphans !== undefined,
    keepsPlanned: childrenArePassing && problems.length === 0,
  });
  return { hosts, target, waves, problems, manifests };
}

/** What nobody would find any more with what the binding says now. */
function orphansOf(
  binding: CephOpenStackBinding,
  needs: Needs,
  observed: Observed,
  views: readonly HostView[],
): Hold | undefined {
  const served = inService(observed, views);
  const imagesKnownAs = (pool: string, conf: string) => imagesIn(poolsKnownAs(conf, binding, observed), pool);
  const here = confPathOf(binding, binding.spec.cluster.secretName);
  return (
    orphanProblem(served, needs, imagesKnownAs) ??
    orphanedImages(served, needs, observed.pools, (pool) => imagesKnownAs(pool, here))
  );
}

/** What the services of the binding's hosts are configured with now. */
function inService(observed: Observed, views: readonly HostView[]): readonly RevisionData[] {
  const served = new Set(views.flatMap((view) => view.object?.spec.revision?.current ?? []));
  return observed.revisions.filter((revision) => served.has(revision.name)).map((revision) => revision.data);
}
