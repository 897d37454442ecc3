import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Condition } from '../../api/resource.ts';
import { clientNeeds, needsOf } from '../binding-needs.ts';
import type { Observed } from './observed.ts';

/** What its users say of rights that they keep because hosts still use them; told, and holding nothing up. */
export function rightsKeptCondition(binding: CephOpenStackBinding, { clients }: Observed): readonly Condition[] {
  const said = clientNeeds(needsOf(binding)).flatMap(
    ({ objectName }) => clients.get(objectName)?.status?.conditions?.filter(({ type }) => type === 'RightsKept') ?? [],
  );
  if (said.length === 0) return [];
  const message = said.map((condition) => condition.message).join(' ');
  return [{ type: 'RightsKept', status: 'True', reason: 'StillUsed', message }];
}
