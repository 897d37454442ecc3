import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Condition } from '../../api/resource.ts';
import type { OpenStackModel } from '../../openstack/model.ts';
import { type ClientNeed, needsOf } from '../binding-needs.ts';
import { poolNames, rightsOf } from './access-problems.ts';
import type { Observed } from './observed.ts';

/**
 * Whether Cinder and Nova clone Glance's images. Where they cannot they copy every image in full, and say nothing.
 * That a back end in another cluster copies is how Ceph is, not a fault that somebody could mend.
 */
export function copyOnWriteCondition(
  binding: CephOpenStackBinding,
  observed: Observed,
  model: OpenStackModel | undefined,
): readonly Condition[] {
  const { glance } = model ?? {};
  const needs = needsOf(binding);
  const readers = readersOf(binding);
  const copying = backendsElsewhere(binding);
  if (glance === undefined || readers.length + copying.length === 0) return [];
  const type = 'CopyOnWrite';
  const elsewhere =
    copying.length === 0 ? '' : ` Volumes of ${copying.join(', ')}, in another cluster, are full copies.`;
  if (readers.length === 0) {
    const message = `Images are copied in full, not cloned.${elsewhere}`;
    return [{ type, status: 'False', reason: 'CopyOnWriteUnavailable', message }];
  }
  const pools = [...new Set(glance.stores.map(({ pool }) => pool))];
  const parts = new Set(needs.stores.flatMap(({ pool }) => poolNames(pool.objectName, needs, observed) ?? []));
  const blind = readers.flatMap((need) => {
    const rights = rightsOf(need, needs, observed);
    return [...parts]
      .filter((pool) => rights?.on(pool) === 'None')
      .map(
        (pool) =>
          `CephClientAuth "${need.objectName}" may not read the pool "${pool}": add it to its ${rights?.isWritten ? 'caps' : 'access'}`,
      );
  });
  const hidden = 'Glance does not say where they lie: leave glance.exposeDirectURL out';
  const faults = [...(glance.exposeDirectUrl ? [] : [hidden]), ...new Set(blind.sort())];
  if (faults.length > 0) {
    const message = `Images are copied in full, not cloned. ${faults.join('; ')}.${elsewhere}`;
    return [{ type, status: 'False', reason: 'CopyOnWriteUnavailable', message }];
  }
  const where = `pool${pools.length > 1 ? 's' : ''} ${pools.map((pool) => `"${pool}"`).join(', ')}`;
  const others = glance.conversion === undefined ? 'others' : 'imported ones become raw, and others';
  const message = `Raw images in the ${where} can be cloned; ${others} are copied in full.${elsewhere}`;
  return [{ type, status: 'True', reason: 'Converged', message }];
}

/** The users as which images are made into volumes and instances' disks in Glance's cluster. */
function readersOf(binding: CephOpenStackBinding): readonly ClientNeed[] {
  const { backends, nova } = needsOf(binding);
  const here = backends.filter(({ cluster }) => cluster === binding.spec.cluster.secretName);
  return [...here.map(({ client }) => client), ...(nova?.pool === undefined ? [] : [nova.client])];
}

function backendsElsewhere(binding: CephOpenStackBinding): readonly string[] {
  const { backends } = needsOf(binding);
  return backends.filter(({ cluster }) => cluster !== binding.spec.cluster.secretName).map(({ name }) => `"${name}"`);
}
