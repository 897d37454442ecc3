import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Hold } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import { inShort } from '../in-short.ts';
import { type HostView, isForeign } from './host-view.ts';
import type { Observed } from './observed.ts';
import type { Target } from './target.ts';

/** A revision that hosts are in service with, and that somebody changed or deleted: what they serve is not known. */
export interface Unreadable {
  readonly name: string;
  readonly isAltered: boolean;
  /** Their names, sorted. */
  readonly hosts: readonly string[];
}

/** @see Unreadable; the target is none, for it is made anew. */
export function unreadableRevisions(
  binding: CephOpenStackBinding,
  observed: Observed,
  views: readonly HostView[],
  target: Target | undefined,
): readonly Unreadable[] {
  const readable = new Set([
    ...observed.revisions.map(({ name }) => name),
    ...(target === undefined ? [] : [target.name]),
  ]);
  const altered = new Set(observed.alteredRevisions.map(({ name }) => name));
  const own = views.filter((view) => !isForeign(view, binding, observed));
  const hosts = Map.groupBy(own, ({ object }) => object?.spec.revision?.current);
  return [...hosts].flatMap(([name, told]) => {
    if (name === undefined || readable.has(name)) return [];
    return [{ name, isAltered: altered.has(name), hosts: told.map((view) => view.name).sort() }];
  });
}

/** Who knows of no back end or store that hosts serve cannot tell whether one would go. */
export function unreadableProblem([first]: readonly Unreadable[]): Hold | undefined {
  if (first === undefined) return undefined;
  const { name, isAltered, hosts } = first;
  return stalled(
    'WaitingForRevision',
    `Somebody ${isAltered ? 'changed' : 'deleted'} the ControllerRevision "${name}", with which ${inShort(hosts)} ${hosts.length === 1 ? 'is' : 'are'} in service, so nobody can tell whether a change would leave volumes or images unserved, and none is made on hosts: bring it back from a backup, or change the binding back to what it said then.`,
  );
}
