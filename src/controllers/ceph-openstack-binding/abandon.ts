import type { Resource } from '../../api/resource.ts';
import { abandonAnnotation, isAbandoned } from '../../kube/pass.ts';
import { annotatedManifest, isChildOf } from './children.ts';
import type { BindingKube } from './kube.ts';
import type { ChildKind } from './steps.ts';

/**
 * A binding that is let go of has its children let go of as well, before Kubernetes collects them: each would otherwise
 * undo what it made, and in no order. A binding that is taken up again takes up its children with their next apply.
 */
export async function abandonChildren(binding: Resource, kube: BindingKube, signal: AbortSignal): Promise<void> {
  const { namespace } = binding.metadata;
  const children: readonly (readonly [ChildKind, readonly Resource[]])[] = [
    ['CephOpenStackHost', kube.hosts(namespace)],
    ['CephClientAuth', kube.clients(namespace)],
    ['RbdPool', kube.pools(namespace)],
  ];
  const left = children.flatMap(([kind, objects]) =>
    objects.filter((child) => isChildOf(binding, child) && !isAbandoned(child)).map((child) => [kind, child] as const),
  );
  const results = await Promise.allSettled(
    left.map(([kind, child]) => {
      const manifest = annotatedManifest(binding, child, { [abandonAnnotation]: 'true' });
      return kube.apply(kind, manifest, signal);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
