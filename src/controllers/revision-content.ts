import type { ControllerRevisionObject } from '../kube/kinds.ts';
import type { RevisionData } from '../openstack/desired-host.ts';
import { digest } from './canonical.ts';

/** Each object is looked at once: the cache gives the same one until it changes. */
const known = new WeakMap<ControllerRevisionObject, { readonly data: RevisionData | undefined }>();

/**
 * What a ControllerRevision says; undefined when that is not what its name was made of. Kubernetes keeps its data from
 * being changed, but not from being deleted and made anew otherwise, and services are configured with them.
 */
export function revisionContent(revision: ControllerRevisionObject): RevisionData | undefined {
  const found = known.get(revision) ?? { data: readContent(revision) };
  known.set(revision, found);
  return found.data;
}

function readContent({ metadata, data }: ControllerRevisionObject): RevisionData | undefined {
  if (data === undefined || !metadata.name.endsWith(`-${digest(data)}`)) return undefined;
  // Sound: whoever named it rendered it.
  return data as RevisionData;
}
